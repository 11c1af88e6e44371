"""/api/projects/P/items: data in."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from backend import errors, importing, projects
from backend.api import uploading
from backend.importing import uploads
from db.session import reading, writing

router = APIRouter(tags=["items"])


class Columns(BaseModel):
    """Columns by name or by index from 0. Left out: guessed. `"label": null`: there is none."""

    text: str | int | list[str | int] | None = None
    label: str | int | None = None
    header: bool | None = None


class Source(BaseModel):
    path: str | None = None
    texts: list[str] | None = None
    columns: Columns = Field(default_factory=Columns)
    add_classes: bool = False


SOURCE_DOC = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": Source.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "columns": {"type": "string", "description": 'JSON: {"text": …, "label": …}'},
                        "add_classes": {"type": "boolean"},
                    },
                }
            },
        },
    }
}


@router.post("/projects/{project_id}/items", status_code=202, openapi_extra=SOURCE_DOC)
async def import_items(project_id: int, request: Request) -> dict[str, int]:
    """Start an import: multipart `files` (any number; zip, csv, jsonl, parquet, txt, images), or a path or texts."""
    # Before a large upload, not after it.
    await run_in_threadpool(_project_is_there, project_id)
    is_form = request.headers.get("content-type", "").startswith("multipart/form-data")
    source = await uploading.received(request) if is_form else as_source(await request.body())
    return {"job_id": await run_in_threadpool(_start, project_id, source)}


def _project_is_there(project_id: int) -> None:
    with reading() as session:
        projects.get(session, project_id)


def as_source(body: bytes) -> dict[str, Any]:
    try:
        sent = Source.model_validate_json(body)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise errors.Invalid(f"The request does not fit: {wrong}", "/api/docs shows what this call takes.") from None
    return sent.model_dump(exclude_unset=True)


def _start(project_id: int, source: dict[str, Any]) -> int:
    try:
        with reading() as session:
            checked = importing.check(session, projects.get(session, project_id), source)
        with writing() as session:
            return importing.add(session, projects.get(session, project_id), checked).id
    except BaseException:
        if "upload" in source:
            uploads.remove(source["upload"])
        raise
