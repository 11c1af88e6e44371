"""Starts queued jobs, notices dead ones and ends those that do not stop.

Lives in a thread of the app process. Holds no truth of its own: everything it decides on is in the database and
in the table of processes, so that it may end at any moment and another may take over.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from backend.jobs import places, process, tail
from backend.training import leftovers
from db import jobs, runs
from db.models import Job, JobState
from db.session import Session, reading, writing

log = logging.getLogger("winnow.supervisor")
ROOT = Path(__file__).resolve().parents[2]
TICK_S = 0.3
# A job that was asked to stop saves and tests its best model first: it is ended after so long without a sign of life.
STOP_PATIENCE_S = 60.0
# One that is to leave nothing has nothing to do but end.
NOTHING_PATIENCE_S = 3.0
KILLED = -9
# The only one who does so unasked is the kernel, when memory runs out.
ENDED_FROM_OUTSIDE = "Its process was ended from outside: the machine may have run out of memory. Resume goes on."


class Supervisor:
    def __init__(self) -> None:
        # Job id -> its process, and how many attempts the job had seen before.
        self._children: dict[int, tuple[subprocess.Popen[bytes], int]] = {}
        # What the children that ended since the last look returned.
        self._codes: dict[int, int] = {}
        self._stopping: dict[int, Waiting] = {}
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
        with reading() as session:
            ready = self._ready(session, queued)
        for job in ready:
            self._launch(job)

    def _ready(self, session: Session, queued: Sequence[Job]) -> list[Job]:
        """Those that there are places for. In order: behind a job that waits for several places, all others wait."""
        found: list[Job] = []
        for lane in {job.lane for job in queued}:
            total, left = len(places.of_lane(lane)), len(places.free(session, lane))
            waiting = [job for job in queued if job.lane == lane]
            # Launched, and about to claim what it needs.
            coming = [job for job in waiting if job.id in self._children]
            left -= sum(places.wanted(session, job) for job in coming)
            for job in waiting:
                if left <= 0:
                    break
                if job.id in self._children:
                    continue
                # One that wants more than there ever will be is launched, and says so.
                left -= min(places.wanted(session, job), total)
                if left >= 0:
                    found.append(job)
        return sorted(found, key=lambda job: job.id)

    def _launch(self, job: Job) -> None:
        with tail.path_of(job.id).open("ab") as output:
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
        self._codes = {}
        for job_id, (child, attempts) in list(self._children.items()):
            if child.poll() is None:
                continue
            del self._children[job_id]
            self._codes[job_id] = child.returncode
            # Told to end before it had begun, as by a shutdown: the job stays in the queue.
            if child.returncode and child.returncode != -signal.SIGTERM:
                self._mark_unstarted(job_id, child.returncode, attempts)

    def _mark_unstarted(self, job_id: int, code: int, attempts: int) -> None:
        """A worker that ended with an error before it had claimed its job would be started again for ever."""
        error = {
            "code": "worker_did_not_start",
            "message": f"The job's process ended before it began (exit code {code}).",
            "hint": f"The details are in {tail.path_of(job_id)}.",
        }
        with writing() as session:
            job = jobs.get(session, job_id)
            # One that had begun, died, and is queued again because somebody resumed it has had an attempt more.
            if job is not None and job.attempts == attempts:
                jobs.move(session, job_id, JobState.FAILED, of=[JobState.QUEUED], error=error)

    def _mark_interrupted(self, job: Job) -> None:
        process.kill_orphans(identity(job))
        # Asked to stop and gone: the person has what they wanted.
        to = JobState.STOPPED if job.state == JobState.STOPPING else JobState.INTERRUPTED
        waiting = self._stopping.pop(job.id, None)
        message = self._why_gone(job) if to == JobState.INTERRUPTED else ""
        if waiting and waiting.is_ended:
            message = "It did not answer and was ended."
        with reading() as session:
            run = runs.of_job(session, job.id)
        if to == JobState.STOPPED and job.stop_keep == "nothing" and run:
            leftovers.discard(run.id)
            message = "Stopped and discarded."
        with writing() as session:
            # Read again: the worker may have finished between our look and now.
            fresh = jobs.get(session, job.id)
            if fresh is not None and identity(fresh) == identity(job):
                jobs.move(session, job.id, to, of=[JobState(job.state)], message=message)
        log.warning("job %s is %s: its process %s is gone", job.id, to, job.pid)

    def _why_gone(self, job: Job) -> str:
        child, _ = self._children.get(job.id, (None, 0))
        code = self._codes.get(job.id) if child is None else child.poll()
        if code == KILLED:
            return ENDED_FROM_OUTSIDE
        return "Its process ended unexpectedly. Resume goes on where it was."

    def _enforce_stop(self, job: Job) -> None:
        waiting = self._stopping.get(job.id)
        if waiting is None or waiting.keep != job.stop_keep:
            waiting = self._stopping[job.id] = Waiting(job)
        if waiting.is_too_long(job):
            log.warning("job %s does not stop: ended", job.id)
            waiting.is_ended = True
            process.kill(identity(job))


class Waiting:
    """How long a job has been stopping, and without a sign of life. By our own clock: that of the beats may jump."""

    def __init__(self, job: Job) -> None:
        self.keep, self.beat_at = job.stop_keep, job.beat_at
        self.since = self.beaten_at = time.monotonic()
        self.is_ended = False

    def is_too_long(self, job: Job) -> bool:
        moment = time.monotonic()
        if job.beat_at != self.beat_at:
            self.beat_at, self.beaten_at = job.beat_at, moment
        if self.keep == "nothing":
            return moment - self.since > NOTHING_PATIENCE_S
        return moment - self.beaten_at > STOP_PATIENCE_S


def identity(job: Job) -> process.Identity:
    return process.Identity(job.pid or -1, job.pid_started or 0.0, job.boot_id or "")
