"""Which reader reads a file."""

from collections.abc import Iterator
from typing import Any

from backend import errors
from backend.importing import encodings, jsons, lines, parquets, sheets, tables
from backend.importing.formats import NO_TEXT, format_of, image_suffixes
from backend.importing.found import UNREADABLE, File
from backend.importing.rows import Found, Plan, Rejection, Row, Table
from db.models import Kind

__all__ = ["NO_TEXT", "format_of", "image_suffixes", "look", "read"]
# The image of a packed tar is read here, once, and not by each process on its own way through the archive.
READ_AHEAD_BYTES = 8_000_000


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
    elif plan.beside and file.name in plan.beside.tables:
        yield from plan.beside.tables[file.name]
    elif form in ("parquet", "arrow"):
        yield from parquets.read(file, plan, form)
    elif plan.kind == Kind.IMAGE:
        if form == "image" or (form == "other" and file.suffix not in NO_TEXT):
            yield _image(file, plan)
        else:
            yield Rejection(file.name, "This is no image, and the project holds images.")
    elif form == "csv":
        yield from tables.read(file, plan)
    elif form == "jsonl":
        yield from jsons.read(file, plan)
    elif form == "sheet":
        yield from sheets.read(file, plan)
    elif form == "fasttext":
        yield from lines.read_fasttext(file, plan)
    elif form == "txt":
        yield from lines.read_whole(file, plan) if plan.is_file_an_item else lines.read_lines(file, plan)
    else:
        what = "an image" if form == "image" else NO_TEXT.get(file.suffix, "no text that Winnow reads")
        yield Rejection(file.name, f"This is {what}, and the project holds texts. Save it as CSV, JSONL or plain text.")


def _image(file: File, plan: Plan) -> Row:
    """Its label is its folder; where a table names images, only what the table says."""
    labels: tuple[str, ...] = (file.folder,) if file.folder else ()
    split, meta = file.split, None
    if plan.beside:
        said = plan.beside.named.get(file.name)
        labels, meta = (said.labels, said.meta) if said else ((), None)
        split = (said.split if said else None) or split
    data = None
    if file.is_packed and file.size_bytes <= READ_AHEAD_BYTES and plan.first_bytes is None:
        with file.open() as stream:
            data = stream.read()
    return Row(file.name, None, labels, None if data is not None else file, data, meta, split, file.within)


def look(file: File, chosen: dict[str, Any], *, first_bytes: int | None = encodings.BLOCK_BYTES) -> Table | None:
    """The start of a table; None when the file is no table. Raises BadFile when it cannot be read."""
    try:
        match format_of(file):
            case "csv":
                return tables.look(file, chosen, first_bytes=first_bytes)[0]
            case "jsonl":
                return jsons.look(file, chosen, first_bytes=first_bytes)
            case "parquet" | "arrow" as form:
                return parquets.look(file, form)
            case "sheet":
                return sheets.look(file, chosen)
            case "fasttext":
                return lines.look_fasttext(file, chosen.get("encoding"), first_bytes=first_bytes)
    except UNREADABLE as error:
        raise errors.BadFile(f'"{file.name}" cannot be read: {error}.', "Copy it here once more.") from None
    return None
