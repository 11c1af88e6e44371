"""/api/projects/{p}/labels: record decisions, undo and redo them, label many at once; and what happened to an item."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend import items, projects
from backend.api.paging import After, Limit, page
from backend.labeling import labels, stats
from backend.labeling.checks import NAME_LENGTH
from backend.suggesting import learn
from db import decisions as rows
from db import items as item_rows
from db.models import LabelEvent, Project
from db.session import Session, reading, writing

router = APIRouter(tags=["labels"])

Id = Annotated[int, Field(ge=0, lt=2**63)]
EventId = Annotated[str, Field(min_length=1, max_length=60)]
AnnotatorName = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
# A page shows no more than these; `item_ids` names all.
SHOWN = 50


class Event(BaseModel):
    event_id: EventId
    item_id: Id
    action: str = Field(description="label, skip, flag or clear")
    class_ids: list[Id] = Field(default_factory=list, max_length=1000)
    seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    suggestion_id: Id | None = None


class Events(BaseModel):
    annotator: AnnotatorName = "me"
    events: list[Event] = Field(max_length=1000)


class Who(BaseModel):
    annotator: AnnotatorName = "me"
    event_id: EventId | None = Field(default=None, description="makes it safe to send again")


class Bulk(BaseModel):
    annotator: AnnotatorName = "me"
    item_ids: list[Id] = Field(max_length=10_000)
    class_ids: list[Id]
    event_id: EventId


@router.post("/projects/{project_id}/labels")
def record(project_id: int, new: Events) -> dict[str, Any]:
    with writing() as session:
        project = projects.get(session, project_id)
        recorded = labels.record(session, project, new.annotator, [event.model_dump() for event in new.events])
    return {"acked": recorded.acked, "rejected": recorded.rejected, "progress": after_change(project)}


@router.post("/projects/{project_id}/labels/bulk")
def bulk(project_id: int, new: Bulk) -> dict[str, Any]:
    with writing() as session:
        project = projects.get(session, project_id)
        recorded = labels.bulk(session, project, new.annotator, new.item_ids, new.class_ids, event_id=new.event_id)
    return {"acked": recorded.acked, "rejected": recorded.rejected, "progress": after_change(project)}


@router.post("/projects/{project_id}/labels/undo")
def undo(project_id: int, who: Who | None = None) -> dict[str, Any]:
    return move(project_id, who or Who(), labels.undo)


@router.post("/projects/{project_id}/labels/redo")
def redo(project_id: int, who: Who | None = None) -> dict[str, Any]:
    return move(project_id, who or Who(), labels.redo)


def move(project_id: int, who: Who, way: Callable[[Session, Project, str, str], labels.Moved]) -> dict[str, Any]:
    """The answer names the items that changed, shows the first of them, and counts those left as they are."""
    with writing() as session:
        project = projects.get(session, project_id)
        moved = way(session, project, who.annotator, who.event_id or str(uuid4()))
    with reading() as session:
        shown = items.as_json(session, project, item_rows.by_ids(session, moved.item_ids[:SHOWN]))
    return {
        "changed": len(moved.item_ids),
        "left": moved.left,
        "item_ids": moved.item_ids,
        "items": shown,
        "progress": after_change(project),
    }


@router.get("/items/{item_id}/history")
def history(item_id: int, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    with reading() as session:
        item = items.get(session, item_id)
        events = rows.of_item(session, item.id, after, limit)
        names = rows.annotator_names(session, [event.annotator_id for event in events])
        return page(events, limit, [event_as_json(event, names[event.annotator_id]) for event in events])


def after_change(project: Project) -> dict[str, int]:
    """Tell the suggester, and say how far the labeling is."""
    learn.labels_changed(project.id)
    with reading() as session:
        return stats.progress(session, project)


def event_as_json(event: LabelEvent, annotator: str) -> dict[str, Any]:
    fields = ("id", "event_id", "action", "class_ids", "before", "seconds", "suggestion_id", "agreed")
    return {
        **{field: getattr(event, field) for field in fields},
        "annotator": annotator,
        "created_at": event.created_at.isoformat(),
    }
