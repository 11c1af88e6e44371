"""Runs side by side, as data: what GET /api/projects/{p}/compare answers and what the Compare page draws."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from backend import errors
from backend.classes import PALETTE
from backend.evaluating import agreement, differences, doubts
from db import comparison as rows
from db import projects
from db.models import Project, Run, Snapshot
from db.session import Session

MOST_RUNS = 20
# A curve on a page has fewer pixels than this.
MOST_POINTS = 1000
BASELINE_TITLES = {
    "majority": "Always the most frequent class",
    "logistic_regression": "Logistic regression on frozen vectors",
}


def compare(session: Session, project: Project, run_ids: Sequence[int]) -> dict[str, Any]:
    """Put 1 to 20 runs side by side, in the order asked.

    Every list in `per_class` and `differences` has one value a run, in that order. Raises Invalid when no runs or
    too many are named, and NotFound for a run that is not in this project.
    """
    runs = chosen(session, project, run_ids)
    frozen = rows.snapshots(session, [run.snapshot_id for run in runs if run.snapshot_id])
    classes = classes_of(session, project, [run.snapshot_id and frozen.get(run.snapshot_id) for run in runs])
    points = rows.points(session, [run.id for run in runs])
    failures = rows.errors_of(session, [run.job_id for run in runs if run.job_id])
    orders = {run.id: class_order(frozen.get(run.snapshot_id or 0)) for run in runs}
    mistakes, pairs = agreement.of_runs(session, project, runs, orders)
    shown = [
        run_as_json(run)
        | {
            "error": failures.get(run.job_id or 0),
            "class_ids": orders[run.id],
            "thresholds": agreement.way(project, run.metrics, orders[run.id]).thresholds,
            "mistakes": mistakes.get(run.id),
            "curves": {name: thinned(curve) for name, curve in points[run.id].items()},
        }
        for run in runs
    ]
    return {
        "project_id": project.id,
        "multi_label": project.multi_label,
        "runs": shown,
        "classes": classes,
        "per_class": per_class(shown, classes),
        "differences": differences.between(session, runs),
        "baselines": [each for snapshot in frozen.values() for each in baselines_of(snapshot, len(frozen) > 1)],
        "agreement": pairs,
        "warnings": doubts.about(shown, frozen, pairs),
    }


def chosen(session: Session, project: Project, run_ids: Sequence[int]) -> list[Run]:
    asked = list(dict.fromkeys(run_ids))
    if not asked:
        raise errors.Invalid("No run is named.", "Choose at least one run to look at.")
    if len(asked) > MOST_RUNS:
        raise errors.Invalid(f"{len(asked)} runs are too many side by side.", f"Choose at most {MOST_RUNS}.")
    found = rows.runs(session, asked)
    for run_id in asked:
        if run_id not in found or found[run_id].project_id != project.id:
            raise errors.NotFound(f'There is no run {run_id} in "{project.name}".', "The Compare page lists its runs.")
    return [found[run_id] for run_id in asked]


def parse_ids(text: str) -> list[int]:
    """ "1,2" of an address. Raises Invalid."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    # More digits than a database's number has are no run either.
    if not all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in parts):
        raise errors.Invalid(f'"{text}" does not name runs.', "Write their numbers with commas between: 1,2.")
    return [int(part) for part in parts]


def run_as_json(run: Run) -> dict[str, Any]:
    metrics = run.metrics or {}
    return {
        "id": run.id,
        "name": run.name or f"Run {run.id}",
        "state": run.state,
        "method": run.spec.get("method"),
        "base": run.spec.get("base"),
        "spec": run.spec,
        "snapshot_id": run.snapshot_id,
        "created_at": run.created_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "seconds": metrics.get("train_seconds") or (run.environment or {}).get("seconds"),
        "metrics": {split: finite(metrics[split]) for split in ("validation", "test") if metrics.get(split)},
    }


def finite(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no word for what is not a number."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in metrics.items()
    }


def thinned(points: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """At most `MOST_POINTS` finite points, evenly taken, the first and the last among them."""
    kept = [point for point in points if math.isfinite(point["value"])]
    if len(kept) <= MOST_POINTS:
        return kept
    last = len(kept) - 1
    return [kept[round(each * last / (MOST_POINTS - 1))] for each in range(MOST_POINTS)]


def class_order(snapshot: Snapshot | None) -> list[int]:
    return [each["id"] for each in snapshot.classes] if snapshot else []


def classes_of(session: Session, project: Project, snapshots: Sequence[Any]) -> list[dict[str, Any]]:
    """Every class that any of the runs knows: with today's name and colour if it is still there."""
    today = {each.id: each for each in projects.classes(session, project.id, with_archived=True)}
    known = {each["id"]: each for snapshot in snapshots if snapshot for each in snapshot.classes}
    order = sorted(known, key=lambda class_id: (today[class_id].position if class_id in today else math.inf, class_id))
    return [
        {
            "id": class_id,
            "name": today[class_id].name if class_id in today else known[class_id]["name"],
            "color": today[class_id].color if class_id in today else known[class_id].get("color") or PALETTE[-1],
        }
        for class_id in order
    ]


def per_class(runs: Sequence[Mapping[str, Any]], classes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The test figures of each class, one value a run; None where a run does not know the class."""
    by_run = [
        {each["class_id"]: each for each in run["metrics"].get("test", {}).get("per_class") or ()} for run in runs
    ]
    return [
        {"class_id": each["id"], "name": each["name"]}
        | {
            figure: [rates.get(each["id"], {}).get(figure) for rates in by_run]
            for figure in ("precision", "recall", "f1", "support")
        }
        for each in classes
    ]


def baselines_of(snapshot: Snapshot, is_one_of_several: bool) -> list[dict[str, Any]]:
    """What any run on this snapshot should beat."""
    return [
        {
            "id": f"{snapshot.id}-{name}",
            "snapshot_id": snapshot.id,
            "name": BASELINE_TITLES.get(name, name.replace("_", " ").capitalize())
            + (f" (data {snapshot.id})" if is_one_of_several else ""),
            "metrics": {split: finite(figures) for split, figures in metrics.items() if isinstance(figures, dict)},
        }
        for name, metrics in (snapshot.baselines or {}).items()
    ]
