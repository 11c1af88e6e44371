"""Queries behind the Explore and Augment pages. Each is fast at a million items: an index alone, or a sample.

The sample is the first items by content hash: hashes are as good as shuffled, and the same in every session.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from db.models import BY_ITEM, Item, Label, LabelClass, Status, Suggestion
from db.session import Session

SAMPLE = 5_000


@dataclass(frozen=True)
class Sampled:
    """What the plots need of one item. `letters` is None for an image, `width` and `height` for a text."""

    item_id: int
    content_hash: bytes
    letters: int | None
    width: int | None
    height: int | None
    source: str


def sample(session: Session, project_id: int, limit: int = SAMPLE) -> list[Sampled]:
    """A random sample of the project's items, the same at each call; all of them when there are no more."""
    query = (
        select(Item.id, Item.content_hash, func.length(Item.text), Item.width, Item.height, Item.source)
        .where(Item.project_id == project_id, Item.status != Status.DELETED)
        .order_by(Item.content_hash)
        .limit(limit)
    )
    return [Sampled(*row) for row in session.execute(query)]


def labels_by_class(session: Session, project_id: int) -> dict[int, int]:
    """Class id -> how many items have it. Classes without any are missing."""
    of_project = select(LabelClass.id).where(LabelClass.project_id == project_id)
    query = select(Label.class_id, func.count()).where(Label.class_id.in_(of_project)).group_by(Label.class_id)
    return dict(session.execute(query).all())


def confidences(session: Session, set_id: int, item_ids: Sequence[int]) -> list[tuple[int, float]]:
    """Class id and confidence of the suggestions for these items."""
    query = select(Suggestion.class_id, Suggestion.confidence).where(
        Suggestion.set_id == set_id, Suggestion.item_id.in_(item_ids)
    )
    query = query.with_hint(Suggestion, BY_ITEM, "sqlite")
    return [(class_id, confidence) for class_id, confidence in session.execute(query)]


def least_sure(session: Session, set_id: int, limit: int) -> Sequence[Item]:
    """Items that nobody has decided on yet, those with the least clear suggestion first."""
    query = (
        select(Item)
        .join(Suggestion, Suggestion.item_id == Item.id)
        .where(Suggestion.set_id == set_id, Item.status == Status.TODO)
        .order_by(Suggestion.margin)
        .limit(limit)
    )
    return session.scalars(query).all()


def one_a_class(session: Session, project_id: int, class_ids: Sequence[int], skip: int = 0) -> list[Item]:
    """For each class the labeled item after the first `skip`, in the order of the classes.

    A class with fewer gives its first; classes without any are left out.
    """
    found: dict[int, Item] = {}
    for class_id in class_ids:
        query = select(Item).join(Label, Label.item_id == Item.id).where(Label.class_id == class_id)
        query = query.order_by(Label.item_id).limit(1)
        item = session.scalar(query.offset(skip)) or session.scalar(query)
        if item and item.project_id == project_id:
            found.setdefault(item.id, item)
    return list(found.values())


def shuffled(session: Session, project_id: int, after: bytes, limit: int) -> list[Item]:
    """`limit` items from a place in the shuffled order named by any 32 bytes; goes round at the end."""
    query = select(Item).where(Item.project_id == project_id, Item.status != Status.DELETED)
    query = query.order_by(Item.content_hash)
    found = list(session.scalars(query.where(Item.content_hash > after).limit(limit)))
    if len(found) < limit:
        found += session.scalars(query.where(Item.content_hash <= after).limit(limit - len(found)))
    return found
