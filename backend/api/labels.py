"""/api/projects/{p}/labels: record decisions, undo and redo them, label many at once; and what happened to an item."""

from functools import partial
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from backend import class_history, classes, errors, items, projects
from backend.api.filtering import Which
from backend.api.paging import After, Limit, page
from backend.labeling import bulk as many
from backend.labeling import labels, moves, stats
from backend.labeling.checks import NAME_LENGTH
from backend.suggesting import learn
from db import decisions as rows
from db import items as item_rows
from db.models import LabelEvent, Project
from db.session import reading, writing

router = APIRouter(tags=["labels"])

Id = Annotated[int, Field(ge=0, lt=2**63)]
EventId = Annotated[str, Field(min_length=1, max_length=60)]
AnnotatorName = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
# A page shows no more than these; `item_ids` names more.
SHOWN = 50
COUNT_S = 0.15


class Suggested(BaseModel):
    class_id: Id
    confidence: float = Field(ge=0, le=1)
    is_hidden: bool = False


class Decided(BaseModel):
    """What somebody decided on one item, and what they saw then."""

    item_id: Id
    class_ids: list[Id] = Field(default_factory=list, max_length=1000)
    suggested: Suggested | None = Field(default=None, description="what the person was shown")
    over: EventId | None = Field(default=None, description="the decision that was seen on the item: an item's `over`")

    def as_event(self) -> dict[str, Any]:
        """Without `over` where the client did not say what it saw."""
        return self.model_dump(exclude=None if "over" in self.model_fields_set else {"over"})


class Event(Decided):
    event_id: EventId
    action: str = Field(
        max_length=20, description="label, skip, flag, clear, or check: a second look that changes nothing"
    )
    seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    suggestion_id: Id | None = None


class Events(BaseModel):
    annotator: AnnotatorName = "me"
    events: list[Event] = Field(max_length=1000)


class Who(BaseModel):
    annotator: AnnotatorName = "me"
    event_id: EventId | None = Field(default=None, description="makes it safe to send again")


class WhoAndWhat(Who):
    only: EventId | None = Field(default=None, description="the event_id of the decision that is to be taken back")


class One(Decided):
    class_ids: list[Id] = Field(max_length=1000)


class Bulk(BaseModel):
    """`filter` or `item_ids`, all with `class_ids`; or `items`, each with classes of its own."""

    model_config = ConfigDict(extra="forbid")

    annotator: AnnotatorName = "me"
    item_ids: list[Id] = Field(default_factory=list, max_length=10_000)
    filter: Which | None = None
    items: list[One] = Field(default_factory=list, max_length=1_000)
    class_ids: list[Id] = Field(default_factory=list, max_length=1000)
    event_id: EventId

    def wanted(self, project_id: int) -> many.Wanted:
        """Raises Invalid when it names no items, names them in two ways, or one of `items` twice."""
        named = [self.filter is not None, bool(self.item_ids), bool(self.items)]
        if sum(named) != 1:
            raise errors.Invalid(
                "A bulk label names its items in one way.",
                "Send one of filter, item_ids and items; {} as filter is all.",
            )
        if len({one.item_id for one in self.items}) < len(self.items):
            raise errors.Invalid("An item is named twice.", "Send each item once.")
        chosen = None if self.filter is None else self.filter.as_filter(project_id)
        return many.Wanted(
            class_ids=self.class_ids,
            filter=chosen,
            item_ids=self.item_ids,
            each=[one.as_event() for one in self.items],
        )


@router.post("/projects/{project_id}/labels")
def record(project_id: int, new: Events) -> dict[str, Any]:
    """`conflicts` are decisions of others that these replaced unseen; `pace` is the annotator's own."""
    with writing() as session:
        project = projects.get(session, project_id)
        recorded = labels.record(session, project, new.annotator, [event.as_event() for event in new.events])
        standing = stats.standing(session, project, new.annotator)
    learn.labels_changed(project_id)
    return {
        "acked": recorded.acked,
        "rejected": recorded.rejected,
        "conflicts": recorded.conflicts,
        **standing,
    }


