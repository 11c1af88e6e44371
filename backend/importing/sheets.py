"""Excel and OpenDocument: the first sheet with rows, and all further ones with the same columns."""

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from backend import errors
from backend.importing import archives, cells, columns, dialects
from backend.importing.found import File
from backend.importing.rows import Found, HowRead, Plan, Rejection, Table

PROCESS = Path(__file__).with_name("sheet_process.py")
PACKED_BYTES = 200_000_000
# A workbook's sheets are held whole while they are read.
UNPACKED_BYTES = 500_000_000
SAMPLE_ROWS = 200
BATCH = 500


class SheetRow(NamedTuple):
    sheet: str
    number: int
    cells: list[str]


def look(file: File, chosen: dict[str, Any]) -> Table:
    """The start of the first sheet with rows. Raises BadFile."""
    rows: list[list[str]] = []
    sheet = ""
    with opened(file) as found:
        for row in found:
            if any(row.cells) and (not sheet or row.sheet == sheet):
                sheet = row.sheet
                rows.append(row.cells)
            if len(rows) == SAMPLE_ROWS or (sheet and row.sheet != sheet):
                break
    asked = chosen.get("header")
    has_header = dialects.looks_like_header(rows) if asked is None else bool(asked)
    width = max(map(len, rows), default=0)
    header = rows[0] if has_header and rows else [""] * width
    return Table(HowRead(file.name, "sheet", has_header=has_header), columns.named(header), rows[has_header:])


def read(file: File, plan: Plan) -> Iterator[Found]:
    """Raises BadFile."""
    table = look(file, plan.columns)
    if not table.names:
        yield Rejection(file.name, "The workbook has no rows.")
        return
    used = columns.choose(plan.columns, table.names, table.rows, plan.class_names, file.name)
    yield cells.how(table, used)
    make = cells.maker(file, table, used)
    for places, rows in even(file, table):
        if isinstance(rows, str):
            yield Rejection(places[0], rows)
        else:
            yield from make(places, rows)


def even(file: File, table: Table) -> Iterator[tuple[list[str], list[cells.Cells] | str]]:
    """Places with rows of the table's width, or one place with a reason. Rows without any cell are passed over."""
    width, header = len(table.names), table.names
    places: list[str] = []
    rows: list[cells.Cells] = []
    sheet, is_left_out = "", False
    with opened(file) as found:
        for row in found:
            if not any(row.cells):
                continue
            if row.sheet != sheet:
                is_left_out = bool(sheet) and not _fits(row.cells, header, has_header=bool(table.how.has_header))
                sheet, is_header = row.sheet, bool(table.how.has_header)
                if is_left_out:
                    yield [f"{file.name} sheet {sheet}"], "The sheet has other columns than the first one with rows."
                if is_header:
                    continue
            if is_left_out:
                continue
            places.append(f"{file.name} {row.sheet} row {row.number}")
            rows.append([*row.cells[:width], *[""] * (width - len(row.cells))])
            if len(rows) == BATCH:
                yield places, rows
                places, rows = [], []
    if rows:
        yield places, rows


def _fits(row: list[str], names: list[str], *, has_header: bool) -> bool:
    return columns.named(row) == names if has_header else len(row) == len(names)


@contextmanager
def opened(file: File) -> Iterator[Iterator[SheetRow]]:
    """The rows of all sheets, each with its number in its sheet. Raises BadFile."""
    with tempfile.TemporaryDirectory() as folder:
        path = file.path
        if file.size_bytes > PACKED_BYTES:
            raise too_large(file.name, file.size_bytes)
        if file.is_in_archive:
            path = Path(folder) / "workbook"
            with file.open() as stream, path.open("wb") as copy:
                shutil.copyfileobj(stream, copy)
        check_size(file.name, path)
        process = subprocess.Popen(
            [sys.executable, "-I", str(PROCESS), str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            assert process.stdout is not None
            yield _rows(file.name, process.stdout)
        finally:
            process.kill()
            process.communicate()


def _rows(name: str, lines: Any) -> Iterator[SheetRow]:
    sheet, number, is_whole = "", 0, False
    for line in lines:
        said = json.loads(line) if line.endswith(b"\n") else {}
        if isinstance(said, list):
            yield SheetRow(sheet, number, said)
            number += 1
        elif "sheet" in said:
            sheet, number = said["sheet"], said["first"]
        elif "error" in said:
            raise errors.BadFile(
                f'"{name}" cannot be read as a workbook: {said["error"]}.', "Save it again, or as CSV (UTF-8)."
            )
        else:
            is_whole = is_whole or "end" in said
    if not is_whole:
        raise errors.BadFile(
            f'"{name}" cannot be read: it is broken, or has far more cells than fit into memory.', "Save it as CSV."
        )


def check_size(name: str, path: Path) -> None:
    """Raise BadFile when it is a zip, as all but old ones are, that unpacks to too much."""
    try:
        with zipfile.ZipFile(path) as book:
            unpacked = sum(info.file_size for info in book.infolist())
    except archives.UNREADABLE:
        return
    if unpacked > UNPACKED_BYTES or archives.is_too_much(unpacked, path.stat().st_size):
        raise too_large(name, unpacked)


def too_large(name: str, size_bytes: int) -> errors.BadFile:
    return errors.BadFile(
        f'"{name}" would take {size_bytes / 1e6:,.0f} MB unpacked; a workbook is read whole.', "Save it as CSV (UTF-8)."
    )
