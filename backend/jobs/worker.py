"""Run one job in a process of its own.

Run: python -m backend.jobs.worker JOB_ID. It belongs to no terminal and no browser: it goes on when the app ends.
"""

import importlib
import logging
import os
import signal
import sys
from typing import Any

from backend import errors, logs, settings
from backend.jobs import kinds, places, process
from backend.jobs.progress import MINUTES_USED_UP, Handle, Interrupted, Stopped
from backend.jobs.pulse import Pulse
from db import jobs, runs
from db.models import Job, JobKind, JobState, now
from db.session import Session, open_database, writing

log = logging.getLogger("winnow.worker")


def main(job_id: int) -> int:
    open_database(settings.database_url())
    logs.to_file("worker")
    logs.to_output()
    job = claim(job_id)
    if job is None:
        return 0
    # Before torch is imported, which looks once. The ranks of a run on several devices see more: see `several`.
    os.environ.update(places.environment(places.held_by(job)[:1]))
    if job.lane == kinds.COMPUTE:
        process.keep_freed_memory()
    log.info("job %s %s starts, attempt %s, on %s", job.id, job.kind, job.attempts, job.device or "no device")
    handle = Handle(job)
    with Pulse(handle):
        finish(job_id, *work(job, handle))
    return 0


def work(job: Job, handle: Handle) -> tuple[JobState, dict[str, Any]]:
    """Do it. Returns what became of it: the job's last state, and what to write down with that."""
    module_name, function_name = kinds.WORK[JobKind(job.kind)].split(":")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
        return JobState.DONE, {"report": function(handle)}
    except Stopped as stopped:
        is_gone = stopped.keep == "nothing" and job.kind == JobKind.TRAIN
        return JobState.STOPPED, {"message": stopped.message or ("Stopped and discarded." if is_gone else "Stopped.")}
    except Interrupted as interrupted:
        return JobState.INTERRUPTED, {"message": str(interrupted)}
    except errors.WinnowError as error:
        log.warning("job %s: %s", job.id, error.message)
        return JobState.FAILED, {"error": told(error)}
    except Exception as error:
        log.exception("job %s failed", job.id)
        return JobState.FAILED, {"error": told(error)}


def told(error: Exception) -> dict[str, str]:
    """{"code", "message", "hint"} for the person whose job it was."""
    if isinstance(error, errors.WinnowError):
        return error.as_json()
    if isinstance(error, MemoryError):
        hint = "Close other programs, or use a smaller batch or a smaller model."
        return {"code": "memory", "message": "The machine ran out of memory.", "hint": hint}
    return unexpected(error)


def claim(job_id: int) -> Job | None:
    """Make the job this process's own, with the places it needs.

    None when it is taken, no longer queued, has to wait for a place, or will never get what it needs.
    """
    who = process.me()
    with writing() as session:
        job = jobs.get(session, job_id)
        if job is None or is_used_up(session, job):
            return None
        try:
            claimed = places.claimable(session, job)
        except errors.BadSpec as error:
            jobs.move(session, job_id, JobState.FAILED, of=[JobState.QUEUED], error=error.as_json())
            return None
        values: dict[str, Any] = {
            "pid": who.pid,
            "pid_started": who.started,
            "boot_id": who.boot_id,
            "device": ",".join(claimed or []) or None,
            "beat_at": now(),
            "attempts": job.attempts + 1,
            "started_at": now(),
            "error": None,
        }
        if claimed is None or not jobs.move(session, job_id, JobState.RUNNING, of=[JobState.QUEUED], **values):
            return None
        session.refresh(job)
        return job


def is_used_up(session: Session, job: Job) -> bool:
    """Whether it is a run of a sweep that has no minutes left. It is stopped then, and begins no more."""
    run = runs.of_job(session, job.id) if job.kind == JobKind.TRAIN else None
    if run is None or run.sweep_id is None:
        return False
    from backend.training import sweeps

    if not sweeps.over_budget(session, run):
        return False
    jobs.move(session, job.id, JobState.STOPPED, of=[JobState.QUEUED], message=MINUTES_USED_UP)
    return True


def finish(job_id: int, state: JobState, values: dict[str, Any]) -> None:
    with writing() as session:
        job = jobs.get(session, job_id)
        if state == JobState.INTERRUPTED and job and job.state == JobState.STOPPING:
            # Somebody wanted it to end, and it has.
            state = JobState.STOPPED
        jobs.move(session, job_id, state, of=jobs.ALIVE, **values)
    log.info("job %s is %s", job_id, state)


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
