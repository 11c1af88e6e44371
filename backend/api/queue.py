"""/api/projects/{p}/queue and /stats: what to label next, who has it in front of them, and how far it is."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from backend import errors, items, projects
from backend.api.paging import After, Limit, page
from backend.labeling import leases, queue, stats, worklists
from backend.labeling.checks import NAME_LENGTH
from db import items as item_rows
from db.models import Item, Project
from db.session import Session, reading

router = APIRouter(prefix="/projects", tags=["labels"])

MOST_LEFT_OUT = 1000
# Of texts of a megabyte each nobody needs sixty ahead; they come as they are wanted.
MOST_LETTERS = 2_000_000
Id = Annotated[int, Field(ge=0, lt=2**63)]
Order = Annotated[str, Query(description=" | ".join(queue.ORDERS))]
Without = Annotated[str, Query(description="ids of items that the caller holds already, with commas between")]
Holder = Annotated[str | None, Query(description="holds the items for this annotator, for 3 minutes")]
Tab = Annotated[str, Query(description="holds them for this tab only: up to 40 letters, digits and hyphens")]


class Hold(BaseModel):
    annotator: str = Field(min_length=1, max_length=NAME_LENGTH)
    tab: str = ""
    item_ids: list[Id] = Field(max_length=MOST_LEFT_OUT)
    again: list[Id] = Field(
        default_factory=list, max_length=MOST_LEFT_OUT, description="decided items of split:NAME or list:ID"
    )


@router.get("/{project_id}/queue")
def next_items(
    project_id: int,
    *,
    order: Order = "sequential",
    limit: Limit = 50,
    annotator: Holder = None,
    tab: Tab = "",
    exclude: Without = "",
    after: After = None,
) -> dict[str, Any]:
    """Items to do that nobody else holds. `next` is null where an order has no pages: go on with `exclude`.

    `looks_at` is there where an order looks at the first of them only: at so many. `split` {total, left} is there in
    the order split:NAME, whose items are labeled: how many of them have not been looked at. So is `list` {id, name,
    total, left} in the order list:ID, where an item's `note` says why it is in the list.
    """
    without = ids_in(exclude)
    who = leases.holder(annotator, tab) if annotator else None
    taken = queue.take(project_id, who, order, limit, without=without, after=after) if who else None
    with reading() as session:
        project = projects.get(session, project_id)
        if taken is None:
            found = queue.next_items(session, project, order, limit, without=without, after=after)
        else:
            found = item_rows.by_ids(session, taken)
        shown = not_too_long(found)
        answer = page(shown, len(shown) if len(shown) < len(found) else limit, items.as_json(session, project, shown))
        answer |= of_order(session, project, order)
        if listed := worklists.of_order(session, project, order):
            notes = worklists.notes(session, project, listed, [item.id for item in shown])
            answer["items"] = [item | {"note": notes.get(item["id"])} for item in answer["items"]]
    return answer if queue.has_pages(order) else answer | {"next": None}


def of_order(session: Session, project: Project, order: str) -> dict[str, Any]:
    """What an answer says beside the items, in some orders."""
    told = {
        "looks_at": queue.looks_at(order),
        "split": queue.left_of_split(session, project, order),
        "list": worklists.standing(session, project, order),
    }
    return {name: value for name, value in told.items() if value is not None}


def not_too_long(found: Sequence[Item]) -> Sequence[Item]:
    """The first of these: as many as have MOST_LETTERS together, and one at least."""
    letters = list(accumulate(len(item.text or "") for item in found))
    return found[: max(1, bisect_right(letters, MOST_LETTERS))]


@router.post("/{project_id}/queue/hold")
def hold(project_id: int, wanted: Hold) -> dict[str, list[int]]:
    """Hold exactly these for 3 minutes more, and let go of the caller's others. An empty list lets go of all.

    `lost` are those that somebody else holds, that are decided, or that are not in the project.
    """
    found = leases.hold(project_id, leases.holder(wanted.annotator, wanted.tab), wanted.item_ids, wanted.again)
    return {"held": found.held, "lost": found.lost}


@router.get("/{project_id}/stats")
def project_stats(project_id: int) -> dict[str, Any]:
    with reading() as session:
        return stats.of(session, projects.get(session, project_id))


def ids_in(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST_LEFT_OUT or not all(part.isdecimal() and len(part) < 19 for part in parts):
        raise errors.Invalid(
            "The items to leave out cannot be read.", f"Send at most {MOST_LEFT_OUT} item ids with commas between them."
        )
    return [int(part) for part in parts]
