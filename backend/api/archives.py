"""/api/projects/P/archive and /api/projects/import: a whole project as one file, out and in."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from backend import archives, errors, projects
from backend.api import uploading
from backend.api.exports import sent
from backend.archives import outgoing
from backend.importing import uploads
from db.session import reading, writing

router = APIRouter(tags=["archive"])
SCORES = "with what was suggested for each item"
MODELS = "with the models of finished runs"


class Source(BaseModel):
    path: str | None = None
    upload: str | None = None


SOURCE_DOC = uploading.described(Source, {"files": {"type": "string", "format": "binary"}})


@router.get("/projects/{project_id}/archive", response_class=StreamingResponse)
def archive(
    project_id: int,
    scores: Annotated[bool, Query(description=SCORES)] = True,
    models: Annotated[bool, Query(description=MODELS)] = False,
) -> StreamingResponse:
    """The whole project: data, labels and their history, classes, suggestions, runs. POST /projects/import reads it."""
    with reading() as session:
        project = projects.get(session, project_id)
    return sent(outgoing.download(project, with_scores=scores, with_models=models))


@router.post("/projects/import", status_code=202, openapi_extra=SOURCE_DOC)
async def import_project(request: Request) -> dict[str, int]:
    """Start to bring in a project from an archive: multipart with one file, {"upload": ID} or {"path": PATH}.

    The job's report names the new project.
    """
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        upload = (await uploading.received(request))["upload"]
        return {"job_id": await run_in_threadpool(_start_received, upload)}
    try:
        source = Source.model_validate_json(await request.body()).model_dump(exclude_none=True)
    except ValueError:
        hint = '/api/docs shows what this call takes, such as {"path": "/home/me/birds.winnow.zip"}.'
        raise errors.Invalid("The request names no archive.", hint) from None
    return {"job_id": await run_in_threadpool(_start, source)}


def _start(source: dict[str, Any]) -> int:
    spec, title = archives.checked(source)
    with writing() as session:
        return archives.start(session, spec, title).id


def _start_received(upload: str) -> int:
    """What came with the request itself can be named in no other one; an upload of before stays."""
    try:
        return _start({"upload": upload})
    except BaseException:
        uploads.remove(upload)
        raise
