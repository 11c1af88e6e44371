"""What an export reads, a few thousand items at a time: tuples, for an object a row costs more than the row.

Every function takes ids of items, ascending, and gives what stands beside them; items without it are missing.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select

from db.models import (
    BY_ITEM,
    Annotator,
    GoldLabel,
    Item,
    ItemSource,
    Label,
    LabelClass,
    LabelEvent,
    Prediction,
    Suggestion,
    table,
)
from db.session import Session, direct

# A statement may be so long on every database; ids are whole numbers, so they are written into it.
AT_ONCE = 2_000
IDS: Any = bindparam("ids", expanding=True, literal_execute=True)
FIRST: Any = bindparam("first")
LAST: Any = bindparam("last")
ITEMS, LABELS, GOLD, SOURCES = table(Item), table(Label), table(GoldLabel), table(ItemSource)
EVENTS, GUESSES, ANSWERS = table(LabelEvent), table(Suggestion), table(Prediction)
COLUMNS = (
    "id", "content_hash", "text", "media_type", "source", "status", "split", "annotator_id", "decided_at",
    "last_event_id", "meta",
)  # fmt: skip


def _in_parts(session: Session, query: Select[Any], column: Any, ids: Sequence[int], **more: Any) -> Iterator[Any]:
    """The rows whose `column` is one of the ids, which ascend."""
    connection = direct(session)
    for start in range(0, len(ids), AT_ONCE):
        some = list(ids[start : start + AT_ONCE])
        values: dict[str, Any]
        if some[-1] - some[0] == len(some) - 1:
            # Without a gap: to name each would take as long as to read it.
            near, values = column.between(FIRST, LAST), {"first": some[0], "last": some[-1]}
        else:
            near, values = column.in_(IDS), {"ids": some}
        yield from connection.execute(query.where(near), values | more).all()


def columns(session: Session, item_ids: Sequence[int], names: Sequence[str]) -> list[list[Any]]:
    """One list for each of `names`, in the order of the ids, which must ascend. Items that are gone are missing."""
    query = select(*(ITEMS.c[name] for name in names)).order_by(ITEMS.c.id)
    rows = list(_in_parts(session, query, ITEMS.c.id, item_ids))
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]


def class_ids(session: Session, item_ids: Sequence[int], *, gold: bool = False) -> dict[int, list[int]]:
    source = GOLD if gold else LABELS
    found: dict[int, list[int]] = {}
    query = select(source.c.item_id, source.c.class_id)
    for item_id, class_id in _in_parts(session, query, source.c.item_id, item_ids):
        found.setdefault(item_id, []).append(class_id)
    return found


def sources(session: Session, item_ids: Sequence[int]) -> dict[int, list[str]]:
    """The other places of the same content."""
    found: dict[int, list[str]] = {}
    query = select(SOURCES.c.item_id, SOURCES.c.source)
    for item_id, source in _in_parts(session, query, SOURCES.c.item_id, item_ids):
        found.setdefault(item_id, []).append(source)
    return found


def seconds(session: Session, event_ids: Sequence[int]) -> dict[int, float | None]:
    """Event id -> how long the person looked before they decided."""
    query = select(EVENTS.c.id, EVENTS.c.seconds)
    return {row[0]: row[1] for row in _in_parts(session, query, EVENTS.c.id, sorted(set(event_ids)))}


def guesses(session: Session, set_id: int, item_ids: Sequence[int]) -> dict[int, tuple[int, float, bytes]]:
    """Item id -> (class id, confidence, packed scores) in this suggestion set."""
    query = select(GUESSES.c.item_id, GUESSES.c.class_id, GUESSES.c.confidence, GUESSES.c.scores)
    query = query.where(GUESSES.c.set_id == bindparam("set_id"))
    query = query.with_hint(GUESSES, BY_ITEM, "sqlite")
    return {
        row[0]: (row[1], row[2], row[3])
        for row in _in_parts(session, query, GUESSES.c.item_id, item_ids, set_id=set_id)
    }


def answers(session: Session, run_id: int, item_ids: Sequence[int]) -> dict[int, tuple[int, float, bytes]]:
    """Item id -> (class id, confidence, packed scores) of this run."""
    query = select(ANSWERS.c.item_id, ANSWERS.c.class_id, ANSWERS.c.confidence, ANSWERS.c.scores)
    query = query.where(ANSWERS.c.run_id == bindparam("run_id"))
    return {
        row[0]: (row[1], row[2], row[3])
        for row in _in_parts(session, query, ANSWERS.c.item_id, item_ids, run_id=run_id)
    }


def annotators(session: Session) -> dict[int, str]:
    return {row[0]: row[1] for row in direct(session).execute(select(table(Annotator).c.id, table(Annotator).c.name))}


def classes(session: Session, project_id: int) -> dict[int, str]:
    """Id -> name, in the order of the classes, with archived ones and without those that were merged or deleted."""
    kept = table(LabelClass)
    query = select(kept.c.id, kept.c.name).where(kept.c.project_id == project_id, kept.c.gone_name.is_(None))
    return {row[0]: row[1] for row in direct(session).execute(query.order_by(kept.c.position, kept.c.id))}


def some_meta(session: Session, project_id: int, limit: int) -> list[dict[str, Any]]:
    """`meta` of the oldest and newest items: enough to know which columns the data came with."""
    query = select(ITEMS.c.meta).where(ITEMS.c.project_id == project_id, ITEMS.c.status == bindparam("status"))
    found: list[dict[str, Any]] = []
    for status in ("todo", "labeled", "skipped", "flagged"):
        for order in (ITEMS.c.id, ITEMS.c.id.desc()):
            rows = direct(session).execute(query.order_by(order).limit(limit), {"status": status}).scalars()
            found += [meta for meta in rows if meta]
    return found
