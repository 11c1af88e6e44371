"""One rotating log file for the app, its workers and the assistant."""

import logging
import sys
from logging.handlers import RotatingFileHandler

from backend import settings

SIZE_BYTES = 2_000_000


def to_file(process_name: str) -> None:
    """Send Winnow's log lines of this process to `logs/winnow.log` below home."""
    root = logging.getLogger("winnow")
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    handler = RotatingFileHandler(
        settings.folder("logs") / "winnow.log", maxBytes=SIZE_BYTES, backupCount=3, delay=True
    )
    line = f"%(asctime)s %(levelname)s {process_name} %(process)d %(name)s: %(message)s"
    handler.setFormatter(logging.Formatter(line))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False


def to_output() -> None:
    """Send them to this process's output too: a job's is the log that its page shows."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.getLogger("winnow").addHandler(handler)
