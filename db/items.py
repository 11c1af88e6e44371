"""Queries on items. Every list is paged by key: its cost does not grow with the page's number."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import load_only

from db.models import Item, Label, Status
from db.session import Session


def get(session: Session, item_id: int) -> Item | None:
    return session.get(Item, item_id)


def by_ids(session: Session, item_ids: Sequence[int]) -> list[Item]:
    """In the order of `item_ids`; unknown ids are left out."""
    found = {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(item_ids)))}
    return [found[item_id] for item_id in item_ids if item_id in found]


def page(
    session: Session,
    project_id: int,
    *,
    status: Status | None = None,
    class_id: int | None = None,
    text: str = "",
    newest_first: bool = False,
    after: int | None = None,
    limit: int = 50,
) -> Sequence[Item]:
    """`after` is the id of the last item of the page before."""
    query = select(Item).where(Item.project_id == project_id).limit(limit)
    if status is not None:
        query = query.where(Item.status == status)
    if class_id is not None:
        query = query.where(Item.id.in_(select(Label.item_id).where(Label.class_id == class_id)))
    if text:
        query = query.where(Item.text.contains(text, autoescape=True) | Item.source.contains(text, autoescape=True))
    if after is not None:
        query = query.where(Item.id < after if newest_first else Item.id > after)
    return session.scalars(query.order_by(Item.id.desc() if newest_first else Item.id)).all()


def contents(session: Session, project_id: int, after: int = 0, limit: int = 2000) -> Sequence[Item]:
    """The next items by id with only what an encoder needs: id, content_hash, text."""
    query = select(Item).options(load_only(Item.id, Item.content_hash, Item.text))
    return session.scalars(
        query.where(Item.project_id == project_id, Item.id > after).order_by(Item.id).limit(limit)
    ).all()
