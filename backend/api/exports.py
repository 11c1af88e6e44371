"""/api/projects/P/export: the data of a project as a download."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from backend import exporting, projects
from db.models import Status
from db.session import reading

router = APIRouter(prefix="/projects/{project_id}", tags=["export"])


@router.get("/export", response_class=StreamingResponse)
def export(
    project_id: int,
    form: Annotated[str, Query(alias="format", description="csv, jsonl, parquet, imagefolder or hf")] = "csv",
    status: Status | None = None,
    for_: Annotated[Literal["spreadsheet"] | None, Query(alias="for")] = None,
) -> StreamingResponse:
    """`for=spreadsheet` makes a CSV that Excel opens right and in which no text runs as a formula."""
    with reading() as session:
        project = projects.get(session, project_id)
        made = exporting.download(session, project, form, status, is_for_spreadsheet=for_ is not None)
    plain = made.file_name.encode("ascii", "replace").decode().replace("?", "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(made.file_name)}"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return StreamingResponse(made.blocks, media_type=made.media_type, headers=headers)
