"""Work for jobs in tests: counts slowly enough to be caught in the middle, and keeps where it was."""

import os
import threading
import time
from typing import Any

from backend import errors
from backend.jobs.progress import Handle


def run(handle: Handle) -> dict[str, Any]:
    start = (handle.cursor or {}).get("at", 0)
    if handle.spec.get("fails"):
        raise errors.Invalid("It cannot be counted.", "Count something else.")
    if handle.spec.get("breaks"):
        raise RuntimeError("a bug")
    if handle.spec.get("dies"):
        os._exit(3)
    for number in range(start, handle.spec["to"]):
        handle.report(number, handle.spec["to"], "counting")
        handle.save_cursor({"at": number + 1})
        if handle.spec.get("hangs"):
            threading.Event().wait()
        if handle.spec.get("computes_s"):
            compute(handle.spec["computes_s"])
        time.sleep(handle.spec.get("pace_s", 0.0))
    return {"counted": handle.spec["to"], "started_at": start}


def compute(seconds: float) -> None:
    """Busy, and saying nothing: as a long step is, or the saving of a large model."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(10_000))
