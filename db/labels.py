"""Queries on labels, decisions and label events."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from db.models import Item, Label, Split, Status
from db.session import Session


@dataclass(frozen=True)
class Labeled:
    """One labeled item with its current classes, in class id order."""

    item_id: int
    content_hash: bytes
    text: str | None
    class_ids: list[int]
    split: Split | None


def class_ids_of(session: Session, item_ids: Sequence[int]) -> dict[int, list[int]]:
    """Item id -> its class ids. Items without a label are missing."""
    found: dict[int, list[int]] = {}
    query = select(Label.item_id, Label.class_id).where(Label.item_id.in_(item_ids)).order_by(Label.class_id)
    for item_id, class_id in session.execute(query):
        found.setdefault(item_id, []).append(class_id)
    return found


def labeled(session: Session, project_id: int) -> list[Labeled]:
    """Every labeled item of the project, by id. Multi-label items may have no class."""
    query = (
        select(Item.id, Item.content_hash, Item.text, Item.split, Label.class_id)
        .join(Label, Label.item_id == Item.id, isouter=True)
        .where(Item.project_id == project_id, Item.status == Status.LABELED)
        .order_by(Item.id, Label.class_id)
    )
    found: list[Labeled] = []
    for item_id, content_hash, text, split, class_id in session.execute(query):
        if not found or found[-1].item_id != item_id:
            found.append(Labeled(item_id, content_hash, text, [], split))
        if class_id is not None:
            found[-1].class_ids.append(class_id)
    return found
