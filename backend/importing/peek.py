"""A look at a table before it is imported: its columns, its first rows, and what each column is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend.importing import columns, parquets, readers
from backend.importing.columns import Columns
from backend.importing.found import File, walk
from backend.importing.rows import Table
from db.models import Kind

ROWS = 5
CELL_LENGTH = 200
# Where so many files are no table, the rest are none either.
LOOKED_AT = 2_000


def peek(
    path: Path, class_names: Sequence[str], chosen: dict[str, Any] | None = None, kind: Kind = Kind.TEXT
) -> dict[str, Any] | None:
    """The first table at or below `path`, or None when there is none; for images, the first that names or holds some.

    {"file", "format", "encoding", "delimiter", "header", "columns": [name], "rows": [[cell]], "text": [name],
    "image": name or None, "label": name, [name, …] or None, "split": name or None, "id": name or None, "keep": [name]}.
    Cells are shortened to CELL_LENGTH. Raises BadFile when the table cannot be read.
    """
    chosen = chosen or {}
    for number, file in enumerate(walk(path)):
        if number == LOOKED_AT:
            break
        if not isinstance(file, File) or not file.size_bytes:
            continue
        table = readers.look(file, chosen)
        if table is None or not table.names:
            continue
        used = used_columns(chosen, table, class_names, file.name, kind)
        if kind == Kind.TEXT or used.image is not None:
            return described(table, used)
    return None


def used_columns(chosen: dict[str, Any], table: Table, class_names: Sequence[str], name: str, kind: Kind) -> Columns:
    """As `columns.choose`; where a table holds the images themselves, that is the column."""
    held = parquets.image_column(table) if kind == Kind.IMAGE else None
    asked = chosen if held is None else {**chosen, "image": held}
    return columns.choose(asked, table.names, table.rows, class_names, name, kind=kind)


def described(table: Table, used: Columns) -> dict[str, Any]:
    def name_of(place: int | None) -> str | None:
        return None if place is None else table.names[place]

    labels = [table.names[place] for place in used.label]
    return {
        "file": table.how.file,
        "format": table.how.format,
        "encoding": table.how.encoding,
        "delimiter": table.how.delimiter,
        "header": table.how.has_header,
        "columns": table.names,
        "rows": [[shown(cell) for cell in row] for row in table.rows[:ROWS]],
        "text": [table.names[place] for place in used.text],
        "image": name_of(used.image),
        "label": labels if len(labels) > 1 else labels[0] if labels else None,
        "split": name_of(used.split),
        "id": name_of(used.id),
        "keep": [table.names[place] for place in used.keep],
    }


def shown(cell: Any) -> str:
    if isinstance(cell, dict) and isinstance(cell.get("bytes"), bytes):
        cell = cell.get("path") or cell["bytes"]
    words = f"{len(cell):,} bytes" if isinstance(cell, bytes) else "" if cell is None else str(cell)
    return words if len(words) <= CELL_LENGTH else words[:CELL_LENGTH] + "…"
