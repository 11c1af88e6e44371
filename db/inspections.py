"""Queries on inspections: what a look through the data found, and how far the labels had come then."""

from typing import Any

from sqlalchemy import delete, func, select

from db.models import Inspection, Job, JobKind, LabelEvent
from db.session import Session

# Of each kind, so many are kept: the newest counts, the one before tells what has changed.
KEPT = 2


def add(session: Session, inspection: Inspection) -> Inspection:
    """Keep it, and let go of older ones of its kind."""
    session.add(inspection)
    session.flush()
    of_kind = (Inspection.project_id == inspection.project_id, Inspection.kind == inspection.kind)
    kept = select(Inspection.id).where(*of_kind).order_by(Inspection.id.desc()).limit(KEPT)
    session.execute(delete(Inspection).where(*of_kind, Inspection.id.not_in(kept.scalar_subquery())))
    return inspection


def newest(session: Session, project_id: int, kind: str) -> Inspection | None:
    query = select(Inspection).where(Inspection.project_id == project_id, Inspection.kind == kind)
    return session.scalar(query.order_by(Inspection.id.desc()).limit(1))


def newest_job(session: Session, project_id: int, kind: str) -> Job | None:
    """The job that looked last, or looks now."""
    query = select(Job).where(Job.project_id == project_id, Job.kind == JobKind.INSPECT)
    query = query.where(Job.spec["kind"].as_string() == kind)
    return session.scalar(query.order_by(Job.id.desc()).limit(1))


def newest_event(session: Session, project_id: int) -> int:
    """The id of the project's newest label event; 0 before the first."""
    query = select(func.max(LabelEvent.id)).where(LabelEvent.project_id == project_id)
    return session.scalar(query) or 0


def events_since(session: Session, project_id: int, event_id: int, most: int = 10_000) -> int:
    """How many label events are newer; no more than `most` are counted."""
    query: Any = select(LabelEvent.id).where(LabelEvent.project_id == project_id, LabelEvent.id > event_id).limit(most)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
