"""/api/projects/{p}/compare: runs side by side, as data."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from backend import projects
from backend.evaluating import comparison
from db.session import reading

router = APIRouter(prefix="/projects/{project_id}/compare", tags=["compare"])


@router.get("")
def compare(
    project_id: int, runs: Annotated[str, Query(description="numbers of runs with commas between: 1,2")] = ""
) -> dict[str, Any]:
    with reading() as session:
        return comparison.compare(session, projects.get(session, project_id), comparison.parse_ids(runs))
