"""Queries on labeled items to compare with: some of each class, however many there are."""

from collections.abc import Sequence

from sqlalchemy import select

from db.models import Item, Label, Status
from db.session import Session


def of_classes(session: Session, project_id: int, class_ids: Sequence[int], most: int) -> dict[int, bytes]:
    """Item id -> content hash of up to `most` labeled items of each class, the oldest of it; by class, then by id."""
    found: dict[int, bytes] = {}
    for class_id in class_ids:
        query = select(Item.id, Item.content_hash, Item.project_id).join(Label, Label.item_id == Item.id)
        query = query.where(Label.class_id == class_id, Item.status == Status.LABELED)
        rows = session.execute(query.order_by(Label.item_id).limit(most))
        found.update((item_id, content_hash) for item_id, content_hash, of_project in rows if of_project == project_id)
    return found
