"""CSV and TSV in all the ways people write them."""

import csv
import json
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend import errors
from backend.importing import encodings, tables
from backend.importing.found import File
from backend.importing.rows import Plan, Rejection, Row
from db.models import Kind
from tests.importing.builders import a_file, read


def a_file_at(path: Path) -> File:
    return File(path.name, path, path.stat().st_size, (path.name,))


def test_a_header_with_known_names_is_found_and_used(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.csv", "id,text,label\n1,a heron,bird\n2,a tom,cat\n"))
    assert [(row.text, row.labels, row.source) for row in rows] == [
        ("a heron", ("bird",), "a.csv row 2"),
        ("a tom", ("cat",), "a.csv row 3"),
    ]


def test_without_a_header_the_longest_column_is_text_and_the_one_with_classes_is_label(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.csv", "bird,a grey heron\ncat,an old tom\nbird,two wrens\n"))
    assert (rows[0].text, rows[0].labels) == ("a grey heron", ("bird",))
    assert len(rows) == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    content = "\n".join(delimiter.join(cells) for cells in [("text", "label"), ("a heron", "bird"), ("a tom", "cat")])
    rows, _ = read(a_file(tmp_path, "a.csv", content))
    assert [row.text for row in rows] == ["a heron", "a tom"]


def test_texts_full_of_commas_are_one_column(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.tsv", "text\tlabel\none, two, three\tbird\nfour, five\tcat\n"))
    assert [row.text for row in rows] == ["one, two, three", "four, five"]


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with a byte order mark"),
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "Windows-1252"),
        ("latin-1", "Latin-1"),
    ],
)
def test_the_encoding_is_found_and_said(tmp_path: Path, encoding: str, title: str) -> None:
    # U+0081 is in Latin-1 but not in Windows-1252.
    odd = "\x81" if encoding == "latin-1" else ""
    path = a_file(tmp_path, "a.csv", f"text,label\nGrünspecht für später{odd},bird\n".encode(encoding))
    rows, _ = read(path)
    assert rows[0].text == f"Grünspecht für später{odd}"
    assert tables.look(a_file_at(path), {})[0].how.encoding == title


def test_a_byte_that_is_no_utf8_at_the_very_end_changes_the_encoding_of_the_whole(tmp_path: Path) -> None:
    content = ("text,label\n" + "a heron,bird\n" * 200_000).encode() + "Grün,bird\n".encode("cp1252")
    rows, _ = read(a_file(tmp_path, "a.csv", content))
    assert rows[-1].text == "Grün"


