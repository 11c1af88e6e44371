"""Queries on items. Every list is paged by key: its cost does not grow with the page's number."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import load_only

from db.models import PRESENT, Item, ItemCount, Label, Status
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
    """Which items: each part that is set must fit. `text` is looked for in texts and sources."""

    status: Status | None = None
    class_id: int | None = None
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Filter":
        return cls(Status(kept["status"]) if kept["status"] else None, kept["class_id"], kept["text"])


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
    """The next items by id, behind `after` and no further than `upto`."""

    def cut(query: Select[int], column: Any) -> Select[int]:
        if after is not None:
            query = query.where(column < after if newest_first else column > after)
        if upto is not None:
            query = query.where(column <= upto)
        return query.order_by(column.desc() if newest_first else column).limit(limit)

    if wanted.class_id is not None:
        return session.scalars(cut(_of_class(project_id, wanted), Label.item_id)).all()
    # The index holds a project's items in order within each status: a page of each, and the first of those.
    each = [cut(_of_status(project_id, one, wanted.text), Item.id).subquery() for one in _statuses(wanted)]
    found = union_all(*(select(one.c.id) for one in each)).subquery()
    order = found.c.id.desc() if newest_first else found.c.id
    return session.scalars(select(found.c.id).order_by(order).limit(limit)).all()


def count_matching(session: Session, project_id: int, wanted: Filter) -> dict[str, int]:
    """{count, labeled}: how many items fit, and how many of those have a label."""
    if wanted.class_id is not None:
        query = _of_class(project_id, wanted).with_only_columns(Item.status, func.count()).group_by(Item.status)
        found = dict(session.execute(query).all())
    elif wanted.text:
        found = {
            one: session.scalar(select(func.count()).select_from(_of_status(project_id, one, wanted.text).subquery()))
            or 0
            for one in _statuses(wanted)
        }
    else:
        query = select(ItemCount.status, ItemCount.count).where(ItemCount.project_id == project_id)
        found = dict(session.execute(query.where(ItemCount.status.in_(_statuses(wanted)))).all())
    return {"count": sum(found.values()), "labeled": found.get(Status.LABELED, 0)}


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
    """The highest id among the project's items; 0 when it has none."""
    highest = [
        session.scalar(select(func.max(Item.id)).where(Item.project_id == project_id, Item.status == status))
        for status in PRESENT
    ]
    return max(each or 0 for each in highest)


def _statuses(wanted: Filter) -> list[Status]:
    return [wanted.status] if wanted.status is not None else list(PRESENT)


def _of_status(project_id: int, status: Status, text: str) -> Select[int]:
    query = select(Item.id).where(Item.project_id == project_id, Item.status == status)
    return query.where(_contains(text)) if text else query


def _of_class(project_id: int, wanted: Filter) -> Select[int]:
    """From the labels of the class, which lie in the order of their items."""
    query = select(Label.item_id).join(Item, Item.id == Label.item_id)
    query = query.where(Label.class_id == wanted.class_id, Item.project_id == project_id)
    if wanted.status is not None:
        query = query.where(Item.status == wanted.status)
    return query.where(_contains(wanted.text)) if wanted.text else query


def _contains(text: str) -> Any:
    return Item.text.contains(text, autoescape=True) | Item.source.contains(text, autoescape=True)


def contents(session: Session, project_id: int, after: int = 0, limit: int = 2000) -> Sequence[Item]:
    """The next items by id with only what an encoder needs: id, content_hash, text."""
    query = select(Item).options(load_only(Item.id, Item.content_hash, Item.text))
    return session.scalars(
        query.where(Item.project_id == project_id, Item.id > after).order_by(Item.id).limit(limit)
    ).all()


def todo_contents(session: Session, project_id: int, limit: int) -> Sequence[Item]:
    """Some items that nobody has decided on, the same ones each time: id, content_hash, text."""
    query = select(Item).options(load_only(Item.id, Item.content_hash, Item.text))
    query = query.where(Item.project_id == project_id, Item.status == Status.TODO)
    return session.scalars(query.order_by(Item.content_hash).limit(limit)).all()


def count(session: Session, project_id: int, status: Status | None = None) -> int:
    query = select(func.count()).select_from(Item).where(Item.project_id == project_id)
    return session.scalar(query if status is None else query.where(Item.status == status)) or 0
