"""The end of what a job's process wrote: its log lines, and whatever its libraries printed."""

import re
from pathlib import Path

from backend import settings

MOST_BYTES = 100_000
USUAL, MOST = 200, 2_000
# Colours and movements of the cursor, which only a terminal understands.
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def path_of(job_id: int) -> Path:
    return settings.folder("logs") / f"job-{job_id}.log"


def lines(job_id: int, most: int = USUAL) -> list[str]:
    """The newest lines, the oldest of them first; none before the job has begun. The user's folder is shown as ~."""
    try:
        with path_of(job_id).open("rb") as file:
            size_bytes = file.seek(0, 2)
            start = file.seek(max(0, size_bytes - MOST_BYTES))
            data = file.read()
    except FileNotFoundError:
        return []
    if start:
        # Begins within a line, or within a letter.
        data = data.partition(b"\n")[2] or data
    text = ESCAPES.sub("", data.decode("utf-8", "replace")).replace(str(Path.home()), "~")
    found = [shown(line) for line in text.split("\n")]
    while found and not found[-1]:
        found.pop()
    return found[-most:]


def shown(line: str) -> str:
    """What a terminal would show of it: a progress bar writes over itself."""
    return line.rstrip().rpartition("\r")[2]
