"""Queries on groups of near-duplicates: items of a project that share a `group_id`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, tuple_, update

from db.items import MOST_VALUES
from db.models import Item, Job, JobKind, JobState, Label, Split, Status, table
from db.session import Session, direct

ITEMS = table(Item)
PUT = update(ITEMS).where(ITEMS.c.id == bindparam("item")).values(group_id=bindparam("group"))


@dataclass(frozen=True)
class Place:
    """What grouping has to know of an item."""

    item_id: int
    content_hash: bytes
    group_id: int | None


def places(session: Session, project_id: int, after: int, limit: int) -> list[Place]:
    """The next items by id, those in the bin too: they may come back."""
    query = select(ITEMS.c.id, ITEMS.c.content_hash, ITEMS.c.group_id)
    query = query.where(ITEMS.c.project_id == project_id, ITEMS.c.id > after).order_by(ITEMS.c.id).limit(limit)
    return [Place(*row) for row in direct(session).execute(query)]


def texts(session: Session, item_ids: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(item_ids), MOST_VALUES):
        query = select(ITEMS.c.id, ITEMS.c.text).where(ITEMS.c.id.in_(item_ids[start : start + MOST_VALUES]))
        found.update((item_id, text or "") for item_id, text in direct(session).execute(query))
    return found


def put(session: Session, groups: Mapping[int, int | None]) -> None:
    """Write item id -> group id."""
    if groups:
        direct(session).execute(PUT, [{"item": item, "group": group} for item, group in groups.items()])


def last_done(session: Session, project_id: int) -> Job | None:
    """The newest job that came to its end and found the near-duplicates of this project."""
    query = select(Job).where(Job.project_id == project_id, Job.kind == JobKind.GROUP, Job.state == JobState.DONE)
    return session.scalar(query.order_by(Job.id.desc()).limit(1))


def newest_job(session: Session, project_id: int) -> Job | None:
    query = select(Job).where(Job.project_id == project_id, Job.kind == JobKind.GROUP)
    return session.scalar(query.order_by(Job.id.desc()).limit(1))


def ids(
    session: Session, project_id: int, *, largest_first: bool, after: tuple[int, int] | None, limit: int
) -> list[tuple[int, int]]:
    """(group id, members with those in the bin) of the next groups; `after` is such a pair, the last one before."""
    size = func.count().label("size")
    query = select(Item.group_id, size).where(Item.project_id == project_id, Item.group_id.is_not(None))
    query = query.group_by(Item.group_id)
    if largest_first:
        if after:
            query = query.having(tuple_(-size, Item.group_id) > (-after[1], after[0]))
        query = query.order_by(size.desc(), Item.group_id)
    else:
        query = (query.where(Item.group_id > after[0]) if after else query).order_by(Item.group_id)
    return [(row[0] or 0, row[1]) for row in session.execute(query.limit(limit))]


def members(session: Session, project_id: int, group_ids: Sequence[int]) -> dict[int, list[Item]]:
    """Group id -> its items by id, without those in the bin."""
    found: dict[int, list[Item]] = {group_id: [] for group_id in group_ids}
    for start in range(0, len(group_ids), MOST_VALUES):
        some = group_ids[start : start + MOST_VALUES]
        query = select(Item).where(Item.project_id == project_id, Item.group_id.in_(some))
        query = query.where(Item.status != Status.DELETED).order_by(Item.group_id, Item.id)
        for item in session.scalars(query):
            found[item.group_id or 0].append(item)
    return found


def member_ids(session: Session, project_id: int, group_id: int) -> list[int]:
    """Of all members, those in the bin too."""
    query = select(Item.id).where(Item.project_id == project_id, Item.group_id == group_id)
    return list(session.scalars(query.order_by(Item.id)))


def of_items(session: Session, item_ids: Sequence[int]) -> dict[int, int]:
    """Item id -> group id, of those that are in a group."""
    found: dict[int, int] = {}
    for start in range(0, len(item_ids), MOST_VALUES):
        some = item_ids[start : start + MOST_VALUES]
        query = select(Item.id, Item.group_id).where(Item.id.in_(some), Item.group_id.is_not(None))
        found.update((item_id, group_id or 0) for item_id, group_id in session.execute(query))
    return found


def label_sets(session: Session, project_id: int, group_ids: Sequence[int]) -> dict[int, set[tuple[int, ...]]]:
    """Group id -> the different answers among its labeled items."""
    query = select(Item.group_id, Item.id, Label.class_id).join(Label, Label.item_id == Item.id, isouter=True)
    query = query.where(Item.project_id == project_id, Item.status == Status.LABELED)
    answers: dict[tuple[int, int], list[int]] = {}
    for start in range(0, len(group_ids), MOST_VALUES):
        some = query.where(Item.group_id.in_(group_ids[start : start + MOST_VALUES]))
        for group_id, item_id, class_id in session.execute(some):
            answer = answers.setdefault((group_id or 0, item_id), [])
            if class_id is not None:
                answer.append(class_id)
    found: dict[int, set[tuple[int, ...]]] = {}
    for (group_id, _), class_ids in answers.items():
        found.setdefault(group_id, set()).add(tuple(sorted(class_ids)))
    return found


def counts(session: Session, project_id: int) -> dict[str, int]:
    """{groups, items}: groups of two members or more that are not in the bin, and how many items those are."""
    sizes = select(Item.group_id, func.count().label("size")).where(
        Item.project_id == project_id, Item.group_id.is_not(None)
    )
    found = {row[0]: row[1] for row in session.execute(sizes.group_by(Item.group_id))}
    # The bin is small, and has an index of its own.
    binned = select(Item.group_id, func.count()).where(
        Item.project_id == project_id, Item.status == Status.DELETED, Item.group_id.is_not(None)
    )
    for group_id, number in session.execute(binned.group_by(Item.group_id)):
        found[group_id] -= number
    there = [size for size in found.values() if size > 1]
    return {"groups": len(there), "items": sum(there)}


def splits(session: Session, project_id: int) -> dict[int, set[Split]]:
    """Group id -> the splits that its members have, whether they are labeled or not. Groups without are missing."""
    query = select(Item.group_id, Item.split).where(
        Item.project_id == project_id, Item.split.is_not(None), Item.group_id.is_not(None)
    )
    found: dict[int, set[Split]] = {}
    for group_id, split in session.execute(query.distinct()):
        found.setdefault(group_id or 0, set()).add(Split(split or Split.TRAIN))
    return found


def splits_of(session: Session, project_id: int, group_ids: Sequence[int]) -> dict[int, set[Split]]:
    """The same for a few groups."""
    found: dict[int, set[Split]] = {}
    for start in range(0, len(group_ids), MOST_VALUES):
        query = select(Item.group_id, Item.split).where(
            Item.project_id == project_id, Item.group_id.in_(group_ids[start : start + MOST_VALUES])
        )
        for group_id, split in session.execute(query.where(Item.split.is_not(None)).distinct()):
            found.setdefault(group_id or 0, set()).add(Split(split or Split.TRAIN))
    return found


def straddling(session: Session, project_id: int) -> int:
    """How many groups have members in training and in validation or test as well."""
    judged = (Split.VALIDATION, Split.TEST)
    return sum(
        Split.TRAIN in each and any(split in each for split in judged) for each in splits(session, project_id).values()
    )


def lonely(session: Session, project_id: int) -> dict[int, int | None]:
    """Item id -> group id as it should be: of the only one that a group has left, and of groups whose first is gone."""
    first = func.min(Item.id)
    query = select(Item.group_id, first, func.count()).where(Item.project_id == project_id, Item.group_id.is_not(None))
    query = query.group_by(Item.group_id).having((first != Item.group_id) | (func.count() == 1))
    found: dict[int, int | None] = {}
    for group_id, first_id, size in session.execute(query).all():
        found.update(dict.fromkeys(member_ids(session, project_id, group_id or 0), first_id if size > 1 else None))
    return found


def hashes(session: Session, item_ids: Iterable[int]) -> dict[int, bytes]:
    """Item id -> content hash, of a few items."""
    query = select(Item.id, Item.content_hash).where(Item.id.in_(list(item_ids)[:MOST_VALUES]))
    return {row[0]: row[1] for row in session.execute(query)}