def test_nul_bytes_are_removed(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.csv", "text,label\na\0 heron,bi\0rd\n"))
    assert (rows[0].text, rows[0].labels) == ("a heron", ("bird",))


def test_rows_too_short_or_too_long_or_empty_are_rejected_with_their_place(tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.csv", "id,text\n1,fine\n2\n3,one,two\n\n4,  \n5,good,\n")
    rows, rejected = read(path)
    assert [row.text for row in rows] == ["fine", "good"]
    assert [each.place for each in rejected] == [f"a.csv row {number}" for number in (3, 4, 5, 6)]
    assert "2 columns" in rejected[1].reason


def test_a_quote_that_is_never_closed_is_said_and_swallows_nothing_silently(tmp_path: Path) -> None:
    rows, rejected = read(a_file(tmp_path, "a.csv", 'text,label\nfine,bird\n"open,bird\nlost,cat\n'))
    assert [row.text for row in rows] == ["fine"]
    assert "never closed" in rejected[0].reason


def test_after_an_unclosed_quote_over_a_huge_stretch_reading_goes_on(tmp_path: Path) -> None:
    content = 'text,label\n"open,bird\n' + "filler,cat\n" * 150_000
    rows, rejected = read(a_file(tmp_path, "a.csv", content))
    assert len(rejected) == 1
    assert len(rows) > 50_000


def test_a_tab_separated_file_without_quoting_keeps_its_quotes(tmp_path: Path) -> None:
    content = 'label\ttext\nbird\t"Go," he said\nbird\tno quotes\ncat\t"open\ncat\tlast\n'
    rows, _ = read(a_file(tmp_path, "a.tsv", content))
    assert [row.text for row in rows] == ['"Go," he said', "no quotes", '"open', "last"]


def test_a_tab_separated_file_with_quoting_loses_them(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.tsv", 'label\ttext\nbird\t"two\nlines"\ncat\t"a\ttab"\n'))
    assert [row.text for row in rows] == ["two\nlines", "a\ttab"]


def test_several_text_columns_are_joined_by_a_space(tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.csv", "3,Fears,Unions say\n4,Race,Private team\n")
    rows, _ = read(path, text=[1, 2], label=0)
    assert [(row.text, row.labels) for row in rows] == [("Fears Unions say", ("3",)), ("Race Private team", ("4",))]


def test_a_column_that_is_not_there_is_an_error_that_lists_those_that_are(tmp_path: Path) -> None:
    path = a_file_at(a_file(tmp_path, "a.csv", "text,label\nheron,bird\n"))
    table = tables.look(path, {})[0]
    with pytest.raises(errors.BadFile, match="no column") as caught:
        tables.columns.choose({"text": "body"}, table.names, table.rows, (), "a.csv")
    assert '"text"' in caught.value.hint


def test_a_person_can_say_that_there_is_a_header_or_none(tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.csv", "heron,grey\nwren,brown\n")
    assert len(read(path, header=True)[0]) == 1
    assert len(read(path, header=False)[0]) == 2


def test_a_large_file_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.csv", "text,label\n" + "a heron in the reeds by the water,bird\n" * 100_000)
    plan = Plan(Kind.TEXT, {}, ("bird",))
    tracemalloc.start()
    count = sum(1 for _ in tables.read(a_file_at(path), plan))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_001
    assert peak < 8_000_000


@pytest.mark.parametrize(
    "content",
    [b"x" * 100, b"a,b,c,d,e," * 10, b"\0" * 20 + b"x" * 80],
    ids=["line", "cells", "nul"],
)
def test_a_line_or_a_row_without_an_end_is_rejected_and_not_held_whole(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"text,label\nfine,bird\n")
        for _ in range(20):
            file.write(content * 10_000)
    plan = Plan(Kind.TEXT, {"text": "text", "header": True, "delimiter": ","}, ("bird",))
    tracemalloc.start()
    found = [each for each in tables.read(a_file_at(path), plan) if isinstance(each, Row | Rejection)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(found[0], Row)
    assert any(isinstance(each, Rejection) for each in found)
    assert peak < 200_000_000


# A file full of control characters is refused: it is no text.
CONTROLS = "".join(map(chr, range(32))).replace("\t", "").replace("\n", "").replace("\r", "")
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters=CONTROLS)
CELLS = st.text(LETTERS, min_size=1, max_size=30).filter(lambda text: not text.isspace())


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(CELLS, min_size=1, max_size=30), block=st.integers(1, 40), end=st.sampled_from(["\n", "\r\n"]))
def test_wherever_blocks_are_cut_the_rows_are_those_that_were_written(texts: list[str], block: int, end: str) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            # By itself it leaves a lone \r without quotes.
            writer = csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL)
            writer.writerows([["text", "label"], *([text, "bird"] for text in texts)])
        patch.setattr(encodings, "TEXT_BLOCK_BYTES", block)
        plan = Plan(Kind.TEXT, {"delimiter": ","}, ("bird",))
        rows = [each for each in tables.read(a_file_at(path), plan) if isinstance(each, Row)]
    assert [row.text for row in rows] == texts


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["comma_in_quotes", "empty", "escaped_quotes", "json", "newlines", "quotes_and_newlines", "simple", "utf8"]
)
def test_the_csv_spectrum_is_read_as_expected(shared: Path, name: str) -> None:
    path = shared / "data" / "bad" / "csv" / "csvs" / f"{name}.csv"
    expected = json.loads((shared / "data" / "bad" / "csv" / "json" / f"{name}.json").read_text("utf-8"))
    table = tables.look(a_file_at(path), {"header": True})[0]
    assert [dict(zip(table.names, row, strict=True)) for row in table.rows] == expected
