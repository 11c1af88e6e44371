"""Every list of the API is a page: {"items": […], "next": CURSOR or null}, read on with `after=CURSOR`."""

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=500)]
After = Annotated[int | None, Query(description="`next` of the page before")]


class HasId(Protocol):
    id: Any


def page(rows: Sequence[HasId], limit: int, shown: list[dict[str, Any]]) -> dict[str, Any]:
    """`rows` are the page's rows, fetched with `limit`; `shown` is how each looks."""
    return {"items": shown, "next": rows[-1].id if len(rows) == limit else None}
