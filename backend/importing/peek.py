"""A look at a table before it is imported: its columns, its first rows, and a guess at which are text and label."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend.importing import columns, readers
from backend.importing.found import File, walk

ROWS = 5
CELL_LENGTH = 200


def peek(path: Path, class_names: Sequence[str], chosen: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """The first table at or below `path`, or None when there is none.

    {"file", "format", "encoding", "delimiter", "header", "columns": [name], "rows": [[cell]], "text": [name],
    "label": name or None}. Cells are shortened to CELL_LENGTH. Raises BadFile when the table cannot be read.
    """
    chosen = chosen or {}
    for file in walk(path):
        table = readers.look(file, chosen) if isinstance(file, File) and file.size_bytes else None
        if table is None or not table.names:
            continue
        used = columns.choose(chosen, table.names, table.rows, class_names, file.name)
        return {
            "file": table.how.file,
            "format": table.how.format,
            "encoding": table.how.encoding,
            "delimiter": table.how.delimiter,
            "header": table.how.has_header,
            "columns": table.names,
            "rows": [[shown(cell) for cell in row] for row in table.rows[:ROWS]],
            "text": [table.names[place] for place in used.text],
            "label": None if used.label is None else table.names[used.label],
        }
    return None


def shown(cell: Any) -> str:
    words = "" if cell is None else str(cell)
    return words if len(words) <= CELL_LENGTH else words[:CELL_LENGTH] + "…"
