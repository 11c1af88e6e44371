"""One of the processes that train a run together. See `several`.

Run by `accelerate launch`: --module backend.training.rank FOLDER, where the job's own process has left its plan.
"""

import json
import logging
import os
import pickle
import signal
import sys
import threading
import time
from pathlib import Path

from backend import logs, settings
from backend.jobs import process
from backend.jobs.progress import Stopped
from backend.jobs.worker import told
from backend.training import exhausted, several
from backend.training.several import Plan, Together
from db import jobs, runs
from db.session import open_database, reading

log = logging.getLogger("winnow.training")
LOOK_S = 0.25


def main(place: Path) -> int:
    # Written by the job's own process, into the run's own folder.
    plan: Plan = pickle.loads((place / "plan").read_bytes())  # noqa: S301
    threading.Thread(target=ends_with, args=[plan.parent], daemon=True).start()
    process.keep_freed_memory()
    open_database(settings.database_url())
    logs.to_file("rank")
    several.join()
    if several.is_first():
        logs.to_output()
    try:
        run(plan)
    except Stopped as stopped:
        # Before the steps: the others still wait, and end when the launcher sees this one's code.
        leave(place, "stopped", {"keep": stopped.keep, "message": stopped.message})
        return 1
    except Exception as error:
        log.exception("rank %s failed", several.me.number)
        if has_lost_the_others(error):
            # The end of another one: that is what there is to tell.
            return 1
        leave(place, "error", told(in_words(error, plan)))
        return 1
    return 0


def run(plan: Plan) -> None:
    with reading() as session:
        job = jobs.get(session, plan.job_id)
    assert job
    if not several.is_first():
        several.wait()
    # What the method returns is not used here: the loop leaves the weights for the job's own process.
    handle = Together(job, plan.folder / "checkpoints")
    plan.method(handle, plan.run_id if several.is_first() else None, plan.data, plan.spec, plan.folder)


def has_lost_the_others(error: Exception) -> bool:
    """Whether a word between the ranks did not arrive. gloo says so in a plain RuntimeError, NCCL in a DistError."""
    from torch.distributed import DistError

    return isinstance(error, DistError) or (isinstance(error, RuntimeError) and "gloo/transport" in str(error))


def in_words(error: Exception, plan: Plan) -> Exception:
    with reading() as session:
        run = runs.get(session, plan.run_id)
    return exhausted.in_words(error, run) if run else error


def leave(place: Path, kind: str, said: dict[str, str]) -> None:
    (place / f"{kind}-{several.me.number}.json").write_text(json.dumps(said), "utf-8")


def ends_with(parent: process.Identity) -> None:
    """End at once when the job's own process is gone: nobody would know of the ranks any more."""
    while process.is_alive(parent):
        time.sleep(LOOK_S)
    os._exit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main(Path(sys.argv[1])))
