"""/api/projects/{p}/inspections: likely wrong labels, what more labels would bring, and the map."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from backend import errors, inspecting, projects
from backend.jobs import control
from db import inspections as rows
from db.session import reading, writing

router = APIRouter(prefix="/projects/{project_id}/inspections", tags=["inspections"])


class Wanted(BaseModel):
    kind: str = Field(description=" | ".join(inspecting.TITLES))


@router.post("", status_code=202)
def start(project_id: int, wanted: Wanted) -> dict[str, Any]:
    """Look through the labeled data; a job."""
    with writing() as session:
        return {"job_id": inspecting.start(session, projects.get(session, project_id), wanted.kind).id}


@router.get("/{kind}")
def newest(
    project_id: int,
    kind: str,
    *,
    unblind: Annotated[bool, Query(description="what a model proposes, where the project is labeled blind")] = False,
) -> dict[str, Any]:
    """The newest that is finished, how many decisions came since, and the job that looked last or looks now."""
    if kind not in inspecting.TITLES:
        raise errors.NotFound(f'"{kind}" is no inspection.', f"There are {', '.join(inspecting.TITLES)}.")
    with reading() as session:
        project = projects.get(session, project_id)
        if kind == "label_errors" and projects.is_blind(project) and not unblind:
            raise errors.Conflict(
                "This project is labeled blind, and likely wrong labels tell what a model thinks.",
                "Send unblind=true to see them all the same.",
            )
        found, job = inspecting.newest(session, project, kind), rows.newest_job(session, project.id, kind)
        return {
            "kind": kind,
            "result": found.result if found else None,
            "created_at": found.created_at.isoformat() if found else None,
            "decided_since": inspecting.decided_since(session, found) if found else None,
            "job": control.as_json(job) if job else None,
        }
