"""/api/projects/{p}/items/delete and /restore, and /api/projects/{p}/bin: undoable until the bin is emptied."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from backend import errors, projects
from backend.api.filtering import Which
from backend.api.labels import AnnotatorName, EventId, Id, after_change, counted_or_done
from backend.labeling import bulk, emptying
from db import items as rows
from db.models import Action, Status
from db.session import reading, writing

router = APIRouter(prefix="/projects/{project_id}", tags=["items"])


class Named(BaseModel):
    """`filter` or `item_ids`."""

    model_config = ConfigDict(extra="forbid")

    annotator: AnnotatorName = "me"
    item_ids: list[Id] = Field(default_factory=list, max_length=10_000)
    filter: Which | None = None
    event_id: EventId

    def wanted(self, project_id: int, action: Action) -> bulk.Wanted:
        """Raises Invalid when it names no items, or names them in two ways."""
        if (self.filter is not None) == bool(self.item_ids):
            raise errors.Invalid("Items are named in one way.", "Send one of filter and item_ids; {} as filter is all.")
        which = self.filter
        if which is not None and action == Action.RESTORE:
            if which.status not in (None, Status.DELETED):
                raise errors.Invalid("Only what is in the bin can be restored.", "Leave the status out.")
            which = which.model_copy(update={"status": Status.DELETED})
        chosen = which.as_filter(project_id) if which is not None else None
        return bulk.Wanted(action=action, filter=chosen, item_ids=self.item_ids)


@router.post("/items/delete")
def delete(project_id: int, new: Named, response: Response, *, dry_run: bool = False) -> dict[str, Any]:
    """Into the bin, as one decision that one undo takes back. `dry_run` only counts; over 5,000 are a job."""
    wanted = new.wanted(project_id, Action.DELETE)
    return counted_or_done(project_id, new.annotator, wanted, new.event_id, response, dry_run=dry_run)


@router.post("/items/restore")
def restore(project_id: int, new: Named, response: Response, *, dry_run: bool = False) -> dict[str, Any]:
    """Out of the bin, each as it was before it was deleted. GET …/items?status=deleted lists them."""
    wanted = new.wanted(project_id, Action.RESTORE)
    return counted_or_done(project_id, new.annotator, wanted, new.event_id, response, dry_run=dry_run)


@router.delete("/bin")
def empty(project_id: int, response: Response, *, dry_run: bool = False) -> dict[str, Any]:
    """Remove what is in the bin for ever: {removed}, or {job_id} when that takes a while. `dry_run` only counts."""
    with reading() as session:
        project = projects.get(session, project_id)
        count, is_small = rows.count(session, project.id, Status.DELETED), emptying.is_small(session, project)
    if dry_run:
        return {"count": count}
    if is_small:
        return {"removed": emptying.at_once(project.id), **after_change(project, "me")}
    with writing() as session:
        job = emptying.start(session, project)
    response.status_code = 202
    return {"count": count, "job_id": job.id}
