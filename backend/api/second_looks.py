"""Measured accept and re-check: what a person is asked blind, and what follows from the answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from backend import items, projects
from backend.api.labels import AnnotatorName, EventId, carry_out
from backend.labeling import accepting, bulk, rechecks
from db import items as item_rows
from db.session import reading, writing

router = APIRouter(prefix="/projects/{project_id}", tags=["labels"])


class NewAcceptance(BaseModel):
    annotator: AnnotatorName = "me"
    confidence: float = Field(ge=0, le=1, description="accept suggestions that are at least so sure")


class Accept(BaseModel):
    annotator: AnnotatorName = "me"
    event_id: EventId


@router.post("/acceptances", status_code=201)
def prepare(project_id: int, new: NewAcceptance) -> dict[str, Any]:
    """Freeze the suggestions that are so sure and draw 20 to be labeled blind: `items`."""
    with reading() as session:
        frozen = accepting.sure_enough(session, projects.get(session, project_id), new.confidence)
    with writing() as session:
        project = projects.get(session, project_id)
        acceptance = accepting.freeze(session, project, new.annotator, new.confidence, frozen)
    with reading() as session:
        sample = item_rows.by_ids(session, acceptance.sample)
        return {
            **accepting.measured(session, project, acceptance),
            "items": items.as_json(session, project, sample, is_blind=True),
        }


@router.get("/acceptances/{acceptance_id}")
def measured(project_id: int, acceptance_id: int) -> dict[str, Any]:
    """How many of the blind answers were what was suggested, and the 95 % interval for all."""
    with reading() as session:
        project = projects.get(session, project_id)
        return accepting.measured(session, project, accepting.get(session, project, acceptance_id))


@router.post("/acceptances/{acceptance_id}/accept")
def accept(project_id: int, acceptance_id: int, new: Accept, response: Response) -> dict[str, Any]:
    """Label all that was frozen and is still to do, as one decision."""
    with writing() as session:
        project = projects.get(session, project_id)
        acceptance = accepting.get(session, project, acceptance_id)
        # Asked for again it is the same; taken back and then asked for anew it is another one.
        if acceptance.event_id is None or bulk.is_undone(session, acceptance.event_id):
            acceptance.event_id = new.event_id
        event_id = acceptance.event_id
    with reading() as session:
        count = accepting.measured(session, project, acceptance)["count"]
    wanted = bulk.Wanted(acceptance_id=acceptance_id)
    return carry_out(project, new.annotator, wanted, event_id, response, count=count)


@router.get("/recheck")
def recheck(
    project_id: int,
    annotator: Annotated[str, Query(max_length=100)] = "me",
    share: Annotated[float, Query(description="of the annotator's labels")] = rechecks.SHARE,
) -> dict[str, Any]:
    """Some of the annotator's own labels, blind. Answer each with an event of action `check`."""
    with reading() as session:
        project = projects.get(session, project_id)
        found = item_rows.by_ids(session, rechecks.pick(session, project, annotator, share))
        return {"items": items.as_json(session, project, found, is_blind=True), "next": None}


@router.get("/agreement")
def agreement(project_id: int, annotator: Annotated[str, Query(max_length=100)] = "me") -> dict[str, Any]:
    """How far an annotator agrees with themselves, by the re-checks."""
    with reading() as session:
        return rechecks.agreement(session, projects.get(session, project_id), annotator)
