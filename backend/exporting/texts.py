"""CSV and JSONL."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from backend.exporting.fields import Chosen
from backend.exporting.rows import batches, plain
from backend.spreadsheets import MARK, harmless
from db.items import Filter
from db.models import Project

BLOCK_LENGTH = 1 << 18
SPLITTING = re.compile(r'[|;,\["]')


def csv_blocks(project: Project, chosen: Chosen, wanted: Filter, *, is_for_spreadsheet: bool) -> Iterator[bytes]:
    """RFC 4180 in UTF-8. For a spreadsheet with a byte order mark, and with formulas made harmless by a quote."""
    out = io.StringIO()
    writer = csv.writer(out)
    if is_for_spreadsheet:
        out.write(MARK)
    writer.writerow(list(map(harmless, chosen.names)) if is_for_spreadsheet else chosen.names)
    yield taken(out)
    nested = plain(chosen)
    for batch in batches(project, chosen, wanted):
        columns = [_cells(name, batch[name], nested) for name in chosen.names]
        if is_for_spreadsheet:
            columns = [list(map(harmless, column)) for column in columns]
        writer.writerows(zip(*columns, strict=True))
        if out.tell() > BLOCK_LENGTH:
            yield taken(out)
    yield taken(out)


def taken(out: io.StringIO) -> bytes:
    block = out.getvalue().encode("utf-8", "replace")
    out.seek(0)
    out.truncate()
    return block


def _cells(name: str, column: list[Any], nested: Sequence[str]) -> list[Any]:
    if name in ("labels", "gold", "sources"):
        return [joined(each) for each in column]
    if name == "label":
        return list(map(alone, column))
    return [_cell(each) for each in column] if name in nested else column


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def joined(names: list[str]) -> str:
    """Names with | between them; as a JSON list when one of them has a sign in it that would split it on the way in."""
    if any(SPLITTING.search(name) for name in names):
        return json.dumps(names, ensure_ascii=False)
    return "|".join(names)


def alone(name: str | None) -> str | None:
    """One name; as a JSON list where the way in would take it for a list, or for none."""
    is_like_a_list = name is not None and (name == "[]" or name.startswith(('["', '{"choices"')))
    return json.dumps([name], ensure_ascii=False) if is_like_a_list else name


def jsonl_blocks(project: Project, chosen: Chosen, wanted: Filter) -> Iterator[bytes]:
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for batch in batches(project, chosen, wanted):
        columns = [list(map(alone, batch[name])) if name == "label" else batch[name] for name in chosen.names]
        lines = [encode(dict(zip(chosen.names, row, strict=True))) for row in zip(*columns, strict=True)]
        yield ("\n".join(lines) + "\n").encode("utf-8", "replace")
