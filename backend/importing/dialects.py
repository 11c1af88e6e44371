"""How a CSV file is written: what stands between cells, whether quotes are quotes, and whether row 1 holds names."""

import contextlib
import csv
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from backend import errors
from backend.importing import roles
from backend.importing.encodings import BLOCK_BYTES, lines
from backend.importing.found import File
from backend.importing.rows import TEXT_LENGTH

DELIMITERS = ",\t;|"
NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}
SAMPLE_ROWS = 200
SAMPLE_LENGTH = 400_000
NAME_LENGTH = 40

# An unclosed quote takes in everything up to this many characters; then the reader gives up and goes on behind it.
csv.field_size_limit(TEXT_LENGTH)


class Dialect(NamedTuple):
    delimiter: str
    has_quotes: bool
    has_header: bool

    def reader(self, lines_of_file: Iterable[str]) -> Iterator[list[str]]:
        if self.has_quotes:
            return csv.reader(lines_of_file, delimiter=self.delimiter)
        return csv.reader(lines_of_file, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)


def detect(file: File, encoding: str, chosen: dict[str, Any], *, first_bytes: int | None = None) -> Dialect:
    """What a person chose as "delimiter" and "header" stands; the rest is looked for. Raises Invalid."""
    sample = sample_of(file, encoding)
    delimiter, has_header = chosen.get("delimiter"), chosen.get("header")
    if delimiter is None:
        delimiter = "\t" if file.suffix in (".tsv", ".tab") else delimiter_of(sample)
    else:
        delimiter = NAMED.get(delimiter.lower(), delimiter)
        if len(delimiter) != 1 or delimiter in '\r\n\0"':
            raise errors.Invalid(f'"{delimiter}" cannot stand between cells.', "Choose one sign, such as a comma.")
    has_quotes = delimiter != "\t" or quotes_are_paired(file, first_bytes)
    dialect = Dialect(delimiter, has_quotes, has_header=False)
    rows = sample_rows(dialect, sample)
    return dialect._replace(has_header=looks_like_header(rows) if has_header is None else has_header)


def sample_of(file: File, encoding: str) -> list[str]:
    """The first lines, up to SAMPLE_LENGTH characters."""
    length = 0
    sample: list[str] = []
    for line in lines(file, encoding):
        sample.append(line)
        length += len(line)
        if length > SAMPLE_LENGTH:
            break
    return sample


def sample_rows(dialect: Dialect, sample: Sequence[str]) -> list[list[str]]:
    """The first rows that are not empty; those before a row that cannot be read."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(itertools.islice((row for row in dialect.reader(sample) if row), SAMPLE_ROWS))
    return rows


def delimiter_of(sample: Sequence[str]) -> str:
    """What gives the most rows of one width above 1. A comma when nothing does: then there is one column."""
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        rows = sample_rows(Dialect(delimiter, delimiter != "\t", has_header=False), sample)
        widths = Counter(len(row) for row in rows)
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        if width > 1:
            # Every text has commas: a tie goes to the width that repeats most, and then to the order of DELIMITERS.
            score = count / len(rows) * (1 - 0.1 / width)
            if score > best_score:
                best, best_score = delimiter, score
    return best


def quotes_are_paired(file: File, first_bytes: int | None = None) -> bool:
    """Whether cells that open with a quote are as many as those that close with one, in a tab-separated file.

    Many such files are written without quoting, and there a quote is just a quote: read as CSV, one at the start of a
    cell would swallow all rows up to the next.
    """
    opened = closed = 0
    with file.open() as stream:
        tail, seen = b"\n", 0
        while (first_bytes is None or seen < first_bytes) and (block := stream.read(BLOCK_BYTES)):
            seen += len(block)
            text = tail + block.replace(b"\r\n", b"\n").replace(b"\0", b"")
            opened += text.count(b'\t"') + text.count(b'\n"')
            closed += text.count(b'"\t') + text.count(b'"\n')
            # The last byte comes again, so that a pair over the border counts; alone it makes no pair.
            tail = text[-1:]
        closed += tail == b'"'
    # The last row of a part is cut off, perhaps within quotes.
    return opened == closed or (first_bytes is not None and opened == closed + 1)


def looks_like_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether row 1 names the columns: by well-known names, or because it is unlike the rows below."""
    if not rows or not any(rows[0]):
        return False
    first = [cell.strip() for cell in rows[0]]
    if any(roles.is_known(cell) for cell in first):
        return True
    if len(rows) == 1 or len(set(first)) < len(first):
        return False
    if any(not cell or is_number(cell) or len(cell) > NAME_LENGTH or len(cell.split()) > 4 for cell in first):
        return False
    below = [{row[place].strip() for row in rows[1:] if place < len(row)} for place in range(len(first))]
    # A class name in row 1 comes again further down; a column's name hardly ever does.
    return not any(cell in values for cell, values in zip(first, below, strict=True))


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
