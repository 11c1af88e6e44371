"""Starts queued jobs, notices dead ones and ends those that do not stop.

Lives in a thread of the app process. Holds no truth of its own: everything it decides on is in the database and
in the table of processes, so that it may end at any moment and another may take over.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from backend import settings
from backend.jobs import kinds, process
from db import jobs
from db.models import Job, JobState
from db.session import reading, writing

log = logging.getLogger("winnow.supervisor")
ROOT = Path(__file__).resolve().parents[2]
TICK_S = 0.3
# A worker looks at the stop flag several times a second; one that hangs in a long step is ended after this.
STOP_PATIENCE_S = 20.0


class Supervisor:
    def __init__(self) -> None:
        # Job id -> its process, and how many attempts the job had seen before.
        self._children: dict[int, tuple[subprocess.Popen[bytes], int]] = {}
        self._stopping_since: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="winnow-supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Stop watching. The jobs go on."""
        self._ended.set()
        self._thread.join(timeout=10)

    def _loop(self) -> None:
        while not self._ended.is_set():
            try:
                self.tick()
            except Exception:
                log.exception("a tick failed")
            self._ended.wait(TICK_S)

    def tick(self) -> None:
        """One look at everything: reap, reconcile, enforce stops, start."""
        self._reap()
        with reading() as session:
            alive = list(jobs.in_states(session, jobs.ALIVE))
            queued = list(jobs.in_states(session, [JobState.QUEUED]))
        for job in alive:
            if not process.is_alive(identity(job)):
                self._mark_interrupted(job)
            elif job.state == JobState.STOPPING:
                self._enforce_stop(job)
        busy = {lane: sum(job.lane == lane for job in alive) for lane in kinds.LANES}
        for lane in kinds.LANES:
            busy[lane] += sum(job.id in self._children for job in queued if job.lane == lane)
        for job in queued:
            if job.id not in self._children and busy[job.lane] < kinds.LANES[job.lane]:
                busy[job.lane] += 1
                self._launch(job)

    def _launch(self, job: Job) -> None:
        log_path = settings.folder("logs") / f"job-{job.id}.log"
        with log_path.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "backend.jobs.worker", str(job.id)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own, so that it outlives the app and can be ended with all its children.
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false"},
            )
        self._children[job.id] = child, job.attempts

    def _reap(self) -> None:
        for job_id, (child, attempts) in list(self._children.items()):
            if child.poll() is None:
                continue
            del self._children[job_id]
            if child.returncode:
                self._mark_unstarted(job_id, child.returncode, attempts)

    def _mark_unstarted(self, job_id: int, code: int, attempts: int) -> None:
        """A worker that ended with an error before it had claimed its job would be started again for ever."""
        error = {
            "code": "worker_did_not_start",
            "message": f"The job's process ended before it began (exit code {code}).",
            "hint": f"The details are in {settings.home() / 'logs' / f'job-{job_id}.log'}.",
        }
        with writing() as session:
            job = jobs.get(session, job_id)
            # One that had begun, died, and is queued again because somebody resumed it has had an attempt more.
            if job is not None and job.attempts == attempts:
                jobs.move(session, job_id, JobState.FAILED, of=[JobState.QUEUED], error=error)

    def _mark_interrupted(self, job: Job) -> None:
        # Asked to stop and gone: the person has what they wanted.
        to = JobState.STOPPED if job.state == JobState.STOPPING else JobState.INTERRUPTED
        message = "Its process ended unexpectedly. Resume goes on where it was." if to == JobState.INTERRUPTED else ""
        with writing() as session:
            # Read again: the worker may have finished between our look and now.
            fresh = jobs.get(session, job.id)
            if fresh is not None and identity(fresh) == identity(job):
                jobs.move(session, job.id, to, of=[JobState(job.state)], message=message)
        self._stopping_since.pop(job.id, None)
        log.warning("job %s is %s: its process %s is gone", job.id, to, job.pid)

    def _enforce_stop(self, job: Job) -> None:
        since = self._stopping_since.setdefault(job.id, time.monotonic())
        if time.monotonic() - since > STOP_PATIENCE_S:
            log.warning("job %s does not stop: ended", job.id)
            process.kill(identity(job))


def identity(job: Job) -> process.Identity:
    return process.Identity(job.pid or -1, job.pid_started or 0.0, job.boot_id or "")
