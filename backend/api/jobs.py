"""/api/jobs: look at background work, stop it, resume it."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from backend.api.paging import After, Limit, page
from backend.jobs import control
from db import jobs as rows
from db.session import reading, writing

router = APIRouter(prefix="/jobs", tags=["jobs"])


class Stop(BaseModel):
    keep: Literal["best", "nothing"] = "best"


@router.get("")
def list_jobs(project: int | None = None, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    with reading() as session:
        found = rows.page(session, project, after, limit)
        return page(found, limit, [control.as_json(job) for job in found])


@router.get("/{job_id}")
def get(job_id: int) -> dict[str, Any]:
    with reading() as session:
        return control.as_json(control.get(session, job_id))


@router.post("/{job_id}/stop")
def stop(job_id: int, how: Stop | None = None) -> dict[str, Any]:
    with writing() as session:
        return control.as_json(control.stop(session, job_id, (how or Stop()).keep))


@router.post("/{job_id}/resume")
def resume(job_id: int) -> dict[str, Any]:
    with writing() as session:
        return control.as_json(control.resume(session, job_id))
