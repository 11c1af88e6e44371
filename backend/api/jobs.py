"""/api/jobs: look at background work, stop it, resume it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from backend import errors
from backend.api.paging import After, Limit, page
from backend.importing import rejected, tally
from backend.jobs import control, tail
from db import jobs as rows
from db.models import Job, JobKind
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


@router.get("/{job_id}/report")
def report(job_id: int) -> dict[str, Any]:
    """What the job has to tell at its end; of an import also while it is at work, or after it was stopped."""
    with reading() as session:
        job = control.get(session, job_id)
        if job.report is None and job.kind == JobKind.IMPORT and job.cursor:
            return tally.of(job.cursor).as_report()
    if job.report is None:
        raise errors.NotFound(f"Job {job_id} has no report yet: it is {job.state}.", "Ask again when it is done.")
    return dict(job.report)


@router.get("/{job_id}/log")
def log(job_id: int, lines: Annotated[int, Query(ge=1, le=tail.MOST)] = tail.USUAL) -> dict[str, Any]:
    """The newest lines that the job's process wrote, the oldest of them first."""
    with reading() as session:
        control.get(session, job_id)
    return {"lines": tail.lines(job_id, lines)}


@router.get("/{job_id}/rejected.csv", response_class=StreamingResponse)
def rejections(job_id: int) -> StreamingResponse:
    """All that an import did not take, each with its place and reason, as a table for a spreadsheet."""
    with reading() as session:
        job = _an_import(control.get(session, job_id))
    size_bytes = tally.of(job.cursor).rejected_bytes
    name = f'attachment; filename="rejected-{job_id}.csv"'
    headers = {"Content-Disposition": name, "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(rejected.as_csv(job_id, size_bytes), media_type="text/csv; charset=utf-8", headers=headers)


def _an_import(job: Job) -> Job:
    if job.kind != JobKind.IMPORT:
        raise errors.NotFound(f"Job {job.id} is no import and rejects nothing.", "GET /api/jobs lists the jobs.")
    return job


@router.post("/{job_id}/stop")
def stop(job_id: int, how: Stop | None = None) -> dict[str, Any]:
    with writing() as session:
        return control.as_json(control.stop(session, job_id, (how or Stop()).keep))


@router.post("/{job_id}/resume")
def resume(job_id: int) -> dict[str, Any]:
    with writing() as session:
        return control.as_json(control.resume(session, job_id))
