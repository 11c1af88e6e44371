"""Queries that put runs side by side: the runs, their curves, what they answered, and what they learned from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from sqlalchemy import func, select

from db.models import Job, Prediction, Recipe, Run, RunMetric, RunState, Snapshot, Split
from db.session import Session

MOST_LISTED = 1000
# Of the validation items, where a run's spec names no other to choose its best epoch by.
METRIC = "f1_macro"


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
    tags: Sequence[str] = ()
    is_starred: bool = False
    is_archived: bool = False


@dataclass(frozen=True)
class More:
    """What a list of runs shows beside `Listed`."""

    note: str
    spec: Mapping[str, Any]
    metric: str
    # Of `metric` on the validation items, by step; a run that was fitted in one go has one, or none.
    points: Sequence[float]
    error: str | None


@dataclass(frozen=True)
class Data:
    """A snapshot without its classes and figures. counts: {"train": {class_id: n}, …}"""

    id: int
    fingerprint: str
    counts: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class Answer:
    """What a run said about one item, and what the person had said when the snapshot was made."""

    item_id: int
    target_ids: list[int]
    class_id: int
    confidence: float
    scores: bytes


def listed(
    session: Session,
    project_id: int,
    limit: int = MOST_LISTED,
    *,
    with_archived: bool = False,
    also: Collection[int] = (),
) -> list[Listed]:
    """Newest first. `accuracy` and `f1_macro` are on the test items. also: runs that are listed whatever they are."""
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
        Run.tags,
        Run.is_starred,
        Run.is_archived,
    ).where(Run.project_id == project_id)
    newest = query.order_by(Run.id.desc()).limit(limit)
    found = list(session.execute(newest if with_archived else newest.where(Run.is_archived.is_(False))))
    if missing := set(also) - {row[0] for row in found}:
        found += session.execute(query.where(Run.id.in_(missing)))
        found.sort(key=lambda row: row[0], reverse=True)
    return [Listed(row[0], row[1], RunState(row[2]), *row[3:]) for row in found]


def count(session: Session, project_id: int, *, with_archived: bool = False) -> int:
    query = select(func.count()).select_from(Run).where(Run.project_id == project_id)
    return session.scalar(query if with_archived else query.where(Run.is_archived.is_(False))) or 0


def more(session: Session, run_ids: Sequence[int]) -> dict[int, More]:
    """Run id -> what a list shows beside `Listed`, curves and errors by one query for all."""
    query = select(Run.id, Run.note, Run.spec, Job.error).join(Job, Job.id == Run.job_id, isouter=True)
    found = list(session.execute(query.where(Run.id.in_(run_ids))))
    metric_of = {row[0]: str(row[2].get("best_metric") or METRIC) for row in found}
    curves = _validation_curves(session, metric_of)
    if without := [run_id for run_id in metric_of if run_id not in curves]:
        curves |= _validation_figures(session, without, metric_of)
    return {
        run_id: More(note, spec, metric_of[run_id], curves.get(run_id, ()), (error or {}).get("message"))
        for run_id, note, spec, error in found
    }


def _validation_curves(session: Session, metric_of: Mapping[int, str]) -> dict[int, list[float]]:
    names = {f"validation/{metric}" for metric in metric_of.values()}
    query = select(RunMetric.run_id, RunMetric.name, RunMetric.value).where(RunMetric.run_id.in_(list(metric_of)))
    curves: dict[int, list[float]] = {}
    # In the order of the unique index.
    in_order = query.where(RunMetric.name.in_(names)).order_by(RunMetric.run_id, RunMetric.name, RunMetric.step)
    for run_id, name, value in session.execute(in_order):
        if name == f"validation/{metric_of[run_id]}" and isfinite(value):
            curves.setdefault(run_id, []).append(value)
    return curves


def _validation_figures(
    session: Session, run_ids: Sequence[int], metric_of: Mapping[int, str]
) -> dict[int, list[float]]:
    """Of runs without a curve: a head is fitted in one go."""
    names = sorted({metric_of[run_id] for run_id in run_ids})
    query = select(Run.id, *(Run.metrics["validation"][name].as_float() for name in names))
    rows = session.execute(query.where(Run.id.in_(run_ids)))
    values = ((row[0], row[1 + names.index(metric_of[row[0]])]) for row in rows)
    return {run_id: [value] for run_id, value in values if value is not None}


def data(session: Session, snapshot_ids: Sequence[int]) -> dict[int, Data]:
    query = select(Snapshot.id, Snapshot.fingerprint, Snapshot.counts, Snapshot.created_at)
    return {row[0]: Data(*row) for row in session.execute(query.where(Snapshot.id.in_(snapshot_ids)))}


def runs(session: Session, run_ids: Sequence[int]) -> dict[int, Run]:
    return {run.id: run for run in session.scalars(select(Run).where(Run.id.in_(run_ids)))}


def snapshots(session: Session, snapshot_ids: Sequence[int]) -> dict[int, Snapshot]:
    return {each.id: each for each in session.scalars(select(Snapshot).where(Snapshot.id.in_(snapshot_ids)))}


def points(session: Session, run_ids: Sequence[int]) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """Run id -> curve name -> its points {"step", "epoch", "seconds", "value"} by step.

    seconds: since the first point of the run was written; of a resumed run with the pause between.
    """
    found: dict[int, dict[str, list[dict[str, Any]]]] = {run_id: {} for run_id in run_ids}
    of_runs = RunMetric.run_id.in_(run_ids)
    began = select(RunMetric.run_id, func.min(RunMetric.created_at)).where(of_runs).group_by(RunMetric.run_id)
    first = {row[0]: row[1] for row in session.execute(began)}
    query = select(
        RunMetric.run_id, RunMetric.name, RunMetric.step, RunMetric.epoch, RunMetric.created_at, RunMetric.value
    )
    for run_id, name, step, epoch, at, value in session.execute(
        query.where(of_runs).order_by(RunMetric.run_id, RunMetric.name, RunMetric.step)
    ):
        point = {"step": step, "epoch": epoch, "seconds": (at - first[run_id]).total_seconds(), "value": value}
        found[run_id].setdefault(name, []).append(point)
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
