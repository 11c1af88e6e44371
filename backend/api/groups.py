"""/api/projects/{p}/groups: groups of near-duplicates, found by a job, labeled and taken apart."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from backend import errors, grouping, projects
from backend.api.labels import AnnotatorName, EventId, Id, carry_out
from backend.api.paging import Limit
from backend.grouping import view
from backend.labeling import bulk
from db import groups as rows
from db.session import reading, writing

router = APIRouter(tags=["groups"])


class Search(BaseModel):
    likeness: Literal["strict", "usual", "loose"] | None = Field(
        default=None, description="left out: as the last time, `usual` at first"
    )


class Label(BaseModel):
    annotator: AnnotatorName = "me"
    class_ids: list[Id] = Field(max_length=1000)
    event_id: EventId


@router.post("/projects/{project_id}/groups", status_code=202)
def find(project_id: int, new: Search | None = None) -> dict[str, Any]:
    """Look for near-duplicates among what is new; with another likeness among everything."""
    with writing() as session:
        project = projects.get(session, project_id)
        return {"job_id": grouping.start(session, project, new.likeness if new else None).id}


@router.get("/projects/{project_id}/groups")
def list_groups(
    project_id: int,
    *,
    sort: Literal["oldest", "largest"] = "oldest",
    disagree: bool = False,
    after: Annotated[str | None, Field(max_length=60)] = None,
    limit: Limit = 20,
) -> dict[str, Any]:
    """With `disagree` only groups whose labels differ: a page of these may be short and still have a next one.

    The first of `items` is the centre of its group: `similarity` tells how like it the others are.
    """
    with reading() as session:
        project = projects.get(session, project_id)
        return view.page(session, project, largest_first=sort == "largest", disagree=disagree, after=after, limit=limit)


@router.get("/projects/{project_id}/groups/counts")
def count(project_id: int) -> dict[str, Any]:
    """`straddling`: groups that lie in training and in validation or test; training leaves their copies out."""
    with reading() as session:
        project = projects.get(session, project_id)
        job = rows.newest_job(session, project.id)
        return {
            **rows.counts(session, project.id),
            "straddling": rows.straddling(session, project.id),
            "likeness": grouping.used(session, project.id),
            "job_id": job.id if job else None,
        }


@router.post("/projects/{project_id}/groups/{group_id}/label")
def label(project_id: int, group_id: int, new: Label, response: Response) -> dict[str, Any]:
    """Label all items of a group as one decision, which one undo takes back."""
    with reading() as session:
        project = projects.get(session, project_id)
        members = rows.members(session, project.id, [group_id])[group_id]
        if not members:
            raise errors.NotFound(f"There is no group {group_id} in this project.", "GET …/groups lists them.")
        wanted = bulk.Wanted(class_ids=new.class_ids, item_ids=[each.id for each in members])
    return carry_out(project, new.annotator, wanted, new.event_id, response, count=len(members))


@router.delete("/projects/{project_id}/groups/{group_id}/items/{item_id}")
def take_out(project_id: int, group_id: int, item_id: int) -> dict[str, Any]:
    """It is not the same as the others, and is not put back when near-duplicates are looked for again."""
    with writing() as session:
        return grouping.take_out(session, projects.get(session, project_id), group_id, item_id)
