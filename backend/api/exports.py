"""/api/projects/P/export: the data of a project as a download, or onto the Hugging Face hub."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, SecretStr

from backend import errors, exporting, projects
from backend.api.filtering import Which, wanted_items
from backend.exporting import Asked, Download, hub
from db.items import Filter
from db.session import reading, writing

router = APIRouter(prefix="/projects/{project_id}", tags=["export"])
FORM = ", ".join(exporting.FORMATS)
FIELDS = (
    f"a list with commas, from {', '.join(exporting.fields.FIELDS)}; left out: {', '.join(exporting.fields.DEFAULT)}"
)


@router.get("/export", response_class=StreamingResponse)
def export(
    project_id: int,
    *,
    wanted: Annotated[Filter, Depends(wanted_items)],
    form: Annotated[str, Query(alias="format", description=FORM)] = "csv",
    fields: Annotated[str | None, Query(description=FIELDS)] = None,
    runs: Annotated[str, Query(description="ids of runs with commas between: their answers and scores")] = "",
    for_: Annotated[Literal["spreadsheet"] | None, Query(alias="for")] = None,
    config: Annotated[bool, Query(description="only the labeling config of Label Studio")] = False,
) -> StreamingResponse:
    """Filters are those of the list of items. `for=spreadsheet` makes a CSV that Excel opens right and in which no text
    runs as a formula."""
    names = None if fields is None else [name.strip() for name in fields.split(",") if name.strip()]
    asked = Asked(names, ids_in(runs), is_for_spreadsheet=for_ is not None, is_config=config)
    with reading() as session:
        project = projects.get(session, project_id)
        return sent(exporting.download(session, project, form, wanted, asked))


class Push(BaseModel):
    """Onto the hub. The token is used once and kept nowhere; without one that of `hf auth login` or HF_TOKEN."""

    repo: Annotated[str, Field(max_length=200, description="OWNER/NAME on the hub")]
    token: SecretStr = SecretStr("")
    private: bool = True
    filter: Which = Field(default_factory=Which)


@router.post("/export/hub", status_code=202)
def push(project_id: int, sent_push: Push) -> dict[str, int]:
    """Push the labeled items of the filter to the Hugging Face hub as a dataset."""
    wanted = sent_push.filter.as_filter(project_id)
    token = sent_push.token.get_secret_value()
    with writing() as session:
        project = projects.get(session, project_id)
        job = hub.start(session, project, sent_push.repo, token, wanted, private=sent_push.private)
        return {"job_id": job.id}


def ids_in(text: str) -> list[int]:
    """Raises Invalid."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise errors.Invalid(f'"{text[:100]}" are no ids of runs.', "Send numbers with commas between, such as 1,2.")
    return [int(part) for part in parts]


def sent(made: Download) -> StreamingResponse:
    """The download as an answer that is sent while it is made."""
    plain = made.file_name.encode("ascii", "replace").decode().replace("?", "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(made.file_name)}"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return StreamingResponse(made.blocks, media_type=made.media_type, headers=headers)
