"""Queries on where items came from: the files, archives and folders, and the other places of the same content."""

from collections.abc import Sequence

from sqlalchemy import func, select

from db.models import ItemSource, Origin
from db.session import Session

# A project of folders may have thousands; nobody reads a longer list.
MOST = 5_000


def of_project(session: Session, project_id: int) -> Sequence[Origin]:
    """By name, in any case."""
    query = select(Origin).where(Origin.project_id == project_id).order_by(func.lower(Origin.name), Origin.id)
    return session.scalars(query.limit(MOST)).all()


def name(session: Session, origin_id: int) -> str | None:
    return session.scalar(select(Origin.name).where(Origin.id == origin_id))


def other_sources(session: Session, item_id: int, limit: int = 1_000) -> Sequence[str]:
    """Where the content of the item was found beside its own source."""
    query = select(ItemSource.source).where(ItemSource.item_id == item_id).order_by(ItemSource.source)
    return session.scalars(query.limit(limit)).all()
