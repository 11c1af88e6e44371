"""/api/projects/{p}/suggestions: make suggestions, list and choose sets, see how good they are; and search."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from backend import errors, projects, suggesting
from backend.api.paging import After, Limit, page
from backend.evaluating import suggest_report, suggested
from backend.suggesting import search, sets
from db import suggestions as rows
from db.session import reading, writing

router = APIRouter(prefix="/projects/{project_id}", tags=["suggestions"])
ItemId = Annotated[int | None, Query(ge=0, lt=2**63)]


class NewSuggestions(BaseModel):
    engine: Literal["zero_shot", "head", "run", "clip", "nli", "embedding"] | None = None
    model: str | None = None
    templates: list[str] | None = None
    top_classes: Annotated[int, Field(ge=0)] | None = None


@router.post("/suggestions", status_code=202)
def make(project_id: int, new: NewSuggestions | None = None) -> dict[str, Any]:
    new = new or NewSuggestions()
    with writing() as session:
        project = projects.get(session, project_id)
        return {"job_id": suggesting.start(session, project, **new.model_dump()).id}


@router.get("/suggestions")
def list_sets(project_id: int, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    with reading() as session:
        project = projects.get(session, project_id)
        found = rows.sets(session, project_id, after, limit)
        return page(found, limit, [sets.as_json(session, project, each) for each in found])


@router.get("/suggestions/report")
def report(project_id: int) -> dict[str, Any]:
    """How often each suggester was right, over the newest labels, and on how many items any two kept sets differ."""
    with reading() as session:
        return suggest_report.of(session, projects.get(session, project_id))


@router.get("/suggestions/compare")
def compare(project_id: int, sets: Annotated[str, Query(description="two sets: 3,7")]) -> dict[str, Any]:
    """What one set says of the items against what another says: a matrix of classes."""
    with reading() as session:
        project = projects.get(session, project_id)
        if projects.is_blind(project):
            raise errors.Conflict("This project is labeled blind.", "Show the suggestions first, on the Label page.")
        return suggested.compare(session, project, *suggested.two_ids(sets))


@router.post("/suggestions/{set_id}/activate")
def activate(project_id: int, set_id: int) -> dict[str, Any]:
    with writing() as session:
        project = projects.get(session, project_id)
        return sets.as_json(session, project, sets.activate(session, project, set_id))


@router.get("/search")
def find(project_id: int, text: str | None = None, item: ItemId = None, limit: Limit = 50) -> dict[str, Any]:
    """Items like these words, or like that item: [{id, score}], best first."""
    return {"items": search.find(project_id, text, item, limit), "next": None}
