"""CSV and TSV, many rows at a time: the memory it takes does not grow with the file, nor with a line or a row."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from backend.importing import cells, columns, dialects, encodings
from backend.importing.cells import Cells
from backend.importing.dialects import Dialect
from backend.importing.found import File
from backend.importing.rows import Found, HowRead, Plan, Rejection, Table

# A line of its own behind the file: it ends up inside of the last row when that has a quote that is never closed.
END = "\0\0"
# A row of so many characters is no row but a quote that swallows the file.
RECORD_LENGTH = 8_000_000


class Batch(NamedTuple):
    """Rows with the number of the first, from 1 as in a spreadsheet, and why the one behind them cannot be read."""

    first: int
    rows: list[list[str]]
    reason: str = ""


def look(file: File, chosen: dict[str, Any], *, first_bytes: int | None = None) -> tuple[Table, Dialect, str]:
    """The start of the table, how it is written and its encoding. Raises BadFile for what is no text."""
    encoding = encodings.of(file, chosen.get("encoding"), first_bytes=first_bytes)
    dialect = dialects.detect(file, encoding, chosen, first_bytes=first_bytes)
    rows = dialects.sample_rows(dialect, dialects.sample_of(file, encoding))
    width = max((len(row) for row in rows), default=0)
    header, body = (rows[0], rows[1:]) if dialect.has_header and rows else ([], rows)
    names = columns.named([*header, *[""] * (width - len(header))]) if not header else columns.named(header)
    how = HowRead(file.name, "csv", encodings.title(encoding), dialect.delimiter, dialect.has_header)
    return Table(how, names, body), dialect, encoding


def read(file: File, plan: Plan) -> Iterator[Found]:
    """Raises BadFile when a column is named that is not there, or the bytes do not fit the encoding."""
    table, dialect, encoding = look(file, plan.columns, first_bytes=plan.first_bytes)
    if not table.names:
        return
    used = columns.choose(plan.columns, table.names, table.rows, plan.class_names, file.name)
    yield cells.how(table, used)
    make = cells.maker(file, table, used)
    before, width = f"{file.name} row ", len(table.names)
    for places, rows in even(file.name, batches(file, encoding, dialect), width, max(used.text)):
        if isinstance(rows, str):
            yield Rejection(places[0], rows)
        else:
            yield from make([before + place for place in places], rows)


def even(
    name: str, found: Iterator[Batch], width: int, needed: int
) -> Iterator[tuple[Sequence[str], list[Cells] | str]]:
    """Row numbers with rows of `width` cells, or one place with the reason why its row has not."""
    for batch in found:
        numbers = range(batch.first, batch.first + len(batch.rows))
        if set(map(len, batch.rows)) <= {width}:
            yield list(map(str, numbers)), batch.rows  # type: ignore[misc]
        else:
            yield from _mended(name, numbers, batch.rows, width, needed)
        if batch.reason:
            yield [f"{name} row {batch.first + len(batch.rows)}"], batch.reason


def _mended(
    name: str, numbers: range, found: list[list[str]], width: int, needed: int
) -> Iterator[tuple[Sequence[str], list[Cells] | str]]:
    """Rows of different widths: what is missing at their end is empty; those that fit nowhere come with the reason."""
    places: list[str] = []
    rows: list[Cells] = []
    for number, row in zip(numbers, found, strict=True):
        reason = "" if len(row) == width else _why_not(row, width, needed)
        if not reason:
            places.append(str(number))
            rows.append(row if len(row) == width else [*row[:width], *[""] * (width - len(row))])
            continue
        if rows:
            yield places, rows
            places, rows = [], []
        yield [f"{name} row {number}"], reason
    if rows:
        yield places, rows


def _why_not(row: list[str], width: int, needed: int) -> str:
    if not row:
        return "The row is empty."
    if len(row) > width and any(row[width:]):
        return f"The row has {len(row)} cells, the table {width} columns. A text with the separator in it needs quotes."
    if len(row) <= needed:
        return f"The row has {len(row)} cells; the text is in column {needed + 1}."
    return ""


class Source:
    """The blocks of a file for a reader of CSV, and END behind them."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self.blocks = blocks
        self.taken = 0
        # How many characters have come since the last row was whole.
        self.length = 0
        self.is_at_end = False
        self.block = io.StringIO()

    def __iter__(self) -> "Source":
        return self

    def __next__(self) -> io.StringIO:
        if self.length > RECORD_LENGTH:
            self.length = 0
            raise csv.Error(f"it has over {RECORD_LENGTH:,} characters")
        if self.is_at_end:
            raise StopIteration
        block = next(self.blocks, "")
        self.is_at_end = not block
        self.taken += 1
        self.length += len(block)
        self.block = io.StringIO(block or END, newline="")
        return self.block


def batches(file: File, encoding: str, dialect: Dialect) -> Iterator[Batch]:
    """All rows but the header, those that begin in one block of the file at a time."""
    source = Source(encodings.blocks(file, encoding))
    reader = dialect.reader(chain.from_iterable(source))
    number, is_header = 1, dialect.has_header
    is_done = False
    while not is_done:
        rows: list[list[str]] = []
        reason = ""
        source.length, taken = 0, source.taken
        try:
            for row in reader:
                rows.append(row)
                if source.taken != taken:
                    break
            else:
                is_done = True
        except csv.Error as error:
            reason = f"It cannot be read ({error}). Is a closing quote missing?"
            # The reader's source may have ended by the error; ours goes on, in the middle of its block.
            reader = dialect.reader(chain.from_iterable(chain([source.block], source)))
        if source.is_at_end and rows and rows[-1] and rows[-1][-1].endswith(END):
            is_done = True
            if rows.pop() != [END]:
                reason = "A quote is opened here and never closed, so that all that follows is one cell."
        first = number
        number += len(rows) + bool(reason)
        if is_header and rows:
            is_header, first, rows = False, first + 1, rows[1:]
        if rows or reason:
            yield Batch(first, rows, reason)
