"""CSV and TSV, row by row: the memory it takes does not grow with the file."""

import csv
from collections.abc import Iterator
from typing import Any

from backend.importing import columns, dialects, encodings
from backend.importing.columns import Columns
from backend.importing.dialects import Dialect
from backend.importing.found import File
from backend.importing.rows import Found, HowRead, Plan, Rejection, Table, text_row


def look(file: File, chosen: dict[str, Any], *, first_bytes: int | None = None) -> tuple[Table, Dialect, str]:
    """The start of the table, how it is written and its encoding. Raises BadFile for what is no text."""
    encoding = encodings.detect(file, first_bytes=first_bytes)
    dialect = dialects.detect(file, encoding, chosen.get("header"))
    rows = dialects.sample_rows(dialect, dialects.sample_of(file, encoding))
    width = max((len(row) for row in rows), default=0)
    header, body = (rows[0], rows[1:]) if dialect.has_header and rows else ([], rows)
    names = columns.named([*header, *[""] * (width - len(header))]) if not header else columns.named(header)
    how = HowRead(file.name, "csv", encodings.title(encoding), dialect.delimiter, dialect.has_header)
    return Table(how, names, body), dialect, encoding


def read(file: File, plan: Plan) -> Iterator[Found]:
    """Raises BadFile when a column is named that is not there, or the bytes do not fit the encoding."""
    table, dialect, encoding = look(file, plan.columns)
    if not table.names:
        return
    used = columns.choose(plan.columns, table.names, table.rows, plan.class_names, file.name)
    yield table.how._replace(
        text=" + ".join(table.names[place] for place in used.text),
        label=None if used.label is None else table.names[used.label],
    )
    width = len(table.names)
    for number, row in records(file, encoding, dialect):
        place = f"{file.name} row {number}"
        if isinstance(row, str):
            yield Rejection(place, row)
        elif number > 1 or not dialect.has_header:
            yield _found(place, row, used, width)


def _found(place: str, row: list[str], used: Columns, width: int) -> Found:
    if not row:
        return Rejection(place, "The row is empty.")
    if len(row) > width and any(row[width:]):
        return Rejection(
            place,
            f"The row has {len(row)} cells, the table {width} columns. A text with the separator in it needs quotes.",
        )
    if len(row) <= max(used.text):
        return Rejection(place, f"The row has {len(row)} cells; the text is in column {max(used.text) + 1}.")
    text = row[used.text[0]] if len(used.text) == 1 else " ".join(filter(None, (row[each] for each in used.text)))
    if used.label is None or used.label >= len(row):
        return text_row(place, text)
    return text_row(place, text, columns.label_names(row[used.label]))


def records(file: File, encoding: str, dialect: Dialect) -> Iterator[tuple[int, list[str] | str]]:
    """The number of each row, from 1 as in a spreadsheet, with its cells, or with the reason why it has none."""
    is_at_end = False

    def clean_lines() -> Iterator[str]:
        nonlocal is_at_end
        for line in encodings.lines(file, encoding):
            yield line.replace("\0", "") if "\0" in line else line
        is_at_end = True

    reader = dialect.reader(clean_lines())
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, f"It cannot be read ({error}). Is a closing quote missing?"
            continue
        # A whole row ends with its line; only one with an open quote asks for another and finds the end of the file.
        if is_at_end:
            yield number, "A quote is opened here and never closed, so that all that follows is one cell."
            return
        yield number, row
