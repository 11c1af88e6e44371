"""Run one job in a process of its own.

Run: python -m backend.jobs.worker JOB_ID. It belongs to no terminal and no browser: it goes on when the app ends.
"""

import importlib
import logging
import signal
import sys
from typing import Any

from backend import errors, logs, settings
from backend.jobs import kinds, process
from backend.jobs.progress import Handle, Stopped
from db import jobs
from db.models import Job, JobKind, JobState, now
from db.session import open_database, writing

log = logging.getLogger("winnow.worker")


def main(job_id: int) -> int:
    open_database(settings.database_url())
    logs.to_file("worker")
    job = claim(job_id)
    if job is None:
        return 0
    log.info("job %s %s starts, attempt %s", job.id, job.kind, job.attempts)
    module_name, function_name = kinds.WORK[JobKind(job.kind)].split(":")
    handle = Handle(job)
    try:
        work = getattr(importlib.import_module(module_name), function_name)
        finish(job_id, JobState.DONE, report=work(handle))
    except Stopped as stopped:
        is_gone = stopped.keep == "nothing" and job.kind == JobKind.TRAIN
        finish(job_id, JobState.STOPPED, message="Stopped and discarded." if is_gone else "Stopped.")
    except errors.WinnowError as error:
        log.warning("job %s: %s", job_id, error.message)
        finish(job_id, JobState.FAILED, error=error.as_json())
    except MemoryError:
        fail_for_memory(job_id)
    except Exception as error:
        log.exception("job %s failed", job_id)
        finish(job_id, JobState.FAILED, error=unexpected(error))
    return 0


def claim(job_id: int) -> Job | None:
    """Make the job this process's own. None when it is taken, no longer queued, or its lane is full."""
    who = process.me()
    with writing() as session:
        job = jobs.get(session, job_id)
        if job is None or jobs.running_in_lane(session, job.lane) >= kinds.LANES.get(job.lane, 1):
            return None
        values: dict[str, Any] = {
            "pid": who.pid,
            "pid_started": who.started,
            "boot_id": who.boot_id,
            "attempts": job.attempts + 1,
            "started_at": now(),
            "error": None,
        }
        if not jobs.move(session, job_id, JobState.RUNNING, of=[JobState.QUEUED], **values):
            return None
        session.refresh(job)
        return job


def finish(job_id: int, state: JobState, **values: Any) -> None:
    with writing() as session:
        jobs.move(session, job_id, state, of=jobs.ALIVE, **values)
    log.info("job %s is %s", job_id, state)


def fail_for_memory(job_id: int) -> None:
    hint = "Close other programs, or use a smaller batch or a smaller model."
    finish(job_id, JobState.FAILED, error={"code": "memory", "message": "The machine ran out of memory.", "hint": hint})


def unexpected(error: Exception) -> dict[str, str]:
    return {
        "code": "unexpected",
        "message": f"Something went wrong that Winnow did not foresee: {type(error).__name__}: {error}"[:500],
        "hint": f"The details are in {settings.home() / 'logs' / 'winnow.log'}.",
    }


if __name__ == "__main__":
    # Ctrl+C in the terminal of the app is not meant for its jobs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process.step_back()
    sys.exit(main(int(sys.argv[1])))
