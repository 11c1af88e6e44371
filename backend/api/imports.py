"""/api/projects/P/items: data in."""

import json
from typing import Any, Literal

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
    image: str | int | None = None
    label: str | int | list[str | int] | None = None
    split: str | int | None = None
    id: str | int | None = None
    keep: list[str | int] | None = None
    header: bool | None = None
    encoding: str | None = None
    delimiter: str | None = None
    as_: Literal["lines", "files"] | None = Field(None, alias="as", description="What an item is in a text file")


class Source(BaseModel):
    """One of `upload` (see /uploads), `path`, `texts` and `hub`, and how to read it."""

    upload: str | None = None
    path: str | None = None
    texts: list[str] | None = None
    hub: str | None = Field(None, description="A data set of the Hugging Face hub: OWNER/NAME or OWNER/NAME@REVISION")
    config: str | None = None
    split: str | None = None
    columns: Columns = Field(default_factory=Columns)  # type: ignore[arg-type]
    labels: Literal["labels", "gold", "none"] = Field(
        "labels", description="gold: put aside to compare with, as nobody's label"
    )
    add_classes: bool = False
    reference: bool = Field(False, description="With a path: images stay where they are")


SOURCE_DOC = uploading.described(
    Source,
    {
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "columns": {"type": "string", "description": 'JSON: {"text": …, "label": …}'},
        "labels": {"type": "string", "enum": ["labels", "gold", "none"]},
        "add_classes": {"type": "boolean"},
    },
)


@router.post("/projects/{project_id}/items", status_code=202, openapi_extra=SOURCE_DOC)
async def import_items(project_id: int, request: Request) -> dict[str, int]:
    """Start an import: multipart `files` (any number; zip, csv, jsonl, parquet, txt, images), or a path or texts."""
    # Before a large upload, not after it.
    await run_in_threadpool(_project_is_there, project_id)
    is_form = request.headers.get("content-type", "").startswith("multipart/form-data")
    source = await uploading.received(request) if is_form else as_source(await request.body())
    return {"job_id": await run_in_threadpool(_start, project_id, source, is_form=is_form)}


@router.post("/projects/{project_id}/items/preview")
def preview(project_id: int, source: Source) -> dict[str, Any]:
    """What an import of an `upload` or a `path` would bring, from a look of two seconds at the most.

    The first table with what its columns are taken for, the classes named, how often, the splits, and about how many
    items. `is_all` says whether all was read.
    """
    with reading() as session:
        project = projects.get(session, project_id)
        return importing.preview(session, project, source.model_dump(exclude_unset=True, by_alias=True))


def _project_is_there(project_id: int) -> None:
    with reading() as session:
        projects.get(session, project_id)


def as_source(body: bytes) -> dict[str, Any]:
    try:
        sent = Source.model_validate_json(body)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise errors.Invalid(f"The request does not fit: {wrong}", "/api/docs shows what this call takes.") from None
    return sent.model_dump(exclude_unset=True, by_alias=True)


def _start(project_id: int, source: dict[str, Any], *, is_form: bool) -> int:
    try:
        # The options of a form are as much a stranger's as those in JSON.
        wanted = as_source(json.dumps(source).encode()) if is_form else source
        with reading() as session:
            checked = importing.check(session, projects.get(session, project_id), wanted)
        with writing() as session:
            return importing.add(session, projects.get(session, project_id), checked).id
    except BaseException:
        # What was uploaded before the call stays, for another try.
        if is_form:
            uploads.remove(source["upload"])
        raise
