"""Runs as a person sees them: started, looked at, listed. The work itself is in `job`."""

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from backend import errors
from backend.jobs import control
from backend.models import catalogue
from backend.training import spec as specs
from db import jobs
from db import runs as rows
from db.models import Job, JobKind, Prediction, Project, Run, RunMetric, RunState, Snapshot
from db.session import Session

NAME_LENGTH = 200


def start(session: Session, project: Project, spec: Mapping[str, Any], name: str = "") -> Run:
    """Check the spec, choose what it leaves out, and queue the run. Raises BadSpec, TooFewLabels or ModelNotHere.

    The data is frozen when the run begins to work.
    """
    whole = specs.complete(session, project, spec)
    name = " ".join(name.split()) or default_name(session, project, whole)
    if len(name) > NAME_LENGTH:
        raise errors.Invalid(f"A run's name may have {NAME_LENGTH} letters; this one has {len(name)}.", "Shorten it.")
    run = rows.add(session, Run(project_id=project.id, name=name, spec=whole, state=RunState.QUEUED))
    job = control.add(session, JobKind.TRAIN, project.id, {"run_id": run.id}, f"Train {name}")
    run.job_id = job.id
    session.flush()
    return run


def default_name(session: Session, project: Project, spec: Mapping[str, Any]) -> str:
    """ "Head on MiniLM 3" """
    method = {"head": "Head", "lora": "LoRA", "full": "Full"}[spec["method"]]
    return f"{method} on {catalogue.find(spec['base']).title} {rows.count(session, project.id) + 1}"


def get(session: Session, run_id: int) -> Run:
    run = rows.get(session, run_id)
    if run is None:
        raise errors.NotFound(f"There is no run {run_id}.", "The Train page lists what is here.")
    return run


def seen_with(run: Run) -> dict[str, Any]:
    """{"seed", "base", "size"}: how a fine-tuned run looked at its items; size in pixels, of texts in tokens."""
    spec = run.spec
    return {"seed": spec["seed"], "base": spec["base"], "size": spec.get("image_size") or spec.get("max_length")}


def job_of(session: Session, run: Run) -> Job | None:
    return jobs.get(session, run.job_id) if run.job_id else None


def snapshot_of(session: Session, run: Run) -> Snapshot | None:
    return rows.get_snapshot(session, run.snapshot_id) if run.snapshot_id else None


def as_json(session: Session, run: Run) -> dict[str, Any]:
    snapshot, job = snapshot_of(session, run), job_of(session, run)
    return {
        "id": run.id,
        "project_id": run.project_id,
        "job_id": run.job_id,
        "name": run.name,
        "state": run.state,
        "spec": run.spec,
        "metrics": run.metrics,
        "baselines": snapshot.baselines if snapshot else {},
        "classes": snapshot.classes if snapshot else [],
        "counts": snapshot.counts if snapshot else {},
        "fingerprint": snapshot.fingerprint if snapshot else None,
        "environment": run.environment,
        "has_model": run.artifact is not None,
        "error": job.error if job else None,
        "note": run.note,
        "created_at": run.created_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
    }


def point_as_json(point: RunMetric) -> dict[str, Any]:
    return {"name": point.name, "step": point.step, "epoch": point.epoch, "value": point.value}


def curves(points: Sequence[RunMetric]) -> dict[str, list[dict[str, Any]]]:
    """Points by the name of their curve, each in the order of its steps: what the charts draw."""
    found: dict[str, list[dict[str, Any]]] = {}
    for point in sorted(points, key=lambda each: each.step):
        found.setdefault(point.name, []).append({"step": point.step, "epoch": point.epoch, "value": point.value})
    return found


def prediction_as_json(prediction: Prediction, snapshot: Snapshot) -> dict[str, Any]:
    scores = array("f", prediction.scores)
    return {
        "item_id": prediction.item_id,
        "split": prediction.split,
        "target_ids": prediction.target_ids,
        "class_id": prediction.class_id,
        "confidence": round(prediction.confidence, 6),
        "scores": {each["id"]: round(score, 6) for each, score in zip(snapshot.classes, scores, strict=True)},
    }
