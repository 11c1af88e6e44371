"""/api/projects/{p}/worklists: items to look at once more, in an order. The queue brings them in the order list:ID."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend import projects
from backend.api.paging import After, Limit, page
from backend.labeling import worklists
from db import worklists as rows
from db.session import reading, writing

router = APIRouter(prefix="/projects/{project_id}/worklists", tags=["labels"])

Id = Annotated[int, Field(ge=0, lt=2**63)]


class New(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="", max_length=worklists.NAME_LENGTH)
    item_ids: list[Id] = Field(description="in the order to look at them")
    notes: dict[Id, str] = Field(
        default_factory=dict, description="item id -> why it is in the list; kept for the first 20,000"
    )


@router.post("", status_code=201)
def start(project_id: int, new: New) -> dict[str, Any]:
    with reading() as session:
        worklists.refuse_foreign(session, projects.get(session, project_id), new.item_ids[: worklists.MOST])
    with writing() as session:
        project = projects.get(session, project_id)
        worklist = worklists.start(session, project, new.name, new.item_ids, new.notes)
        return {"id": worklist.id, "order": worklists.order_of(worklist), "total": len(worklists.item_ids(worklist))}


@router.get("")
def newest(project_id: int, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    """Newest first. A project keeps its newest 100."""
    with reading() as session:
        found = rows.listed(session, projects.get(session, project_id).id, limit, after)
        return page(found, limit, [{**asdict(each), "order": worklists.order_of(each)} for each in found])


@router.get("/{worklist_id}")
def get(project_id: int, worklist_id: int) -> dict[str, Any]:
    """`left` are those of its items that nobody has looked at since it was made."""
    with reading() as session:
        project = projects.get(session, project_id)
        order = f"list:{worklist_id}"
        return {"order": order, **(worklists.standing(session, project, order) or {})}
