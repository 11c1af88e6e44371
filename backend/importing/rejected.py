"""Everything that an import did not take, with its place and reason: a line of JSON each, in a file below home.

The cursor of the job says how long the file is. What is behind that was written by an attempt that died before its
batch was stored, and is cut off when the job goes on: so each rejection is in it once.
"""

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from backend import settings
from backend.importing.rows import Rejection
from backend.spreadsheets import MARK, harmless

ROWS_A_PIECE = 500


def path_of(job_id: int) -> Path:
    return settings.folder("imports") / f"{job_id}.jsonl"


def cut(job_id: int, size_bytes: int) -> None:
    """Forget what is behind `size_bytes`. Job ids can come again, so a first attempt begins with an empty file."""
    path = path_of(job_id)
    if not size_bytes:
        path.unlink(missing_ok=True)
    elif path.exists():
        os.truncate(path, size_bytes)


def append(job_id: int, rejections: Sequence[Rejection]) -> int:
    """Write them to the disk; return how many bytes the file has grown."""
    lines = "".join(f"{json.dumps(each)}\n" for each in rejections).encode()
    with path_of(job_id).open("ab") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    return len(lines)


def kept(job_id: int, size_bytes: int) -> Iterator[tuple[str, str]]:
    """(place, reason) of each, in the order of the import, as far as the cursor says that the file goes."""
    path = path_of(job_id)
    if not path.exists():
        return
    with path.open("rb") as file:
        read = 0
        for line in file:
            read += len(line)
            if read > size_bytes:
                return
            place, reason = json.loads(line)
            yield place, reason


def as_csv(job_id: int, size_bytes: int) -> Iterator[str]:
    """All of them as a table for a spreadsheet, piece by piece."""
    out = io.StringIO()
    writer = csv.writer(out)
    out.write(MARK)
    writer.writerow(["place", "reason"])
    for number, row in enumerate(kept(job_id, size_bytes), start=1):
        # Halves of characters cannot be sent.
        writer.writerow(harmless(cell.encode(errors="replace").decode()) for cell in row)
        if number % ROWS_A_PIECE == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
