"""/api/projects/{p}/queue and /stats: what to label next, and how far it is."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from backend import errors, items, projects
from backend.api.paging import After, Limit, page
from backend.labeling import queue, stats
from db.session import reading

router = APIRouter(prefix="/projects", tags=["labels"])

MOST_LEFT_OUT = 1000
Order = Annotated[str, Query(description=" | ".join(queue.ORDERS))]
Without = Annotated[str, Query(description="ids of items that the caller holds already, with commas between")]


@router.get("/{project_id}/queue")
def next_items(
    project_id: int, order: Order = "sequential", limit: Limit = 50, after: After = None, exclude: Without = ""
) -> dict[str, Any]:
    with reading() as session:
        project = projects.get(session, project_id)
        found = queue.next_items(session, project, order, limit, without=ids_in(exclude), after=after)
        return page(found, limit, items.as_json(session, project, found))


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
