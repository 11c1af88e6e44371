"""Queries that put runs side by side: the runs, their curves, what they answered, and what they learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from db.models import Job, Prediction, Recipe, Run, RunMetric, RunState, Snapshot, Split
from db.session import Session


@dataclass(frozen=True)
class Listed:
    """A run as a list shows it: without its tables of figures, which may weigh a hundred kilobytes each."""

    id: int
    name: str
    state: RunState
    method: str | None
    base: str | None
    accuracy: float | None
    f1_macro: float | None
    created_at: datetime
    snapshot_id: int | None = None
    sweep_id: int | None = None
    # Of the cross-validation, over all labeled items.
    folds_f1_macro: float | None = None
    # Of training.
    seconds: float | None = None


@dataclass(frozen=True)
class Answer:
    """What a run said about one item, and what the person had said when the snapshot was made."""

    item_id: int
    target_ids: list[int]
    class_id: int
    confidence: float
    scores: bytes


def listed(session: Session, project_id: int, limit: int = 1000) -> list[Listed]:
    """Newest first. `accuracy` and `f1_macro` are on the test items."""
    query = select(
        Run.id,
        Run.name,
        Run.state,
        Run.spec["method"].as_string(),
        Run.spec["base"].as_string(),
        Run.metrics["test"]["accuracy"].as_float(),
        Run.metrics["test"]["f1_macro"].as_float(),
        Run.created_at,
        Run.snapshot_id,
        Run.sweep_id,
        Run.metrics["cross_validation"]["f1_macro"].as_float(),
        Run.metrics["train_seconds"].as_float(),
    )
    rows = session.execute(query.where(Run.project_id == project_id).order_by(Run.id.desc()).limit(limit))
    return [Listed(row[0], row[1], RunState(row[2]), *row[3:]) for row in rows]


def runs(session: Session, run_ids: Sequence[int]) -> dict[int, Run]:
    return {run.id: run for run in session.scalars(select(Run).where(Run.id.in_(run_ids)))}


def snapshots(session: Session, snapshot_ids: Sequence[int]) -> dict[int, Snapshot]:
    return {each.id: each for each in session.scalars(select(Snapshot).where(Snapshot.id.in_(snapshot_ids)))}


def points(session: Session, run_ids: Sequence[int]) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """Run id -> curve name -> its points {"step", "epoch", "value"} by step."""
    found: dict[int, dict[str, list[dict[str, Any]]]] = {run_id: {} for run_id in run_ids}
    query = select(RunMetric.run_id, RunMetric.name, RunMetric.step, RunMetric.epoch, RunMetric.value)
    for run_id, name, step, epoch, value in session.execute(
        query.where(RunMetric.run_id.in_(run_ids)).order_by(RunMetric.run_id, RunMetric.name, RunMetric.step)
    ):
        found[run_id].setdefault(name, []).append({"step": step, "epoch": epoch, "value": value})
    return found


def answers(
    session: Session, run_id: int, split: Split = Split.TEST, item_ids: Sequence[int] | None = None
) -> dict[int, Answer]:
    """Item id -> what the run said about it; all items of the split, or those named."""
    columns = (Prediction.item_id, Prediction.target_ids, Prediction.class_id, Prediction.confidence, Prediction.scores)
    query = select(*columns).where(Prediction.run_id == run_id, Prediction.split == split).order_by(Prediction.item_id)
    if item_ids is not None:
        query = query.where(Prediction.item_id.in_(item_ids))
    return {row[0]: Answer(*row) for row in session.execute(query)}


def errors_of(session: Session, job_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Job id -> {"code", "message", "hint"} of those that failed."""
    query = select(Job.id, Job.error).where(Job.id.in_(job_ids), Job.error.is_not(None))
    return {job_id: error for job_id, error in session.execute(query) if error}


def recipe_names(session: Session, recipe_ids: Sequence[int]) -> dict[int, str]:
    query = select(Recipe.id, Recipe.name, Recipe.version).where(Recipe.id.in_(recipe_ids))
    return {recipe_id: f"{name}, version {version}" for recipe_id, name, version in session.execute(query)}
