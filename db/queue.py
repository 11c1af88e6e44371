"""The orders in which items come to the pad. Each walks an index and ends after `limit` items.

`without` are items that the pad holds already. `after` is the item that the page before ended with.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, exists, select, text, tuple_

from db.models import Item, Suggestion
from db.session import Session

# Written out: with a bound value SQLite could not know that its index of items to do fits.
TO_DO = text("items.status = 'todo'")
# With no more than this many items to do, sorting them is quicker than walking past everything that is decided.
FEW = 2000


def sequential(
    session: Session, project_id: int, *, limit: int, without: Collection[int], after: int | None
) -> Sequence[int]:
    """In the order of import."""
    query = _to_do(project_id, without).order_by(Item.id).limit(limit)
    return session.scalars(query.where(Item.id > after) if after is not None else query).all()


def shuffled(
    session: Session, project_id: int, *, limit: int, without: Collection[int], after: int | None
) -> Sequence[int]:
    """In the order of the contents' hashes: as good as random, and the same after a reload."""
    query = _to_do(project_id, without).order_by(Item.content_hash).limit(limit)
    if after is not None:
        query = query.where(Item.content_hash > select(Item.content_hash).where(Item.id == after).scalar_subquery())
    return session.scalars(query).all()


def least_sure(
    session: Session,
    project_id: int,
    set_id: int,
    *,
    limit: int,
    without: Collection[int],
    after: int | None,
    class_id: int | None = None,
) -> Sequence[int]:
    """By how unsure the suggestions of a set are, least sure first; of a class, only what is suggested to be it."""
    by = Suggestion.margin if class_id is None else Suggestion.confidence
    # Nothing said of the project here: the items are then looked up one by one along the index of the suggestions.
    query = select(Suggestion.item_id).join(Item, Item.id == Suggestion.item_id).where(Suggestion.set_id == set_id)
    query = query.where(TO_DO, Item.id.not_in(without)).order_by(by, Suggestion.id).limit(limit)
    if class_id is not None:
        query = query.where(Suggestion.class_id == class_id)
    if after is not None:
        there = select(by, Suggestion.id).where(Suggestion.set_id == set_id, Suggestion.item_id == after)
        query = query.where(tuple_(by, Suggestion.id) > there.scalar_subquery())
    left = session.scalars(_to_do(project_id, ()).limit(FEW + 1)).all()
    if len(left) <= FEW:
        query = query.where(Suggestion.item_id.in_(left))
    return session.scalars(query).all()


def without_suggestion(
    session: Session, project_id: int, set_id: int | None, *, limit: int, without: Collection[int], after: int | None
) -> Sequence[int]:
    """Items of which the set says nothing, in the order of import."""
    said = exists().where(Suggestion.set_id == set_id, Suggestion.item_id == Item.id)
    query = _to_do(project_id, without).where(~said).order_by(Item.id).limit(limit)
    return session.scalars(query.where(Item.id > after) if after is not None else query).all()


def has_suggestion(session: Session, set_id: int, item_id: int) -> bool:
    query = select(Suggestion.id).where(Suggestion.set_id == set_id, Suggestion.item_id == item_id)
    return session.scalar(query) is not None


def _to_do(project_id: int, without: Collection[int]) -> Select[int]:
    query = select(Item.id).where(Item.project_id == project_id, TO_DO)
    return query.where(Item.id.not_in(without)) if without else query
