"""Which reader reads a file: by its ending, and by its first bytes when the ending says nothing."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from backend import errors
from backend.importing import dialects, encodings, jsons, lines, parquets, tables
from backend.importing.found import UNREADABLE, File
from backend.importing.rows import Found, Plan, Rejection, Row, Table
from db.models import Kind

FORMAT_OF = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".parquet": "parquet", ".pq": "parquet", ".txt": "txt", ".text": "txt", ".md": "txt",
}  # fmt: skip
TABLES = ("csv", "jsonl", "parquet")
NO_TEXT = {
    ".xlsx": "an Excel workbook", ".xls": "an Excel workbook", ".ods": "a spreadsheet", ".docx": "a Word file",
    ".pdf": "a PDF", ".gz": "a gzip archive", ".7z": "an archive", ".rar": "an archive", ".tar": "an archive",
}  # fmt: skip


@cache
def image_suffixes() -> frozenset[str]:
    from PIL import Image

    Image.init()
    return frozenset(Image.EXTENSION) - {".pdf"}


def format_of(file: File) -> str:
    """ "csv", "jsonl", "parquet", "txt", "image", or "other". A file without a known ending is looked into."""
    if file.suffix == ".txt" or not (file.suffix in FORMAT_OF or file.suffix in image_suffixes() | NO_TEXT.keys()):
        return _by_content(file)
    return FORMAT_OF.get(file.suffix) or ("image" if file.suffix in image_suffixes() else "other")


def _by_content(file: File) -> str:
    """Lines with the same number of tabs are a table, whatever the file is called."""
    with file.open() as stream:
        if stream.read(4) == b"PAR1":
            return "parquet"
    try:
        encoding = encodings.detect(file, first_bytes=encodings.BLOCK_BYTES)
    except errors.BadFile:
        return "other" if file.suffix else "image"
    sample = [line for line in dialects.sample_of(file, encoding) if not line.isspace()]
    tabs = {line.count("\t") for line in sample}
    return "csv" if len(sample) > 1 and len(tabs) == 1 and tabs != {0} else "txt"


def read(file: File, plan: Plan) -> Iterator[Found]:
    """The rows of one file; what cannot be read comes as a rejection of the file."""
    try:
        yield from _read(file, plan)
    except errors.BadFile as error:
        yield Rejection(file.name, f"{error.message} {error.hint}".strip())
    except UNREADABLE as error:
        yield Rejection(file.name, f"The file cannot be read: {error}.")


def _read(file: File, plan: Plan) -> Iterator[Found]:
    form = format_of(file) if file.size_bytes else "empty"
    if form == "empty":
        yield Rejection(file.name, "The file is empty.")
    elif form == "parquet":
        yield from parquets.read(file, plan)
    elif plan.kind == Kind.IMAGE:
        if form == "image" or (form == "other" and file.suffix not in NO_TEXT):
            yield Row(file.name, labels=(file.folder,) if file.folder else (), file=file)
        else:
            yield Rejection(file.name, "This is no image, and the project holds images.")
    elif form == "csv":
        yield from tables.read(file, plan)
    elif form == "jsonl":
        yield from jsons.read(file, plan)
    elif form == "txt":
        yield from lines.read_whole(file) if plan.is_file_an_item else lines.read_lines(file)
    else:
        what = "an image" if form == "image" else NO_TEXT.get(file.suffix, "no text that Winnow reads")
        yield Rejection(file.name, f"This is {what}, and the project holds texts. Save it as CSV, JSONL or plain text.")


def look(file: File, chosen: dict[str, Any], *, first_bytes: int | None = encodings.BLOCK_BYTES) -> Table | None:
    """The start of a table; None when the file is no table. Raises BadFile when it cannot be read."""
    try:
        match format_of(file):
            case "csv":
                return tables.look(file, chosen, first_bytes=first_bytes)[0]
            case "jsonl":
                return jsons.look(file, first_bytes=first_bytes)
            case "parquet":
                return parquets.look(file)
    except UNREADABLE as error:
        raise errors.BadFile(f'"{file.name}" cannot be read: {error}.', "Copy it here once more.") from None
    return None
