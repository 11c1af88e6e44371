"""Items that fit a filter, in an order, a page at a time: as quick in a million items as in a thousand.

The index with the fewest items gives them in order, in windows, and each is looked at for the rest of the filter. What
is rare in a large project may take many windows: with a budget of time the page then ends early, and goes on where it
stopped.
"""

import time
from typing import TYPE_CHECKING

from db import browse_orders as orders
from db.browse_orders import BadCursor, Sort
from db.browse_parts import plan
from db.browse_walk import Cursor, Found, by_id, total
from db.session import Session

if TYPE_CHECKING:
    from db.items import Filter

__all__ = ["BUDGET_S", "BadCursor", "Cursor", "Found", "Sort", "page", "total"]

BUDGET_S = 0.12


def page(
    session: Session,
    project_id: int,
    wanted: "Filter",
    *,
    sort: Sort = "oldest",
    after: Cursor | None = None,
    limit: int = 50,
    budget_s: float | None = BUDGET_S,
) -> Found:
    """The next items behind `after`, `next` of the page before. It may have fewer than `limit`, even none, and yet a
    next one, when the time ran out. By suggestion and by decision, what has none is left out. Raises BadCursor.
    """
    deadline = None if budget_s is None else time.monotonic() + budget_s
    planned = plan(session, project_id, wanted)
    if planned is None or (sort in ("least_sure", "surest") and planned.set_id is None):
        return Found()
    if sort in ("oldest", "newest"):
        behind = int_cursor(after)
        return by_id(session, planned, newest_first=sort == "newest", after=behind, limit=limit, deadline=deadline)
    few = orders.few(session, planned, deadline)
    if few is not None:
        return orders.in_memory(session, planned, few, sort, after=after, limit=limit)
    return orders.walked(session, planned, sort, after=after, limit=limit, deadline=deadline)


def int_cursor(after: Cursor | None) -> int | None:
    try:
        return None if after is None else int(after)
    except ValueError:
        raise BadCursor(after) from None
