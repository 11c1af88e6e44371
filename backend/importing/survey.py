"""A first look over everything to import: how many items to expect, and whether text files are items or lists."""

from pathlib import Path
from typing import NamedTuple

from backend import errors
from backend.importing import parquets, readers
from backend.importing.found import UNREADABLE, File, walk
from db.models import Kind

SAMPLE_BYTES = 200_000


class Survey(NamedTuple):
    expected: int
    is_file_an_item: bool


def of(path: Path, kind: Kind) -> Survey:
    """The number is exact for images and Parquet, and otherwise judged from the start of each file."""
    expected = plain_texts = plain_lines = 0
    for file in walk(path):
        if not isinstance(file, File):
            expected += 1
            continue
        form = _form(file)
        if kind == Kind.TEXT and form == "txt":
            plain_texts += 1
            plain_lines += _lines(file)
        else:
            expected += _rows(file, form, kind)
    is_file_an_item = plain_texts > 1
    return Survey(expected + (plain_texts if is_file_an_item else plain_lines), is_file_an_item)


def _form(file: File) -> str:
    try:
        return readers.format_of(file)
    except UNREADABLE:
        return "other"


def _rows(file: File, form: str, kind: Kind) -> int:
    if form == "parquet":
        try:
            with parquets.opened(file) as table:
                return int(table.metadata.num_rows)
        except (errors.BadFile, *UNREADABLE):
            return 1
    return 1 if kind == Kind.IMAGE or form not in ("csv", "jsonl") else _lines(file)


def _lines(file: File) -> int:
    """Line ends outside of quotes, counted at the start and reckoned for the rest."""
    try:
        with file.open() as stream:
            sample = stream.read(SAMPLE_BYTES)
    except UNREADABLE:
        return 1
    outside = sample.split(b'"')[::2] if file.suffix != ".txt" else [sample]
    ends = sum(part.count(b"\n") for part in outside)
    return max(1, round(ends * file.size_bytes / max(1, len(sample))))
