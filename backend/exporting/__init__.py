"""Data out: the labeled data of a project as one download, made while it is sent."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from backend import errors
from backend.exporting import folders, parquets, texts
from db import items
from db import projects as rows
from db.models import Kind, Project, Status
from db.session import Session

FORMATS = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "jsonl": ("jsonl", "application/x-ndjson"),
    "parquet": ("parquet", "application/vnd.apache.parquet"),
    "imagefolder": ("zip", "application/zip"),
    "hf": ("zip", "application/zip"),
}


class Download(NamedTuple):
    file_name: str
    media_type: str
    blocks: Iterator[bytes]


def download(
    session: Session, project: Project, form: str, status: Status | None = None, *, is_for_spreadsheet: bool = False
) -> Download:
    """The project's items in this format, only those with `status` if given; "hf" has the labeled ones.

    Raises Invalid when the format does not fit the project, or there is nothing to export.
    """
    if form not in FORMATS:
        raise errors.Invalid(f'"{form}" is no format of the export.', f"Choose one of {', '.join(FORMATS)}.")
    if form == "imagefolder" and project.kind != Kind.IMAGE:
        raise errors.Invalid("A folder of images cannot be made of texts.", "Choose CSV, JSONL, Parquet or hf.")
    if form == "hf" and not items.count(session, project.id, Status.LABELED):
        raise errors.Invalid("Nothing is labeled yet.", "Label some items first, or export all items as CSV.")
    ending, media_type = FORMATS[form]
    stem = "".join(letter if letter.isalnum() else "-" for letter in project.name).strip("-")[:60] or "project"
    name = f"{stem}-{form}-{datetime.now(UTC):%Y-%m-%d}.{ending}" if ending == "zip" else f"{stem}.{ending}"
    class_names = [each.name for each in rows.classes(session, project.id, with_archived=True)]
    match form:
        case "csv":
            blocks = texts.csv_blocks(project, status, is_for_spreadsheet=is_for_spreadsheet)
        case "jsonl":
            blocks = texts.jsonl_blocks(project, status)
        case "parquet":
            blocks = parquets.blocks(project, status)
        case "imagefolder":
            blocks = folders.image_blocks(project, status)
        case _:
            blocks = folders.dataset_blocks(project, class_names)
    return Download(name, media_type, blocks)
