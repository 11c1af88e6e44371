"""/api/projects/{p}/runs and /api/runs: train, look, predict, take the model away."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from backend import errors, projects
from backend.api.paging import After, Limit, page
from backend.evaluating import metrics as metrics_of
from backend.jobs import ask
from backend.training import again, artifact, defaults, disk, estimate, runs, spec, sweeps
from db import runs as rows
from db.models import Run, Snapshot, Split
from db.session import Session, reading, writing

router = APIRouter(tags=["runs"])
MOST_TEXTS, MOST_IMAGES = 10_000, 500
# The assistant gets so many at a time, so that others have their turn between.
AT_ONCE = 64
TIMEOUT_S = 300.0


class NewRun(BaseModel):
    spec: dict[str, Any] = Field(default_factory=dict)
    name: str = ""


class RunChange(BaseModel):
    name: str | None = None
    note: str | None = None
    tags: list[str] | None = None
    is_starred: bool | None = None
    is_archived: bool | None = None


class Changes(BaseModel):
    changes: dict[str, Any] = Field(default_factory=dict)
    name: str = ""


class Chosen(BaseModel):
    offer: int = 0


@router.post("/projects/{project_id}/runs", status_code=201)
def start(project_id: int, new: NewRun) -> dict[str, Any]:
    """Train. What the spec leaves out is chosen, and stands in the run's spec."""
    with writing() as session:
        run = runs.start(session, projects.get(session, project_id), new.spec, new.name)
        return {"run_id": run.id, "job_id": run.job_id}


@router.post("/projects/{project_id}/runs/plan")
def plan(project_id: int, new: NewRun) -> dict[str, Any]:
    """What a run would be: its whole spec, why each setting was chosen, and what it will take. Nothing is started."""
    with reading() as session:
        project = projects.get(session, project_id)
        whole = spec.complete(session, project, new.spec)
        expected = estimate.of(session, project, whole)
        reasons = defaults.why(session, project, whole)
    told = {"seconds": expected.seconds, "memory_bytes": expected.memory_bytes, "why": expected.why}
    return {"spec": whole, "why": {k: v for k, v in reasons.items() if new.spec.get(k) is None}, "estimate": told}


@router.get("/projects/{project_id}/runs")
def list_runs(
    project_id: int,
    *,
    after: After = None,
    limit: Limit = 50,
    archived: Annotated[bool, Query(description="with the archived ones")] = False,
    starred: Annotated[bool, Query(description="only those with a star")] = False,
) -> dict[str, Any]:
    with reading() as session:
        project = projects.get(session, project_id)
        found = rows.page(session, project.id, after, limit, with_archived=archived, only_starred=starred)
        return page(found, limit, [runs.as_json(session, run) for run in found])


@router.get("/runs/{run_id}")
def get(run_id: int) -> dict[str, Any]:
    """The run with what can be done about it when it did not end well, what it takes on the disk, and its seconds at
    work."""
    with reading() as session:
        run = runs.get(session, run_id)
        job = runs.job_of(session, run)
        seconds = sweeps.seconds_at_work(job)
        return runs.as_json(session, run) | {
            "offers": [again.offer_as_json(each) for each in again.offers(run, job)],
            "disk": disk.as_json(disk.of_run(run.id)),
            "seconds": None if seconds is None else round(seconds, 1),
        }


@router.patch("/runs/{run_id}")
def change(run_id: int, new: RunChange) -> dict[str, Any]:
    """Its name, note, tags (all of them), star, or whether it is archived; what is left out stays."""
    with writing() as session:
        run = runs.rename(session, runs.get(session, run_id), new.name, new.note)
        marks = new.model_dump(include={"tags", "is_starred", "is_archived"})
        return runs.as_json(session, runs.mark(session, run, **marks))


@router.delete("/runs/{run_id}", status_code=204)
def delete(run_id: int) -> Response:
    """For good: with its model, its curves and its predictions."""
    with writing() as session:
        runs.delete(session, runs.get(session, run_id))
    return Response(status_code=204)


