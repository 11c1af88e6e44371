"""Queries on jobs. A state only ever changes here, and only from the states that may come before it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from db.models import Job, JobState, Run, RunState, now
from db.session import Session

ALIVE = (JobState.RUNNING, JobState.STOPPING)
ACTIVE = (JobState.QUEUED, *ALIVE)
ENDED = (JobState.DONE, JobState.FAILED, JobState.STOPPED, JobState.INTERRUPTED)
RESUMABLE = (JobState.INTERRUPTED, JobState.STOPPED, JobState.FAILED)


def add(session: Session, job: Job) -> Job:
    session.add(job)
    session.flush()
    return job


def get(session: Session, job_id: int) -> Job | None:
    return session.get(Job, job_id)


def page(session: Session, project_id: int | None, after: int | None, limit: int) -> Sequence[Job]:
    """Newest first, `after` being the last id of the page before."""
    query = select(Job).order_by(Job.id.desc()).limit(limit)
    if project_id is not None:
        query = query.where(Job.project_id == project_id)
    if after is not None:
        query = query.where(Job.id < after)
    return session.scalars(query).all()


def in_states(session: Session, states: Sequence[JobState], project_id: int | None = None) -> Sequence[Job]:
    query = select(Job).where(Job.state.in_(states)).order_by(Job.id)
    if project_id is not None:
        query = query.where(Job.project_id == project_id)
    return session.scalars(query).all()


def devices_in_use(session: Session, lane: str) -> Sequence[str | None]:
    """What each running job of the lane has claimed: "cpu", "0", "0,1"; None where it claimed nothing by name."""
    return session.scalars(select(Job.device).where(Job.state.in_(ALIVE), Job.lane == lane).order_by(Job.id)).all()


def move(session: Session, job_id: int, to: JobState, *, of: Sequence[JobState], **values: Any) -> bool:
    """Change the state if it is one `of` those named, and the job's run with it. Says whether it did."""
    if to in ENDED:
        values.setdefault("finished_at", now())
    changed = session.execute(update(Job).where(Job.id == job_id, Job.state.in_(of)).values(state=to, **values))
    if not changed.rowcount:  # type: ignore[attr-defined]
        return False
    run_values: dict[str, Any] = {"state": RunState(to), "finished_at": now() if to in ENDED else None}
    session.execute(update(Run).where(Run.job_id == job_id).values(**run_values))
    return True


def write(session: Session, job_id: int, **values: Any) -> None:
    session.execute(update(Job).where(Job.id == job_id).values(**values))


def beat(session: Session, job_id: int) -> None:
    """A sign of life."""
    write(session, job_id, beat_at=now())


def stop_keep(session: Session, job_id: int) -> str | None:
    return session.scalar(select(Job.stop_keep).where(Job.id == job_id))
