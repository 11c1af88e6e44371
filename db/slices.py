"""Queries behind slices: what is known of items beyond their label and what runs say of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from db.labels import batches
from db.models import BY_ITEM, Item, Origin, Suggestion
from db.session import Session


@dataclass(frozen=True)
class Fact:
    """letters is None of an image, width and height of a text. origin: the name of its file, archive or folder."""

    item_id: int
    project_id: int
    letters: int | None = None
    width: int | None = None
    height: int | None = None
    origin: str | None = None
    group_id: int | None = None
    meta: dict[str, Any] | None = None


def facts(session: Session, project_id: int, item_ids: Sequence[int]) -> dict[int, Fact]:
    """Item id -> what is known of it. Items that are gone, or of another project, are missing."""
    query = select(
        Item.id, Item.project_id, func.length(Item.text), Item.width, Item.height, Origin.name, Item.group_id, Item.meta
    ).join(Origin, Origin.id == Item.origin_id, isouter=True)
    found = {}
    for some in batches(item_ids):
        for row in session.execute(query.where(Item.id.in_(some))):
            # Looked at afterwards: asked for beside the ids, SQLite would walk the project.
            if row[1] == project_id:
                found[row[0]] = Fact(*row)
    return found


def group_sizes(session: Session, project_id: int, group_ids: Sequence[int]) -> dict[int, int]:
    """Group id -> how many items are near-duplicates of one another, those in the bin too."""
    query = select(Item.group_id, func.count()).where(Item.project_id == project_id).group_by(Item.group_id)
    found: dict[int, int] = {}
    for some in batches(group_ids):
        rows = session.execute(query.where(Item.group_id.in_(some), Item.group_id.is_not(None)))
        found.update((group_id or 0, size) for group_id, size in rows)
    return found


def confidences(session: Session, set_id: int, item_ids: Sequence[int]) -> dict[int, float]:
    """Item id -> how sure the suggestion of this set is, 0 to 1. Items without one are missing."""
    query = select(Suggestion.item_id, Suggestion.confidence).with_hint(Suggestion, BY_ITEM, "sqlite")
    found: dict[int, float] = {}
    for some in batches(item_ids):
        rows = session.execute(query.where(Suggestion.set_id == set_id, Suggestion.item_id.in_(some)))
        found.update((item_id, confidence) for item_id, confidence in rows)
    return found
