"""/api/projects/{p}/compare: runs side by side, as data; and runs judged by the labels of today."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from backend import projects
from backend.evaluating import comparison, today
from db.session import reading, writing

router = APIRouter(prefix="/projects/{project_id}/compare", tags=["compare"])
Runs = Annotated[str, Query(description="numbers of runs with commas between: 1,2")]


class Judged(BaseModel):
    run_ids: list[int] = Field(min_length=1, max_length=comparison.MOST_RUNS)


@router.get("")
def compare(
    project_id: int,
    *,
    runs: Runs = "",
    is_today: Annotated[bool, Query(description="by the labels of today, for runs judged by them")] = False,
) -> dict[str, Any]:
    with reading() as session:
        project = projects.get(session, project_id)
        return comparison.compare(session, project, comparison.parse_ids(runs), is_today=is_today)


@router.post("/today", status_code=202)
def judge_today(project_id: int, wanted: Judged) -> dict[str, Any]:
    """Judge these finished runs by the labels of today; a job. What they were judged by before stays beside it."""
    with writing() as session:
        project = projects.get(session, project_id)
        comparison.chosen(session, project, wanted.run_ids)
        return {"job_id": today.start(session, project, wanted.run_ids).id}
