"""/api/projects/{p}/advice: what to do next, each with what does it."""

from typing import Any

from fastapi import APIRouter

from backend import projects
from backend.evaluating import advice
from db.session import reading

router = APIRouter(prefix="/projects/{project_id}/advice", tags=["compare"])


@router.get("")
def of_project(project_id: int) -> dict[str, Any]:
    """The most useful first: {"items": [{"code", "title", "words", "figures", "action"}]}."""
    with reading() as session:
        return {"items": advice.advice(session, projects.get(session, project_id))}
