"""Runs side by side, as data: what GET /api/projects/{p}/compare answers and what the Compare page draws."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import errors
from backend.classes import PALETTE
from backend.evaluating import (
    agreement,
    answers,
    bootstrap,
    differences,
    doubts,
    looks,
    remembered,
    significance,
    today,
)
from backend.evaluating.answers import Answers, Told
from backend.training import disk
from db import comparison as rows
from db import evaluations, projects
from db.models import Project, Run, Snapshot
from db.session import Session

MOST_RUNS = 20
# A curve on a page has fewer pixels than this.
MOST_POINTS = 1000
BASELINE_TITLES = {
    "majority": "Always the most frequent class",
    "logistic_regression": "Logistic regression on frozen vectors",
}


def compare(session: Session, project: Project, run_ids: Sequence[int], *, is_today: bool = False) -> dict[str, Any]:
    """Put 1 to 20 runs side by side, in the order asked.

    Every list in `per_class` and `differences` has one value a run, in that order. is_today: by the labels of today, as
    far as the runs were judged by them, instead of those that each was trained with. Raises Invalid when no runs or too
    many are named, and NotFound for a run that is not in this project.
    """
    runs = chosen(session, project, run_ids)
    frozen = snapshots_of(session, runs)
    said = told(session, runs, frozen, is_today=is_today)
    tables = [answers.alone(project, each) for each in said]
    classes = classes_of(session, project, [run.snapshot_id and frozen.get(run.snapshot_id) for run in runs])
    points = rows.points(session, [run.id for run in runs])
    failures = rows.errors_of(session, [run.job_id for run in runs if run.job_id])
    mistakes, pairs = agreement.of_runs(project, said)
    shown = [
        run_as_json(each)
        | {
            "is_today": is_today,
            "thresholds": list(each.thresholds) if project.multi_label else None,
            "error": failures.get(each.run.job_id or 0),
            "mistakes": mistakes.get(each.run.id),
            "intervals": intervals(table),
            "curves": {name: thinned(curve) for name, curve in points[each.run.id].items()},
        }
        for each, table in zip(said, tables, strict=True)
    ]
    verdicts = verdicts_on(project, said)
    judged = today.standing(session, project, said)
    return {
        "project_id": project.id,
        "multi_label": project.multi_label,
        "is_today": is_today,
        "runs": [run | {"evaluation": judged.evaluations.get(run["id"])} for run in shown],
        "classes": classes,
        "per_class": per_class(shown, classes),
        "differences": differences.between(session, runs),
        # They were measured by the labels of then.
        "baselines": []
        if is_today
        else [each for snapshot in frozen.values() for each in baselines_of(snapshot, len(frozen) > 1)],
        "agreement": pairs,
        "verdicts": verdicts,
        "outdated": judged.outdated,
        "warnings": doubts.about(shown, frozen, pairs, is_today=is_today, outdated=judged.outdated),
    }


def told(
    session: Session, runs: Sequence[Run], frozen: Mapping[int, Snapshot], *, is_today: bool = False
) -> list[Told]:
    """What each run answered on test items, and the figures of that. frozen: their snapshots by id."""
    if is_today:
        judged = evaluations.of_runs(session, [run.id for run in runs])
        return [today.told(session, run, judged.get(run.id)) for run in runs]
    return [answers.told(session, run, class_order(frozen.get(run.snapshot_id or 0))) for run in runs]


def tables(session: Session, project: Project, run_ids: Sequence[int], *, is_today: bool = False) -> dict[int, Answers]:
    """Run id -> its answers on all of its own test items. Raises as `compare`."""
    said = _said(session, project, run_ids, is_today=is_today)
    return {each.run.id: answers.alone(project, each) for each in said}


def shared(session: Session, project: Project, run_ids: Sequence[int], *, is_today: bool = False) -> Answers:
    """Their answers on the test items that all of these runs answered, by the same label. Raises as `compare`."""
    return answers.together(project, _said(session, project, run_ids, is_today=is_today))


def _said(session: Session, project: Project, run_ids: Sequence[int], *, is_today: bool) -> list[Told]:
    runs = chosen(session, project, run_ids)
    return told(session, runs, snapshots_of(session, runs), is_today=is_today)


def snapshots_of(session: Session, runs: Sequence[Run]) -> dict[int, Snapshot]:
    return rows.snapshots(session, [run.snapshot_id for run in runs if run.snapshot_id])


def intervals(table: Answers) -> dict[str, list[float]] | None:
    """{"accuracy": [low, high], "f1_macro": …} in which the figures of the first run lie with 95 %."""
    if not len(table):
        return None
    found = remembered.once(of_one, table.truth, table.given[0])
    return {name: list(ends) for name, ends in found.items()}


def of_one(truth: NDArray[np.bool_], given: NDArray[np.bool_]) -> dict[str, tuple[float, float]]:
    [found] = bootstrap.intervals(truth, [given])
    return found


def verdicts_on(project: Project, said: Sequence[Told]) -> list[dict[str, Any]]:
    """Whether each other run is better than the first one that has answers, on the items that both answered."""
    there = [each for each in said if each.answers]
    if not there:
        return []
    names = looks.names_of([{"id": each.run.id, "name": each.run.name} for each in there])
    found = []
    for other, name in zip(there[1:], names[1:], strict=True):
        both = answers.together(project, [there[0], other])
        verdict = remembered.once(significance.compare, both.truth, *both.given)
        words = significance.in_words(verdict, names[0], name)
        found.append({"a": there[0].run.id, "b": other.run.id} | verdict | {"words": words})
    return found


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


def run_as_json(one: Told) -> dict[str, Any]:
    run, metrics, facts = one.run, one.run.metrics or {}, one.run.environment or {}
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
        "seconds": metrics.get("train_seconds") or facts.get("seconds"),
        "size_bytes": disk.of_run(run.id).model_bytes or None,
        "parameters": facts.get("weights") or facts.get("trained_weights"),
        "class_ids": list(one.class_ids),
        "metrics": {split: finite(figures) for split, figures in one.figures.items() if figures},
        # Over all labeled items, by the labels of then.
        "cross_validation": metrics.get("cross_validation"),
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