@router.post("/projects/{project_id}/labels/bulk")
def bulk(project_id: int, new: Bulk, response: Response, *, dry_run: bool = False) -> dict[str, Any]:
    """Label many items as one decision. `dry_run` only counts them; over 5,000 are a job, named in the answer."""
    return counted_or_done(project_id, new.annotator, new.wanted(project_id), new.event_id, response, dry_run=dry_run)


def counted_or_done(
    project_id: int, annotator: str, wanted: many.Wanted, event_id: str, response: Response, *, dry_run: bool
) -> dict[str, Any]:
    """Without `is_exact` a count is "at least": counting more would take longer than anybody waits."""
    with reading() as session:
        project = projects.get(session, project_id)
        counted = many.count(session, project, wanted, COUNT_S)
    if dry_run:
        return counted
    # What could not be counted in time is many.
    count = counted["count"] if counted["is_exact"] else max(counted["count"], many.MOST_AT_ONCE + 1)
    return carry_out(project, annotator, wanted, event_id, response, count=count)


def carry_out(
    project: Project, annotator: str, wanted: many.Wanted, event_id: str, response: Response, *, count: int
) -> dict[str, Any]:
    if count > many.MOST_AT_ONCE and not many.is_done(event_id):
        with writing() as session:
            job = many.start(session, project, annotator, wanted, event_id, total=count)
        response.status_code = 202
        return {"acked": [event_id], "rejected": [], "job_id": job.id, **after_change(project, annotator)}
    done = many.label(project.id, annotator, wanted, event_id)
    return {
        "acked": [event_id],
        "rejected": done.rejected,
        "conflicts": done.conflicts,
        "changed": done.changed,
        **after_change(project, annotator),
    }


@router.post("/projects/{project_id}/labels/undo")
def undo(project_id: int, who: WhoAndWhat | None = None) -> dict[str, Any]:
    """409 when `only` is named and something newer was decided since."""
    who = who or WhoAndWhat()
    return move(project_id, who, partial(moves.undo, only=who.only))


@router.post("/projects/{project_id}/labels/redo")
def redo(project_id: int, who: Who | None = None) -> dict[str, Any]:
    return move(project_id, who or Who(), moves.redo)


def move(project_id: int, who: Who, way: moves.Way) -> dict[str, Any]:
    """The answer counts the items that changed, names the first 1,000, shows the first 50, and counts those left."""
    moved = moves.whole(way, project_id, who.annotator, who.event_id or str(uuid4()))
    with reading() as session:
        project = projects.get(session, project_id)
        shown = items.as_json(session, project, item_rows.by_ids(session, moved.item_ids[:SHOWN]))
    return {
        "changed": moved.changed,
        "left": moved.left,
        "item_ids": moved.item_ids,
        "items": shown,
        **after_change(project, who.annotator),
    }


@router.get("/items/{item_id}/history")
def history(item_id: int, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    """Who decided what and when, newest first, and what was suggested then.

    `class_changes` are the merges and deletions of classes that a label of the item went with; `classes` names all that
    the events may name, also those that are gone.
    """
    with reading() as session:
        item = items.get(session, item_id)
        is_blind = projects.is_blind(projects.get(session, item.project_id))
        events = rows.of_item(session, item.id, after, limit)
        names = rows.annotator_names(session, [event.annotator_id for event in events])
        shown = [event_as_json(event, names[event.annotator_id]) for event in events]
        hidden = {"suggested": None, "suggestion_id": None, "agreed": None} if is_blind else {}
        changes = class_history.of_item(session, item)
        known = classes.named(session, item.project_id)
        return page(events, limit, [each | hidden for each in shown]) | {"class_changes": changes, "classes": known}


def after_change(project: Project, annotator: str) -> dict[str, Any]:
    """Tell the suggester, and say how far the labeling is and how long the rest takes this annotator."""
    learn.labels_changed(project.id)
    with reading() as session:
        return stats.standing(session, project, annotator)


def event_as_json(event: LabelEvent, annotator: str) -> dict[str, Any]:
    fields = ("id", "event_id", "action", "class_ids", "before", "seconds", "suggestion_id", "suggested", "agreed")
    return {
        **{field: getattr(event, field) for field in fields},
        "annotator": annotator,
        "created_at": event.created_at.isoformat(),
    }
