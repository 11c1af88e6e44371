"""Queries on the bin, and on what its emptying leaves behind."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select

from db.models import Item, Job, JobKind, Project, Status, table
from db.session import Session, direct

ITEMS = table(Item)


def some(session: Session, project_id: int, asked_at: datetime, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
    """(id, content hash) of the next items in the bin that were put there by then, by id."""
    query = select(Item.id, Item.content_hash).where(Item.project_id == project_id, Item.status == Status.DELETED)
    query = query.where(Item.id > after, Item.decided_at <= asked_at).order_by(Item.id).limit(limit)
    return [(item_id, content_hash) for item_id, content_hash in session.execute(query)]


def count(session: Session, project_id: int, asked_at: datetime, most: int) -> int:
    """How many items were in the bin by then; no more than `most` are counted."""
    query = select(Item.id).where(Item.project_id == project_id, Item.status == Status.DELETED)
    query = query.where(Item.decided_at <= asked_at).limit(most)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def remove(session: Session, item_ids: Sequence[int]) -> None:
    """For ever, with everything that hangs on them."""
    direct(session).execute(delete(ITEMS).where(ITEMS.c.id.in_(item_ids)))


def unused(session: Session, hashes: Sequence[bytes]) -> list[bytes]:
    """Those that no item of any project has, not even of one that was deleted and may come back."""
    projects = session.scalars(select(Project.id)).all()
    used = select(Item.content_hash).where(Item.project_id.in_(projects), Item.content_hash.in_(hashes))
    there = set(session.scalars(used))
    return [each for each in hashes if each not in there]


def is_importing(session: Session, states: Sequence[str]) -> bool:
    """Whether any project has an import in one of these states."""
    return bool(session.scalar(select(exists().where(Job.kind == JobKind.IMPORT, Job.state.in_(states)))))
