"""A thread beside a job's work: says that it lives, ends it before it has begun, and answers to SIGTERM.

A beat is written only when the work has moved: it used the processor, its child processes did, or it waits for the
disk. So a training step, a save or a test of many minutes counts as life without saying anything, and a work that hangs
in a lock does not. A loop that turns for ever looks alive: for that one there is "stop and keep nothing".
"""

import logging
import os
import select
import signal
import socket
import threading
import time
from pathlib import Path
from typing import NoReturn

import psutil

from backend.jobs import process
from backend.jobs.progress import Handle
from backend.training import leftovers
from db import jobs, runs
from db.models import JobState
from db.session import reading, writing

log = logging.getLogger("winnow.worker")
LOOK_S = 0.3
BEAT_S = 3.0
# Of the time between two beats: more than a loop uses that only waits and asks.
MOVED_SHARE = 0.02
TOLD_TO_END = "Its process was told to end, as when the machine shuts down. Resume goes on where it was."


class Pulse:
    """`with Pulse(handle):` around the work, in the main thread of the job's process."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self._is_over = False
        self._woken, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._watch, name="winnow-pulse", daemon=True)

    def __enter__(self) -> None:
        for each in (self._woken, self._waker):
            each.setblocking(False)
        # The signal's number arrives in the socket even while the main thread is deep in a long native step.
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda *_: None)
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._is_over = True
        signal.set_wakeup_fd(-1)
        self._waker.send(b"\0")
        self._thread.join(timeout=5)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _watch(self) -> None:
        used_s, beaten_at = spent_s(), time.monotonic()
        while not self._is_over:
            signals = self._signals()
            try:
                if signal.SIGTERM in signals:
                    end(self.handle.job_id, JobState.INTERRUPTED, TOLD_TO_END)
                if not self.handle.has_begun:
                    self._end_when_asked()
                passed_s = time.monotonic() - beaten_at
                if passed_s >= BEAT_S:
                    before, used_s, beaten_at = used_s, spent_s(), time.monotonic()
                    if used_s - before > MOVED_SHARE * passed_s or waits_for_disk():
                        beat(self.handle.job_id)
            except Exception:
                # A full disk or a busy database: the next look may do better, and the work goes on.
                log.exception("a look after job %s failed", self.handle.job_id)

    def _signals(self) -> bytes:
        """Those that have come, waiting up to LOOK_S for one."""
        ready, _, _ = select.select([self._woken], [], [], LOOK_S)
        return self._woken.recv(100) if ready else b""

    def _end_when_asked(self) -> None:
        """The work is still being imported, which takes seconds: there is nothing to bring to an end."""
        with reading() as session:
            keep = jobs.stop_keep(session, self.handle.job_id)
            run = runs.of_job(session, self.handle.job_id)
        if keep is None or self.handle.has_begun:
            return
        if keep == "nothing" and run:
            leftovers.discard(run.id)
        end(self.handle.job_id, JobState.STOPPED, "Stopped before it began.")


def beat(job_id: int) -> None:
    with writing(is_lasting=False) as session:
        jobs.beat(session, job_id)


def spent_s() -> float:
    """Seconds of processor that this process and its children have used, without the thread that asks."""
    total = time.process_time() - time.thread_time()
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def waits_for_disk() -> bool:
    """Whether the main thread is deep in the kernel, as in a save to a slow disk. Known on Linux only."""
    try:
        told = Path(f"/proc/self/task/{os.getpid()}/stat").read_text("utf-8")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] == "D"


def end(job_id: int, to: JobState, message: str) -> NoReturn:
    """Write the job's end and end this process with all that it started, whatever its main thread is at."""
    try:
        with writing() as session:
            job = jobs.get(session, job_id)
            if job and job.state == JobState.STOPPING:
                to, message = JobState.STOPPED, "Stopped." if to == JobState.INTERRUPTED else message
            jobs.move(session, job_id, to, of=jobs.ALIVE, message=message)
        log.info("job %s is %s", job_id, to)
    finally:
        process.end_children()
        os._exit(0)
