"""Data out: the data of a project as one download, made while it is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from backend import errors
from backend.exporting import fields, folders, label_studio, parquets, texts
from backend.items import shown_set
from db import items, taking_out
from db.items import Filter
from db.models import Kind, Project, Status
from db.session import Session

FORMATS = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "jsonl": ("jsonl", "application/x-ndjson"),
    "parquet": ("parquet", "application/vnd.apache.parquet"),
    "imagefolder": ("zip", "application/zip"),
    "hf": ("zip", "application/zip"),
    "labelstudio": ("json", "application/json"),
}
ALL = Filter()


class Download(NamedTuple):
    file_name: str
    media_type: str
    blocks: Iterator[bytes]


@dataclass(frozen=True)
class Asked:
    """What else a person chose. `fields`: None for those of `fields.DEFAULT`. `is_config`: only the labeling config of
    Label Studio."""

    fields: Sequence[str] | None = None
    run_ids: Sequence[int] = ()
    is_for_spreadsheet: bool = False
    is_config: bool = False


def download(
    session: Session, project: Project, form: str, wanted: Filter = ALL, asked: Asked | None = None
) -> Download:
    """The project's items that fit `wanted` in this format; "hf" has the labeled ones among them.

    Raises Invalid when the format or a field does not fit the project, or there is nothing to export.
    """
    asked = asked or Asked()
    if form not in FORMATS:
        raise errors.Invalid(f'"{form}" is no format of the export.', f"Choose one of {', '.join(FORMATS)}.")
    if form == "imagefolder" and project.kind != Kind.IMAGE:
        raise errors.Invalid("A folder of images cannot be made of texts.", "Choose CSV, JSONL, Parquet or hf.")
    if form == "hf" and not items.count(session, project.id, Status.LABELED):
        raise errors.Invalid("Nothing is labeled yet.", "Label some items first, or export all items as CSV.")
    if form == "labelstudio" and asked.is_config:
        config = label_studio.config(project, list(taking_out.classes(session, project.id).values()))
        return Download("labeling-config.xml", "application/xml", iter([config]))
    ending, media_type = FORMATS[form]
    used = shown_set(session, project)
    chosen = fields.choose(session, project, asked.fields, asked.run_ids, used.id if used else None)
    names = taking_out.classes(session, project.id)
    match form:
        case "csv":
            blocks = texts.csv_blocks(project, chosen, wanted, is_for_spreadsheet=asked.is_for_spreadsheet)
        case "jsonl":
            blocks = texts.jsonl_blocks(project, chosen, wanted)
        case "parquet":
            blocks = parquets.blocks(project, chosen, wanted)
        case "labelstudio":
            blocks = label_studio.blocks(project, chosen, wanted)
        case "imagefolder":
            blocks = folders.image_blocks(project, names, wanted)
        case _:
            blocks = folders.dataset_blocks(project, names, wanted)
    return Download(_name(project, form, ending), media_type, blocks)


def _name(project: Project, form: str, ending: str) -> str:
    name = stem(project)
    return f"{name}-{form}-{datetime.now(UTC):%Y-%m-%d}.{ending}" if ending in ("zip", "json") else f"{name}.{ending}"


def stem(project: Project) -> str:
    """The project's name as part of a file's name."""
    return "".join(letter if letter.isalnum() else "-" for letter in project.name).strip("-")[:60] or "project"
