"""Queries on bulk actions: undo, redo and bulk labels, each known by its event_id."""

from db.models import BulkAction
from db.session import Session


def get(session: Session, event_id: str) -> BulkAction | None:
    return session.get(BulkAction, event_id)


def add(session: Session, action: BulkAction) -> BulkAction:
    session.add(action)
    session.flush()
    return action
