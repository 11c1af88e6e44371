"""A random sample of a project's items that stays the same while people label."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import load_only

from db.models import Item, Status
from db.session import Session


def contents(session: Session, project_id: int, limit: int) -> Sequence[Item]:
    """The first items by content hash, whatever their state, but not those in the bin: id, content_hash, text."""
    query = select(Item).options(load_only(Item.id, Item.content_hash, Item.text))
    query = query.where(Item.project_id == project_id, Item.status != Status.DELETED)
    return session.scalars(query.order_by(Item.content_hash).limit(limit)).all()


def hashes(session: Session, project_id: int, limit: int) -> list[tuple[int, bytes]]:
    """(id, content hash) of the same items."""
    query = select(Item.id, Item.content_hash)
    query = query.where(Item.project_id == project_id, Item.status != Status.DELETED)
    found = session.execute(query.order_by(Item.content_hash).limit(limit))
    return [(item_id, content_hash) for item_id, content_hash in found]