@router.delete("/runs/{run_id}/checkpoints")
def clean(run_id: int) -> dict[str, Any]:
    """Free what an ended run has beside its model. One that could be resumed then begins anew."""
    with reading() as session:
        run = runs.get(session, run_id)
    freed_bytes = disk.clean(run)
    return {"freed_bytes": freed_bytes, "message": disk.said(run, freed_bytes)}


@router.post("/runs/{run_id}/clone", status_code=201)
def clone(run_id: int, new: Changes) -> dict[str, Any]:
    """Train again with some settings changed, on the labels as they are now."""
    with writing() as session:
        run = again.clone(session, runs.get(session, run_id), new.changes, new.name)
        return {"run_id": run.id, "job_id": run.job_id}


@router.post("/runs/{run_id}/retry", status_code=201)
def retry(run_id: int, chosen: Chosen) -> dict[str, Any]:
    """Take up one of the run's "offers": a new run, or the same one that goes on."""
    with writing() as session:
        run = again.retry(session, runs.get(session, run_id), chosen.offer)
        return {"run_id": run.id, "job_id": run.job_id}


@router.get("/runs/{run_id}/metrics")
def metrics(run_id: int, after: After = None, limit: Limit = 500) -> dict[str, Any]:
    """The points of the run's curves."""
    with reading() as session:
        found = rows.points(session, runs.get(session, run_id).id, after, limit)
        return page(found, limit, [runs.point_as_json(point) for point in found])


@router.get("/runs/{run_id}/predictions")
def predictions(run_id: int, split: Split | None = None, after: After = None, limit: Limit = 100) -> dict[str, Any]:
    """The run's scores on its validation and test items, by item."""
    with reading() as session:
        run = runs.get(session, run_id)
        snapshot = runs.snapshot_of(session, run)
        found = rows.predictions(session, run.id, split, after, limit) if snapshot else []
        least = thresholds_of(session, run, snapshot)
        shown = [runs.prediction_as_json(each, snapshot, least) for each in found] if snapshot else []
        return {"items": shown, "next": found[-1].item_id if len(found) == limit else None}


def thresholds_of(session: Session, run: Run, snapshot: Snapshot | None) -> list[float] | None:
    """One for each class of the snapshot; None where an item has one class."""
    if snapshot is None or not projects.get(session, run.project_id).multi_label:
        return None
    return metrics_of.thresholds_of(run.metrics, [each["id"] for each in snapshot.classes])


@router.post("/runs/{run_id}/predict")
async def predict(run_id: int, request: Request) -> dict[str, Any]:
    """{"texts": […]} as JSON, or images as multipart `files`: scores in the same order."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=MOST_IMAGES + 1) as form:
            files = [each for each in form.getlist("files") if isinstance(each, UploadFile)]
            name, most = "images", MOST_IMAGES
            values = [base64.b64encode(await each.read()).decode() for each in files]
    else:
        name, most = "texts", MOST_TEXTS
        values = texts_in(await json_body(request))
    if not 0 < len(values) <= most:
        raise errors.Invalid(
            f"One call takes 1 to {most:,} {name}; this one has {len(values):,}.",
            'Send {"texts": […]}, or images as multipart "files".',
        )
    return await run_in_threadpool(answers, run_id, name, values)


def answers(run_id: int, name: str, values: list[str]) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for start in range(0, len(values), AT_ONCE):
        part = {name: values[start : start + AT_ONCE]}
        found += ask.now("predict", TIMEOUT_S, run_id=run_id, **part)["predictions"]
    return {"predictions": found}


async def json_body(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        raise errors.Invalid("The request is not JSON.", 'Send {"texts": ["…"]}.') from None


def texts_in(body: Any) -> list[str]:
    texts = body.get("texts") if isinstance(body, dict) else None
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise errors.Invalid('"texts" is missing or is not a list of texts.', 'Send {"texts": ["…"]}.')
    return texts


@router.get("/runs/{run_id}/model")
def model(run_id: int) -> StreamingResponse:
    """The model's folder as a zip."""
    with reading() as session:
        folder = artifact.model_folder(runs.get(session, run_id))
    name = f"winnow-run-{run_id}"
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
    return StreamingResponse(artifact.zipped(folder, name), media_type="application/zip", headers=headers)
