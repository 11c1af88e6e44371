"""CSV and JSONL."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from backend.exporting.rows import exported, record
from db.models import Project, Status

BLOCK_LENGTH = 1 << 16
# What a spreadsheet takes for the start of a formula, and would run.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_blocks(project: Project, status: Status | None, *, is_for_spreadsheet: bool) -> Iterator[bytes]:
    """RFC 4180 in UTF-8. For a spreadsheet with a byte order mark, and with formulas made harmless by a quote."""
    out = io.StringIO()
    writer: Any = None
    if is_for_spreadsheet:
        out.write("\ufeff")
    for each in exported(project.id, status):
        fields = record(each, project)
        if "labels" in fields:
            fields["labels"] = joined(fields["labels"])
        if writer is None:
            writer = csv.writer(out)
            writer.writerow(fields)
        cells = fields.values()
        writer.writerow([harmless(cell) for cell in cells] if is_for_spreadsheet else cells)
        if out.tell() > BLOCK_LENGTH:
            yield taken(out)
    yield taken(out)


def taken(out: io.StringIO) -> bytes:
    block = out.getvalue().encode()
    out.seek(0)
    out.truncate()
    return block


def joined(names: list[str]) -> str:
    """Names with | between them; as a JSON list when one of them has a sign in it that would split it on the way in."""
    if any(sign in name for name in names for sign in '|;,["'):
        return json.dumps(names, ensure_ascii=False)
    return "|".join(names)


def harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def jsonl_blocks(project: Project, status: Status | None) -> Iterator[bytes]:
    lines: list[str] = []
    length = 0
    for each in exported(project.id, status):
        line = json.dumps(record(each, project), ensure_ascii=False) + "\n"
        lines.append(line)
        length += len(line)
        if length > BLOCK_LENGTH:
            yield "".join(lines).encode()
            lines, length = [], 0
    yield "".join(lines).encode()
