"""What a running job holds in its hand: its spec, a way to say how far it is, and whether to stop."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backend.jobs import places
from db import jobs, runs
from db.models import Job, JobKind, JobState, now
from db.session import reading, writing

WRITE_EVERY_S = 0.25
ASK_BUDGET_EVERY_S = 5.0
MINUTES_USED_UP = "The sweep's minutes are used up."


class Stopped(Exception):
    """This job is to stop. `keep` is "best" or "nothing"; `message` says why, when nobody asked."""

    def __init__(self, keep: str, message: str = "") -> None:
        super().__init__(keep, message)
        self.keep, self.message = keep, message


class Interrupted(Exception):
    """The work ended from outside, half way. What it kept is whole: the job can be resumed."""


class Handle:
    def __init__(self, job: Job) -> None:
        self.job_id = job.id
        self.project_id = job.project_id
        self.spec: dict[str, Any] = job.spec
        # What the attempt before had written, or None on the first.
        self.cursor: dict[str, Any] | None = job.cursor
        self.attempt = job.attempts
        # The places that the job has to itself.
        self.devices = places.held_by(job)
        # Whether the work has said anything yet: until then it has nothing to bring to an end.
        self.has_begun = False
        # Wishes that are not heard just now: "best" while what was trained is brought home.
        self.deaf_to: set[str] = set()
        self._written_at = 0.0
        self._started_at = time.monotonic()
        self._done_at_start = 0
        # (total, unit) of the stretch of work that the speed is measured over.
        self._stretch: tuple[int | None, str] | None = None
        # A sweep's runs share its minutes.
        self._may_be_of_sweep = job.kind == JobKind.TRAIN
        self._budget_asked_at = time.monotonic()

    def report(self, done: int, total: int | None = None, message: str = "", *, unit: str = "items") -> None:
        """Say how far the job is, a few times a second at most, and raise Stopped when it should end."""
        self.has_begun = True
        if (total, unit) != self._stretch or done < self._done_at_start:
            self._stretch, self._done_at_start, self._started_at = (total, unit), done, time.monotonic()
        moment = time.monotonic()
        if moment - self._written_at < WRITE_EVERY_S and done != total:
            return
        self._written_at = moment
        elapsed_s = moment - self._started_at
        per_second = (done - self._done_at_start) / elapsed_s if elapsed_s > 0.5 else None
        values: dict[str, Any] = {"done": done, "unit": unit, "per_second": per_second, "beat_at": now()}
        if total is not None:
            values["total"] = total
        if message:
            values["message"] = message
        with writing() as session:
            jobs.write(session, self.job_id, **values)
        self.check_stop()

    @contextmanager
    def bringing_home(self) -> Iterator[None]:
        """Inside, what was trained is kept and tested: a wish to end early and keep the best must not end that."""
        self.deaf_to.add("best")
        try:
            yield
        finally:
            self.deaf_to.discard("best")

    def save_cursor(self, cursor: dict[str, Any]) -> None:
        """Keep what a resumed attempt needs."""
        self.cursor = cursor
        with writing() as session:
            jobs.write(session, self.job_id, cursor=cursor, beat_at=now())

    def stop_asked(self) -> str | None:
        """ "best" or "nothing" when somebody asked to stop."""
        self.has_begun = True
        with reading() as session:
            return jobs.stop_keep(session, self.job_id)

    def check_stop(self) -> None:
        keep = self.stop_asked()
        if keep and keep not in self.deaf_to:
            raise Stopped(keep)
        if not keep and not self.deaf_to and self._is_over_budget():
            with writing() as session:
                jobs.move(session, self.job_id, JobState.STOPPING, of=[JobState.RUNNING], stop_keep="best")
            raise Stopped("best", MINUTES_USED_UP)

    def _is_over_budget(self) -> bool:
        moment = time.monotonic()
        if not self._may_be_of_sweep or moment - self._budget_asked_at < ASK_BUDGET_EVERY_S:
            return False
        self._budget_asked_at = moment
        with reading() as session:
            run = runs.of_job(session, self.job_id)
            if run is None or run.sweep_id is None:
                self._may_be_of_sweep = False
                return False
            from backend.training import sweeps

            return sweeps.over_budget(session, run)
