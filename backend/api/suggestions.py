"""/api/projects/{p}/suggestions: make suggestions, list the sets there are, choose one, search."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from backend import projects, suggesting
from backend.api.paging import After, Limit, page
from backend.suggesting import search, sets
from db import suggestions as rows
from db.session import reading, writing

router = APIRouter(prefix="/projects/{project_id}", tags=["suggestions"])


class NewSuggestions(BaseModel):
    engine: Literal["zero_shot", "head"] | None = None
    model: str | None = None
    templates: list[str] | None = None


@router.post("/suggestions", status_code=202)
def make(project_id: int, new: NewSuggestions | None = None) -> dict[str, Any]:
    new = new or NewSuggestions()
    with writing() as session:
        project = projects.get(session, project_id)
        return {"job_id": suggesting.start(session, project, new.engine, new.model, new.templates).id}


@router.get("/suggestions")
def list_sets(project_id: int, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    with reading() as session:
        project = projects.get(session, project_id)
        found = rows.sets(session, project_id, after, limit)
        return page(found, limit, [sets.as_json(session, project, each) for each in found])


@router.post("/suggestions/{set_id}/activate")
def activate(project_id: int, set_id: int) -> dict[str, Any]:
    with writing() as session:
        project = projects.get(session, project_id)
        return sets.as_json(session, project, sets.activate(session, project, set_id))


@router.get("/search")
def find(project_id: int, text: str | None = None, item: int | None = None, limit: Limit = 50) -> dict[str, Any]:
    """Items like these words, or like that item: [{id, score}], best first."""
    return {"items": search.find(project_id, text, item, limit), "next": None}
