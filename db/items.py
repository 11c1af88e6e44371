"""Queries on items. Every list is paged by key: its cost does not grow with the page's number."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import load_only

from db import browse_parts, browse_walk
from db.models import PRESENT, Item, ItemCount, Split, Status
from db.session import Session

# A statement may name no more values than every database allows.
MOST_VALUES = 500


def get(session: Session, item_id: int) -> Item | None:
    return session.get(Item, item_id)


def by_ids(session: Session, item_ids: Sequence[int]) -> list[Item]:
    """In the order of `item_ids`; unknown ids are left out."""
    found: dict[int, Item] = {}
    for start in range(0, len(item_ids), MOST_VALUES):
        some = item_ids[start : start + MOST_VALUES]
        found.update((item.id, item) for item in session.scalars(select(Item).where(Item.id.in_(some))))
    return [found[item_id] for item_id in item_ids if item_id in found]


def by_hashes(session: Session, project_id: int, hashes: Sequence[bytes]) -> dict[bytes, tuple[int, Status]]:
    """Content hash -> (item id, status). Unknown hashes are missing."""
    found: dict[bytes, tuple[int, Status]] = {}
    for start in range(0, len(hashes), MOST_VALUES):
        some = hashes[start : start + MOST_VALUES]
        query = select(Item.content_hash, Item.id, Item.status)
        for content_hash, item_id, status in session.execute(
            query.where(Item.project_id == project_id, Item.content_hash.in_(some))
        ):
            found[content_hash] = (item_id, Status(status))
    return found


@dataclass(frozen=True)
class Filter:
    """Which items: each part that is set must fit. Without a status: all but those in the bin.

    `text` is words that the item has, whole ones but for a last one with "*" (see `db.words`). `suggestion`,
    `confidence_from` and `confidence_to` (0..1) are of the suggestion in use; any of them leaves out what has none.
    `disagrees`: the label is not what was suggested, or not the gold label. `has_no_label`: to do, skipped or flagged.
    """

    status: Status | None = None
    class_id: int | None = None
    text: str = ""
    suggestion: int | None = None
    confidence_from: float | None = None
    confidence_to: float | None = None
    disagrees: Literal["suggestion", "gold"] | None = None
    split: Split | Literal["none"] | None = None
    annotator_id: int | None = None
    origin_id: int | None = None
    has_no_label: bool = False

    @property
    def is_of_suggestions(self) -> bool:
        """Whether it looks at suggestions, which a project that is labeled blind does not show."""
        confidences = (self.confidence_from, self.confidence_to)
        return self.suggestion is not None or confidences != (None, None) or self.disagrees == "suggestion"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Filter":
        """Parts that are missing are not set; those of a later version are passed over."""
        known = {each.name for each in fields(cls)}
        parts = {name: value for name, value in kept.items() if name in known}
        if parts.get("status"):
            parts["status"] = Status(parts["status"])
        if parts.get("split") not in (None, "none"):
            parts["split"] = Split(parts["split"])
        return cls(**parts)


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
    wanted = Filter(status, class_id, text)
    return by_ids(session, ids(session, project_id, wanted, newest_first=newest_first, after=after, limit=limit))


def ids(
    session: Session,
    project_id: int,
    wanted: Filter,
    *,
    newest_first: bool = False,
    after: int | None = None,
    upto: int | None = None,
    limit: int = 50,
) -> Sequence[int]:
    """The next items by id, behind `after` and no further than `upto`, however long it takes to find them."""
    planned = browse_parts.plan(session, project_id, wanted)
    if planned is None:
        return []
    return browse_walk.by_id(session, planned, newest_first=newest_first, after=after, upto=upto, limit=limit).ids


def count_matching(
    session: Session, project_id: int, wanted: Filter, budget_s: float | None = None
) -> dict[str, int | bool]:
    """{count, labeled, is_exact}: how many items fit, and how many of those have a label; at least so many where the
    budget of time ran out."""
    return browse_walk.total(session, project_id, wanted, budget_s)


def statuses(session: Session, project_id: int, item_ids: Sequence[int]) -> dict[Status, int]:
    """Status -> how many of these items of the project have it."""
    found: dict[Status, int] = {}
    for start in range(0, len(item_ids), MOST_VALUES):
        some = item_ids[start : start + MOST_VALUES]
        # Not by the project: SQLite would then walk all of its items.
        query = select(Item.project_id, Item.status, func.count()).where(Item.id.in_(some))
        for of_project, status, number in session.execute(query.group_by(Item.project_id, Item.status)):
            if of_project == project_id:
                found[Status(status)] = found.get(Status(status), 0) + number
    return found


def newest_id(session: Session, project_id: int) -> int:
    """The highest id among the project's items, those in the bin too; 0 when it has none."""
    highest = [
        session.scalar(select(func.max(Item.id)).where(Item.project_id == project_id, Item.status == status))
        for status in Status
    ]
    return max(each or 0 for each in highest)


def contents(session: Session, project_id: int, after: int = 0, limit: int = 2000) -> Sequence[Item]:
    """The next items by id with only what an encoder needs: id, content_hash, text."""
    query = select(Item).options(load_only(Item.id, Item.content_hash, Item.text))
    return session.scalars(
        query.where(Item.project_id == project_id, Item.id > after, Item.status != Status.DELETED)
        .order_by(Item.id)
        .limit(limit)
    ).all()


def hashes(session: Session, project_id: int) -> list[tuple[int, bytes]]:
    """(id, content hash) of all items but those in the bin, by id."""
    query = select(Item.id, Item.content_hash).where(Item.project_id == project_id, Item.status != Status.DELETED)
    return [(item_id, content_hash) for item_id, content_hash in session.execute(query.order_by(Item.id))]


def todo_contents(session: Session, project_id: int, limit: int) -> Sequence[Item]:
    """Some items that nobody has decided on, the same ones each time: id, content_hash, text."""
    query = select(Item).options(load_only(Item.id, Item.content_hash, Item.text))
    query = query.where(Item.project_id == project_id, Item.status == Status.TODO)
    return session.scalars(query.order_by(Item.content_hash).limit(limit)).all()


def count(session: Session, project_id: int, status: Status | None = None) -> int:
    """From the counts that are kept; without a status all but those in the bin."""
    statuses = PRESENT if status is None else (status,)
    query = select(func.sum(ItemCount.count)).where(ItemCount.project_id == project_id)
    return session.scalar(query.where(ItemCount.status.in_(statuses))) or 0
