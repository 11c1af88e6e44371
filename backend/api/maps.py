"""/api/projects/{p}/map: where the items lie in two dimensions, and what they are coloured by."""

import base64
import csv
import io
import struct
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from backend import errors, inspecting, items, projects, spreadsheets, suggesting
from backend.api.labels import AnnotatorName, EventId, Id, carry_out
from backend.inspecting import map_colours, map_file
from backend.jobs import control
from backend.labeling import bulk as many
from backend.labeling import suggested_now
from db import inspections, maps
from db import items as item_rows
from db.models import Project
from db.session import Session, reading, writing

router = APIRouter(prefix="/projects/{project_id}/map", tags=["inspections"])

Method = Annotated[Literal["umap", "pca"], Query(description="see `methods` of the map")]
By = Annotated[str, Query(description=" | ".join(map_colours.BY))]
MOST_ITEMS = 200
# A card or a panel shows no more of a text.
MOST_LETTERS = 2_000
MOST_ACCEPTED = 10_000
CSV_ROWS = 5_000


class Some(BaseModel):
    annotator: AnnotatorName = "me"
    item_ids: list[Id] = Field(min_length=1, max_length=MOST_ACCEPTED)
    event_id: EventId


@router.get("")
def about(project_id: int) -> dict[str, Any]:
    """`methods` that there are, none before the first map; `key` changes with the points; `added` items came since.

    `items` of `total` that there were then have a point: beyond 100,000 a random sample. `job`: the newest of the map.
    """
    with reading() as session:
        project = projects.get(session, project_id)
        encoder_id = suggesting.encoder_of(session, project)
        job = inspections.newest_job(session, project.id, "map")
        found = map_file.header(project, encoder_id)
        added = maps.added_since(session, project.id, found["newest_id"]) if found else 0
    shown = ("key", "methods", "items", "total", "is_sample", "made_at")
    empty: dict[str, Any] = {"key": None, "methods": [], "items": 0, "total": 0, "is_sample": False, "made_at": None}
    known = {name: found[name] for name in shown} if found else empty
    return {**known, "encoder": encoder_id, "added": added, "job": control.as_json(job) if job else None}


@router.post("", status_code=202)
def start(project_id: int) -> dict[str, Any]:
    """Place the items, or place them anew; a job. PCA is there first, then UMAP."""
    with writing() as session:
        return {"job_id": inspecting.start(session, projects.get(session, project_id), "map").id}


@router.get("/points", response_class=Response)
def points(project_id: int, method: Method = "umap", if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Bytes, little-endian: uint32 n, uint32 1, float64[n] item ids in growing order, float32[2 n] x and y of each."""
    with reading() as session:
        places = _places(session, projects.get(session, project_id))
    tag = f'"{places.header["key"]}-{method}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match and tag in if_none_match:
        return Response(status_code=304, headers=headers)
    body = struct.pack("<II", len(places.item_ids), 1) + places.item_ids.astype("<f8").tobytes()
    body += np.asarray(_layout(places, method), "<f4").tobytes()
    return Response(body, media_type="application/octet-stream", headers=headers)


@router.get("/colours")
def colours(project_id: int, by: By = "label") -> dict[str, Any]:
    """`entries` {name, color, count, is_none} and `codes`, as base64 of little-endian uint16: which of the entries each
    point has, in the order of the points. 65535: the item is no longer there."""
    with reading() as session:
        project = projects.get(session, project_id)
        places = _places(session, project)
        found = map_colours.of(session, project, places, by)
    return {
        "key": places.header["key"],
        "by": by,
        "is_scale": found.is_scale,
        "entries": found.entries,
        "codes": base64.b64encode(np.asarray(found.codes, "<u2").tobytes()).decode(),
    }


@router.get("/items")
def some_items(
    project_id: int, ids: Annotated[str, Query(description=f"item ids, joined by commas; at most {MOST_ITEMS}")]
) -> dict[str, Any]:
    """In the order asked for, their texts cut; what is not the project's is left out."""
    wanted = ids.split(",")
    if len(wanted) > MOST_ITEMS or not all(each.isdecimal() and len(each) < 19 for each in wanted):
        raise errors.Invalid("These are no item ids, or too many.", f"Send at most {MOST_ITEMS}, such as 1,2,3.")
    with reading() as session:
        project = projects.get(session, project_id)
        found = item_rows.by_ids(session, [int(each) for each in wanted])
        shown = items.as_json(session, project, [each for each in found if each.project_id == project.id])
    return {"items": [each | {"text": each["text"] and each["text"][:MOST_LETTERS]} for each in shown]}


@router.post("/accept")
def accept(project_id: int, some: Some, response: Response) -> dict[str, Any]:
    """Label those of the items that are still to do as is suggested, as one decision; over 5,000 are a job, named in
    the answer. `left_out`: items that were decided on, or have no suggestion."""
    with reading() as session:
        project = projects.get(session, project_id)
        each = suggested_now.of_items(session, project, some.item_ids)
    left_out = len(set(some.item_ids)) - len(each)
    if not each and not many.is_done(some.event_id):
        raise errors.Invalid("None of these items is to do and has a suggestion.", "Choose other ones, or label them.")
    wanted = many.Wanted(each=each)
    done = carry_out(project, some.annotator, wanted, some.event_id, response, count=len(each))
    return done | {"left_out": left_out}


@router.get("/points.csv", response_class=StreamingResponse)
def points_as_csv(project_id: int, method: Method = "umap", by: By = "label") -> Response:
    """id, x, y and the name of what the point is coloured by, for a spreadsheet."""
    with reading() as session:
        project = projects.get(session, project_id)
        places = _places(session, project)
        found = map_colours.of(session, project, places, by)
    rows = zip(places.item_ids.tolist(), _layout(places, method).tolist(), map_colours.names(found), strict=True)
    head = ["id", f"{method}_x", f"{method}_y", by]
    kept = ([item_id, *xy, spreadsheets.harmless(name)] for item_id, xy, name in rows if name)
    headers = {"Content-Disposition": f'attachment; filename="map-{project_id}.csv"'}
    return StreamingResponse(_csv(head, kept), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(head: list[str], rows: Iterator[list[Any]]) -> Iterator[str]:
    page = io.StringIO()
    writer = csv.writer(page)
    page.write(spreadsheets.MARK)
    writer.writerow(head)
    for number, row in enumerate(rows, start=1):
        writer.writerow(row)
        if number % CSV_ROWS == 0:
            yield page.getvalue()
            page.seek(0)
            page.truncate()
    yield page.getvalue()


def _places(session: Session, project: Project) -> map_file.Map:
    found = map_file.read(project, suggesting.encoder_of(session, project))
    if found is None:
        raise errors.NotFound("This project has no map yet.", "POST to …/map makes one; the Explore page does too.")
    return found


def _layout(places: map_file.Map, method: str) -> map_file.Positions:
    if method not in places.layouts:
        raise errors.NotFound(
            f"This map has no {method.upper()} layout.", f"It has {', '.join(places.header['methods'])}."
        )
    return places.layouts[method]
