"""Items that fit a filter in another order than that of their ids: how sure the suggestion is, when it was decided."""

import time
from typing import Any, Literal

from sqlalchemy import Select, case, select, text, tuple_

from db.browse_parts import FEW, ITEMS, SUGGESTIONS, Plan, confident, count, fits, streams, suggested
from db.browse_walk import WINDOW, Cursor, Found, by_id, next_size
from db.models import BY_ITEM, LabelEvent, table
from db.session import Session

Sort = Literal["oldest", "newest", "least_sure", "surest", "decided"]
EVENTS = table(LabelEvent)
# A statement may name no more values than every database allows.
AT_ONCE = 500


class BadCursor(ValueError):
    """It was not given by a page of this order."""


def few(session: Session, planned: Plan, deadline: float | None) -> list[int] | None:
    """All that fit, when one part of the filter holds but a few thousand; None when each holds more."""
    there = streams(planned, is_indexed=True)
    numbers = [count(session, stream, FEW) for stream in there.values()]
    if guesses := suggested(planned):
        numbers.append(count(session, guesses, FEW))
    if min(numbers) >= FEW:
        return None
    found = by_id(session, planned, newest_first=False, after=None, limit=2 * FEW, deadline=deadline)
    return found.ids if found.next is None else None


def in_memory(
    session: Session, planned: Plan, item_ids: list[int], sort: Sort, *, after: Cursor | None, limit: int
) -> Found:
    placed: list[tuple[float, int, int]] = []
    for start in range(0, len(item_ids), AT_ONCE):
        query = _places(planned, sort, item_ids[start : start + AT_ONCE])
        placed += [(row.by, row.place, row.id) for row in session.execute(query)]
    is_falling = sort != "least_sure"
    placed.sort(reverse=is_falling)
    if after is not None:
        place = _read(sort, after)
        placed = [each for each in placed if (each[:2] < place if is_falling else each[:2] > place)]
    shown = placed[:limit]
    following = _written(sort, *shown[-1][:2]) if len(placed) > limit else None
    return Found([each[2] for each in shown], following, len(item_ids))


def _places(planned: Plan, sort: Sort, item_ids: list[int]) -> Select[Any]:
    if sort == "decided":
        at = ITEMS.c.last_event_id
        return select(ITEMS.c.id, at.label("by"), at.label("place")).where(ITEMS.c.id.in_(item_ids), at.is_not(None))
    query = select(SUGGESTIONS.c.item_id.label("id"), _by(planned).label("by"), SUGGESTIONS.c.id.label("place"))
    query = query.where(SUGGESTIONS.c.set_id == planned.set_id, SUGGESTIONS.c.item_id.in_(item_ids))
    return query.with_hint(SUGGESTIONS, BY_ITEM, "sqlite")


def _by(planned: Plan) -> Any:
    """What tells how sure a suggestion is. Of one class the index is by confidence."""
    return SUGGESTIONS.c.margin if planned.wanted.suggestion is None else SUGGESTIONS.c.confidence


def walked(
    session: Session, planned: Plan, sort: Sort, *, after: Cursor | None, limit: int, deadline: float | None
) -> Found:
    found = Found()
    at = None if after is None else _read(sort, after)
    size = WINDOW
    while True:
        began = time.monotonic()
        window = _ordered(planned, sort, at, size).cte("window")
        more = [text("checked_items.last_event_id = window.place")] if sort == "decided" else []
        fit = case((fits(planned, window, "", *more), 1), else_=0).label("fits")
        by = window.c.by if sort == "least_sure" else window.c.by.desc()
        place = window.c.place if sort == "least_sure" else window.c.place.desc()
        seen = session.execute(select(window, fit).order_by(by, place)).all()
        for row in seen:
            at = (row.by, row.place)
            found.looked_at += 1
            if row.fits:
                found.ids.append(row.id)
            if len(found.ids) == limit:
                break
        is_end = len(seen) < size and (not seen or at == (seen[-1].by, seen[-1].place))
        is_full = len(found.ids) == limit
        if is_end or is_full or (deadline is not None and time.monotonic() > deadline):
            found.next = None if is_end or at is None else _written(sort, *at)
            return found
        size = next_size(size, time.monotonic() - began)


def _ordered(planned: Plan, sort: Sort, at: tuple[float, int] | None, size: int) -> Select[Any]:
    """The next items in the order of a sort, whatever else they are."""
    if sort == "decided":
        by = place = EVENTS.c.id
        query = select(EVENTS.c.item_id.label("id"), by.label("by"), place.label("place"))
        query = query.where(EVENTS.c.project_id == planned.project_id)
        query = query.with_hint(EVENTS, "INDEXED BY events_by_project", "sqlite")
    else:
        by, place = _by(planned), SUGGESTIONS.c.id
        query = select(SUGGESTIONS.c.item_id.label("id"), by.label("by"), place.label("place"))
        query = query.where(SUGGESTIONS.c.set_id == planned.set_id)
        if planned.wanted.suggestion is not None:
            query = query.where(SUGGESTIONS.c.class_id == planned.wanted.suggestion, *confident(planned.wanted))
    if at is not None:
        # Of a decision both are the same number: a pair of them would keep SQLite from its index.
        here: Any = place if sort == "decided" else tuple_(by, place)
        there: Any = at[1] if sort == "decided" else tuple_(*at)
        query = query.where(here > there if sort == "least_sure" else here < there)
    if sort == "least_sure":
        return query.order_by(by, place).limit(size)
    return query.order_by(*([place.desc()] if sort == "decided" else [by.desc(), place.desc()])).limit(size)


def _written(sort: Sort, by: float, place: int) -> str:
    return str(place) if sort == "decided" else f"{by!r}~{place}"


def _read(sort: Sort, cursor: Cursor) -> tuple[float, int]:
    first, tilde, second = str(cursor).partition("~")
    try:
        return (float(first), int(second)) if tilde else (int(first), int(first))
    except ValueError:
        raise BadCursor(cursor) from None
