"""/api/projects/{p}/sweeps and /api/sweeps: try several settings as one action, look at it, stop it."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend import projects
from backend.api.paging import After, Limit, page
from backend.training import sweeps
from db import sweeps as rows
from db.session import reading, writing

router = APIRouter(tags=["sweeps"])


class NewSweep(BaseModel):
    """space: setting -> the values to try. minutes: of training, all runs together."""

    spec: dict[str, Any] = Field(default_factory=dict)
    space: dict[str, list[Any]]
    most_runs: int = 10
    minutes: float | None = None
    name: str = ""


class Stop(BaseModel):
    keep: Literal["best", "nothing"] = "best"


@router.post("/projects/{project_id}/sweeps", status_code=201)
def start(project_id: int, new: NewSweep) -> dict[str, Any]:
    """Queue a run for each combination. When one of them cannot work, none is queued."""
    with writing() as session:
        project = projects.get(session, project_id)
        told = new.model_dump(exclude={"spec", "space"})
        sweep = sweeps.start(session, project, new.spec, new.space, **told)
        found = [run for run, _ in rows.runs(session, sweep.id)]
        return {
            "sweep_id": sweep.id,
            "run_ids": [run.id for run in found],
            "job_ids": [run.job_id for run in found],
        }


@router.get("/projects/{project_id}/sweeps")
def list_sweeps(project_id: int, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    with reading() as session:
        found = rows.page(session, projects.get(session, project_id).id, after, limit)
        return page(found, limit, [sweeps.as_json(session, sweep) for sweep in found])


@router.get("/sweeps/{sweep_id}")
def get(sweep_id: int) -> dict[str, Any]:
    with reading() as session:
        return sweeps.as_json(session, sweeps.get(session, sweep_id))


@router.post("/sweeps/{sweep_id}/stop")
def stop(sweep_id: int, how: Stop | None = None) -> dict[str, Any]:
    """All its runs: those that wait end at once, those at work as soon as they look."""
    with writing() as session:
        sweep = sweeps.get(session, sweep_id)
        sweeps.stop(session, sweep, (how or Stop()).keep)
        session.expire_all()
        return sweeps.as_json(session, sweep)
