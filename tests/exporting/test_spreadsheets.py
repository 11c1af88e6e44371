"""Tables that are made for a spreadsheet."""

import csv
import io

from backend import spreadsheets


def test_a_table_becomes_a_csv_that_runs_no_formula_and_reads_back():
    rows = [{"Run": '=HYPERLINK("x")', "F1": 0.5}, {"Run": 'a "quoted", name\nof two lines', "F1": None, "+more": "é"}]
    data = spreadsheets.as_csv(rows)
    assert data.startswith(b"\xef\xbb\xbf")
    header, first, second = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert header == ["Run", "F1", "'+more"]
    assert first == ['\'=HYPERLINK("x")', "0.5", ""]
    assert second == ['a "quoted", name\nof two lines', "", "é"]


def test_a_negative_number_stays_a_number():
    assert spreadsheets.as_csv([{"points": -3.5}]).decode("utf-8-sig") == "points\r\n-3.5\r\n"


def test_half_a_letter_does_not_break_the_file():
    assert b"name\r\n?\r\n" in spreadsheets.as_csv([{"name": "\ud800"}])
