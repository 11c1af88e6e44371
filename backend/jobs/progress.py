"""What a running job holds in its hand: its spec, a way to say how far it is, and whether to stop."""

import time
from typing import Any

from db import jobs
from db.models import Job
from db.session import reading, writing

WRITE_EVERY_S = 0.25


class Stopped(Exception):
    """Somebody asked this job to stop. `keep` is "best" or "nothing"."""

    def __init__(self, keep: str) -> None:
        super().__init__(keep)
        self.keep = keep


class Handle:
    def __init__(self, job: Job) -> None:
        self.job_id = job.id
        self.project_id = job.project_id
        self.spec: dict[str, Any] = job.spec
        # What the attempt before had written, or None on the first.
        self.cursor: dict[str, Any] | None = job.cursor
        self.attempt = job.attempts
        self._written_at = 0.0
        self._started_at = time.monotonic()
        self._done_at_start = 0
        # (total, unit) of the stretch of work that the speed is measured over.
        self._stretch: tuple[int | None, str] | None = None

    def report(self, done: int, total: int | None = None, message: str = "", *, unit: str = "items") -> None:
        """Say how far the job is, a few times a second at most, and raise Stopped when it should end."""
        if (total, unit) != self._stretch or done < self._done_at_start:
            self._stretch, self._done_at_start, self._started_at = (total, unit), done, time.monotonic()
        now = time.monotonic()
        if now - self._written_at < WRITE_EVERY_S and done != total:
            return
        self._written_at = now
        elapsed_s = now - self._started_at
        per_second = (done - self._done_at_start) / elapsed_s if elapsed_s > 0.5 else None
        values: dict[str, Any] = {"done": done, "unit": unit, "per_second": per_second}
        if total is not None:
            values["total"] = total
        if message:
            values["message"] = message
        with writing() as session:
            jobs.write(session, self.job_id, **values)
        self.check_stop()

    def save_cursor(self, cursor: dict[str, Any]) -> None:
        """Keep what a resumed attempt needs."""
        self.cursor = cursor
        with writing() as session:
            jobs.write(session, self.job_id, cursor=cursor)

    def stop_asked(self) -> str | None:
        """ "best" or "nothing" when somebody asked to stop."""
        with reading() as session:
            return jobs.stop_keep(session, self.job_id)

    def check_stop(self) -> None:
        keep = self.stop_asked()
        if keep:
            raise Stopped(keep)
