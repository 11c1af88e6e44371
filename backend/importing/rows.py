"""What every reader yields: a row to import, or a rejection with its place and reason."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from backend.importing.found import File
from db.models import Kind, Split

# A longer text is no item that a person would label, but a file read the wrong way.
TEXT_LENGTH = 1_000_000


class Row(NamedTuple):
    """One text, or one image that is still in its file (or in `data`, when it came inside a table)."""

    source: str
    text: str | None = None
    labels: tuple[str, ...] = ()
    file: File | None = None
    data: bytes | None = None
    meta: dict[str, Any] | None = None
    split: Split | None = None
    # The file with rows, the archive or the folder that it is from, as a person knows it.
    origin: str = ""


class Rejection(NamedTuple):
    """Something that was not imported. `place` is a file, or a row in it."""

    place: str
    reason: str


class HowRead(NamedTuple):
    """What a reader found out about a file before its first row; a person may want to know."""

    file: str
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool | None = None
    text: str | None = None
    label: str | None = None
    split: str | None = None
    id: str | None = None


Found: TypeAlias = Row | Rejection | HowRead


class Step(NamedTuple):
    """One thing found, and where: what came `number`th from the file with this key."""

    key: tuple[str, ...]
    number: int
    found: Found


class Table(NamedTuple):
    """The start of a table: what a person sees before choosing its columns."""

    how: HowRead
    names: list[str]
    rows: list[list[Any]]


class Named(NamedTuple):
    """What the row of a table says of an image that lies beside it. `place` is the row."""

    place: str
    labels: tuple[str, ...]
    split: Split | None
    meta: dict[str, Any] | None


class Beside(NamedTuple):
    """Tables beside images, read: what they say of each image by its name, and by the table what was rejected."""

    named: dict[str, Named]
    tables: dict[str, tuple[Found, ...]]


class Plan(NamedTuple):
    """What all readers of one import need to know. `columns` is what a person chose, or empty."""

    kind: Kind
    columns: dict[str, Any]
    class_names: tuple[str, ...]
    is_file_an_item: bool = False
    beside: Beside | None = None
    # For a preview: judge encoding and quotes from the start of a file.
    first_bytes: int | None = None


def text_row(  # noqa: PLR0917 - mapped over columns
    source: str,
    text: object,
    labels: tuple[str, ...] = (),
    meta: dict[str, Any] | None = None,
    split: Split | None = None,
    origin: str = "",
) -> Found:
    """A row of this text as it may be stored, or the reason why it may not."""
    if isinstance(text, int | float | Decimal | date) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        return Rejection(
            source, "There is no text." if text is None else "The text is not a text but a list or a field."
        )
    if "\0" in text:
        text = text.replace("\0", "")
    if not text or text.isspace():
        return Rejection(source, "The text is empty.")
    if len(text) > TEXT_LENGTH:
        return Rejection(source, f"The text has {len(text):,} characters; an item may have {TEXT_LENGTH:,}.")
    return Row(source, text, labels, None, None, meta, split, origin)
