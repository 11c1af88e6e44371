"""Queries on sweeps: runs that were started together to find settings."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from db.models import Job, Run, Sweep
from db.session import Session


def add(session: Session, sweep: Sweep) -> Sweep:
    session.add(sweep)
    session.flush()
    return sweep


def get(session: Session, sweep_id: int) -> Sweep | None:
    return session.get(Sweep, sweep_id)


def page(session: Session, project_id: int, after: int | None, limit: int) -> Sequence[Sweep]:
    """Newest first, `after` being the last id of the page before."""
    query = select(Sweep).where(Sweep.project_id == project_id).order_by(Sweep.id.desc()).limit(limit)
    return session.scalars(query.where(Sweep.id < after) if after is not None else query).all()


def names(session: Session, sweep_ids: Collection[int]) -> dict[int, str]:
    """Sweep id -> its name."""
    query = select(Sweep.id, Sweep.name).where(Sweep.id.in_(sweep_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def runs(session: Session, sweep_id: int) -> Sequence[tuple[Run, Job | None]]:
    """Its runs with their jobs, in the order in which they were queued."""
    query = select(Run, Job).join(Job, Job.id == Run.job_id, isouter=True).where(Run.sweep_id == sweep_id)
    return [(row[0], row[1]) for row in session.execute(query.order_by(Run.id))]


def jobs(session: Session, sweep_id: int) -> Sequence[Job]:
    """As they are in the database now, not as this session saw them before."""
    query = select(Job).join(Run, Run.job_id == Job.id).where(Run.sweep_id == sweep_id).order_by(Job.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()
