"""Walking the items that fit a filter in the order of their ids, window by window, and counting them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, case, exists, select

from db import words
from db.browse_parts import FEW, ITEMS, Plan, Stream, count, cut, fits, plan, streams, suggested
from db.models import PRESENT, ItemCount, Status
from db.session import Session

if TYPE_CHECKING:
    from db.items import Filter

Cursor = int | str
# Fewer are walked before anything else is asked; more are as many as there may be.
SMALL, LARGE = 1_000, 50_000
WINDOW, LARGEST_WINDOW = 200, 20_000
# To look for the beginning of a word costs the same for few items as for many.
BEGINNING_WINDOW = 2_000
# A window takes about as long, so that the time is looked at often enough.
WINDOW_S = 0.02


@dataclass
class Found:
    """Ids in order, where the next page begins (None: this was the last) and how many items were looked at."""

    ids: list[int] = field(default_factory=list)
    next: Cursor | None = None
    looked_at: int = 0


@dataclass(frozen=True)
class Part:
    """A stretch of ids, from `from_` to `upto`, that is walked one way: the one the index of words has, or the rest."""

    planned: Plan
    is_indexed: bool
    newest_first: bool
    is_counted: bool
    upto: int | None
    from_: int | None


def by_id(
    session: Session,
    planned: Plan,
    *,
    newest_first: bool,
    after: int | None,
    limit: int,
    upto: int | None = None,
    deadline: float | None = None,
) -> Found:
    found = Found()
    for seen in windows(session, planned, newest_first=newest_first, after=after, upto=upto):
        found.looked_at += len(seen)
        found.ids += [row.id for row in seen if row.fits]
        if len(found.ids) > limit:
            del found.ids[limit:]
            found.next = found.ids[-1]
            break
        if deadline is not None and time.monotonic() > deadline:
            found.next = seen[-1].id
            break
    return found


def total(session: Session, project_id: int, wanted: "Filter", budget_s: float | None = None) -> dict[str, Any]:
    """{count, labeled, is_exact}: how many items fit, and how many of those have a label.

    Without is_exact they are at least so many: the budget of time ran out.
    """
    if wanted == type(wanted)(status=wanted.status):
        query = select(ItemCount.status, ItemCount.count).where(ItemCount.project_id == project_id)
        statuses = [wanted.status] if wanted.status is not None else list(PRESENT)
        found = dict(session.execute(query.where(ItemCount.status.in_(statuses))).all())
        return {"count": sum(found.values()), "labeled": found.get(Status.LABELED, 0), "is_exact": True}
    counted = {"count": 0, "labeled": 0, "is_exact": True}
    planned = plan(session, project_id, wanted)
    if planned is None:
        return counted
    deadline = None if budget_s is None else time.monotonic() + budget_s
    for seen in windows(session, planned, newest_first=False, after=None, is_counted=True):
        counted["count"] += sum(row.fits for row in seen)
        counted["labeled"] += sum(row.fits and row.is_labeled for row in seen)
        if deadline is not None and time.monotonic() > deadline:
            counted["is_exact"] = False
            break
    return counted


def windows(
    session: Session,
    planned: Plan,
    *,
    newest_first: bool,
    after: int | None,
    upto: int | None = None,
    is_counted: bool = False,
) -> Iterator[list[Any]]:
    """Rows (id, fits; is_labeled when counted) of what the smallest index holds, in the order of the ids, as many
    at once as some 20 ms give."""
    edge = planned.indexed_upto if planned.matches is not None else None
    parts = [(True, None, edge), (False, edge, None)] if edge is not None else [(False, None, None)]
    for is_indexed, above, below in reversed(parts) if newest_first else parts:
        top = min((each for each in (upto, below) if each is not None), default=None)
        begin = after
        if above is not None and not newest_first:
            begin = max(above, after or 0)
        bottom = None if above is None or not newest_first else above + 1
        part = Part(planned, is_indexed, newest_first, is_counted, top, bottom)
        yield from _of_part(session, part, begin)


def _of_part(session: Session, part: Part, place: int | None) -> Iterator[list[Any]]:
    there = streams(part.planned, is_indexed=part.is_indexed)
    driver = _smallest(session, part.planned, there)
    stream = there.get(driver) or suggested(part.planned)
    assert stream is not None
    others = [each for name, each in there.items() if name not in (driver, "status")]
    size = WINDOW if not words.is_beginning(part.planned.wanted.text) else BEGINNING_WINDOW
    while True:
        for other in others:
            # What comes before the next of any index fits nowhere.
            ahead = session.execute(_next(part, other, place, 1)).scalar()
            if ahead is None:
                return
            place = ahead + (1 if part.newest_first else -1)
        began = time.monotonic()
        seen = list(session.execute(_looked(part, _next(part, stream, place, size).cte("window"), driver)))
        if seen:
            place = seen[-1].id
            yield seen
        if len(seen) < size:
            return
        size = next_size(size, time.monotonic() - began)


def _next(part: Part, stream: Stream, place: int | None, limit: int) -> Select[Any]:
    return cut(stream, after=place, upto=part.upto, newest_first=part.newest_first, limit=limit, from_=part.from_)


def _looked(part: Part, window: Any, driver: str) -> Select[Any]:
    is_labeled = exists(select(1).select_from(ITEMS).where(ITEMS.c.id == window.c.id, ITEMS.c.status == Status.LABELED))
    query = select(
        window.c.id,
        case((fits(part.planned, window, driver), 1), else_=0).label("fits"),
        *([case((is_labeled, 1), else_=0).label("is_labeled")] if part.is_counted else []),
    )
    return query.order_by(window.c.id.desc() if part.newest_first else window.c.id)


def next_size(size: int, took_s: float) -> int:
    return max(WINDOW, min(LARGEST_WINDOW, 4 * size, int(size * WINDOW_S / max(took_s, 0.001))))


def _smallest(session: Session, planned: Plan, there: dict[str, Stream]) -> str:
    """The name of the stream with the fewest items. Of large ones words come first: they cost most to check."""
    guesses = suggested(planned)
    if len(there) == 1 and guesses is None:
        # Nothing to choose from: an export or a bulk action comes here for every few items.
        return next(iter(there))
    for most in (SMALL, LARGE):
        counts = {name: count(session, stream, most) for name, stream in there.items()}
        if guesses is not None:
            number = count(session, guesses, min(most, FEW))
            if number < min(most, FEW):
                counts["suggested"] = number
        name = min(counts, key=counts.__getitem__)
        if counts[name] < most:
            return name
    return next(iter(there))
