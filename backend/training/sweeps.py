"""Sweeps: many runs of one spec with other values of a few settings, started, watched and stopped as one.

A grid of all combinations, or some of them drawn at random: Bergstra & Bengio 2012. All runs learn from one snapshot.
The best one is chosen by its validation figure: its test figure then still says how it does on items unseen.
"""

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from backend import errors
from backend.jobs import control
from backend.models import catalogue
from backend.training import defaults, runs, setting
from backend.training import spec as specs
from db import jobs
from db import sweeps as rows
from db.models import Job, JobState, Kind, Project, Run, Sweep, now
from db.session import Session

MOST_RUNS, MOST_COMBINATIONS, MOST_MINUTES = 100, 10_000, 10_000
# Which items are learned from is the same for all runs of a sweep.
FIXED = ("allow_missing_classes",)


def start(
    session: Session,
    project: Project,
    spec: Mapping[str, Any],
    space: Mapping[str, Sequence[Any]],
    *,
    most_runs: int,
    minutes: float | None = None,
    name: str = "",
) -> Sweep:
    """Queue a run for each combination of the values in `space`, at most `most_runs` of them, drawn by the spec's seed.

    minutes: of training, all runs together; those that it does not reach are not begun. Cross-validation, which trains
    each of them several times more, is left out unless the spec or the space asks for it.
    Every combination is checked before anything is queued. Raises BadSpec, BadFile, TooFewLabels or ModelNotHere.
    """
    check_budget(most_runs, minutes)
    found = combinations({each: values_of(each, values) for each, values in space.items()})
    # Drawn by the seed: the same sweep tries the same combinations. No secret hangs on it.
    random.Random(setting.shown(spec.get("seed", 0))).shuffle(found)  # noqa: S311
    data = defaults.data_of(session, project)
    known = {"folds": 0} | {each: value for each, value in spec.items() if value is not None}
    told = [known | combination for combination in found[:most_runs]]
    whole = [specs.complete(session, project, each, data) for each in told]
    for setting_name in space:
        if not any(setting_name in complete for complete in whole):
            method = whole[0]["method"]
            raise errors.BadSpec(f"{setting_name} is nothing for the method {method}.", "Try other settings.")
    title = runs.clean_name(name) or f"Sweep on {catalogue.find(whole[0]['base']).title}"
    tried = {each: list(dict.fromkeys(combination[each] for combination in found)) for each in found[0]}
    sweep = rows.add(session, Sweep(project_id=project.id, name=title, space=tried, minutes=minutes))
    queued: list[dict[str, Any]] = []
    for each, combination, complete in zip(told, found, whole, strict=False):
        # Where a method leaves a setting out, several combinations are the same run.
        if complete in queued:
            continue
        queued.append(complete)
        runs.queue(session, project, complete, in_words(title, combination), told=each, sweep_id=sweep.id)
    return sweep


def check_budget(most_runs: int, minutes: float | None) -> None:
    if not 1 <= most_runs <= MOST_RUNS:
        raise errors.BadSpec(
            f"A sweep has 1 to {MOST_RUNS} runs; {setting.shown(most_runs)} was asked for.", "Change most_runs."
        )
    # Written so that a NaN is refused too.
    if minutes is not None and not 0 < minutes <= MOST_MINUTES:
        raise errors.BadSpec(
            f"A sweep may take up to {MOST_MINUTES:,} minutes; {setting.shown(minutes)} was asked for.",
            "Give minutes above 0, or none for as long as it takes.",
        )


def values_of(name: str, values: Any) -> list[Any]:
    """The values of one setting, checked, each once."""
    if name in FIXED:
        raise errors.BadSpec(
            f"All runs of a sweep learn from the same items; {name} is none to try.", "Say it in the spec."
        )
    if not isinstance(values, list | tuple) or not values:
        shown = setting.shown(values)
        raise errors.BadSpec(
            f'The values to try of "{name[: setting.MOST_SHOWN]}" are {shown}.', "Give a list of values."
        )
    return list(dict.fromkeys(setting.checked(name, value) for value in values))


def combinations(space: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    count = math.prod(len(values) for values in space.values())
    if not space or count > MOST_COMBINATIONS:
        what = f"{count:,} combinations" if space else "nothing to try"
        raise errors.BadSpec(
            f"This sweep has {what}.", f"Name settings with values to try: up to {MOST_COMBINATIONS:,} combinations."
        )
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())]


def in_words(title: str, combination: Mapping[str, Any]) -> str:
    """ "Sweep on MiniLM: learning rate 6e-05, epochs 4", as long as a name may be."""
    told = ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in combination.items())
    return f"{title}: {told}"[: runs.NAME_LENGTH]


def shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def suggested(spec: Mapping[str, Any], kind: str) -> dict[str, list[Any]]:
    """Settings worth trying around those of this whole spec: one to three, each with two to four values."""
    if spec["method"] == "head":
        return {"class_weights": ["none", "balanced"]}
    rate, epochs = spec["learning_rate"], spec["epochs"]
    found: dict[str, list[Any]] = {"learning_rate": [significant(rate * times) for times in (0.3, 1, 3)]}
    if spec["method"] == "lora":
        rank = spec["lora_rank"]
        return found | {"lora_rank": sorted({max(1, rank // 2), rank, min(256, rank * 2)})}
    if kind == Kind.IMAGE:
        return found | {"label_smoothing": [0.0, 0.1]}
    return found | {"epochs": sorted({max(1, epochs // 2), epochs, min(1000, epochs * 2)})}


def significant(value: float) -> float:
    """With two digits, in the range that a rate may have."""
    return min(max(float(f"{value:.1e}"), 1e-9), 1.0)


def get(session: Session, sweep_id: int) -> Sweep:
    found = rows.get(session, sweep_id)
    if found is None:
        raise errors.NotFound(f"There is no sweep {sweep_id}.", "GET /api/projects/{p}/sweeps lists them.")
    return found


def seconds_at_work(job: Job | None) -> float | None:
    """How long its last attempt has been at work; None before it began. What an attempt before took is not known."""
    if job is None or job.started_at is None or job.state == JobState.QUEUED:
        return None
    until = job.finished_at or now()
    return max(0.0, (until - job.started_at).total_seconds())


def trained_seconds(session: Session, sweep: Sweep) -> float:
    """How long all its runs have been at work together."""
    return sum(seconds_at_work(job) or 0.0 for job in rows.jobs(session, sweep.id))


def over_budget(session: Session, run: Run) -> bool:
    """Whether the run belongs to a sweep whose minutes are used up."""
    sweep = rows.get(session, run.sweep_id) if run.sweep_id else None
    if sweep is None or sweep.minutes is None:
        return False
    return trained_seconds(session, sweep) >= 60 * sweep.minutes


def stop(session: Session, sweep: Sweep, keep: str = "best") -> int:
    """Stop all its runs that wait or are at work; returns how many. Raises Invalid for another way to keep."""
    active = [job for job in rows.jobs(session, sweep.id) if job.state in jobs.ACTIVE]
    # Those that wait first: the place of one that ends is not to be taken by the next.
    for job in sorted(active, key=lambda each: each.state != JobState.QUEUED):
        control.stop(session, job.id, keep)
    return len(active)


def of_run(session: Session, run_id: int) -> dict[str, Any] | None:
    """The sweep that a run belongs to, as `as_json`; None for one that was started by itself."""
    sweep = rows.get(session, runs.get(session, run_id).sweep_id or 0)
    return as_json(session, sweep) if sweep else None


def as_json(session: Session, sweep: Sweep) -> dict[str, Any]:
    """With its runs and what each tried. best: the id of the one with the best validation figure, if one has any."""
    found = rows.runs(session, sweep.id)
    metric = next((run.spec.get("best_metric", "f1_macro") for run, _ in found), "f1_macro")
    judged = {run.id: score for run, _ in found if (score := score_of(run, metric)) is not None}
    # The first of equals; a lower loss is a better one.
    best = max(judged, key=lambda each: judged[each] * (-1 if metric == "log_loss" else 1)) if judged else None
    used = sum(seconds_at_work(job) or 0.0 for _, job in found)
    return {
        "id": sweep.id,
        "project_id": sweep.project_id,
        "name": sweep.name,
        "space": sweep.space,
        "minutes": sweep.minutes,
        "trained_seconds": round(used, 1),
        "is_over_budget": sweep.minutes is not None and used >= 60 * sweep.minutes,
        "is_active": any(JobState(run.state) in jobs.ACTIVE for run, _ in found),
        "created_at": sweep.created_at.isoformat(),
        "metric": metric,
        "best": best,
        "best_by": best_by(metric, len(judged)) if judged else None,
        "runs": [run_as_json(sweep, run, job) | {"score": judged.get(run.id)} for run, job in found],
    }


def best_by(metric: str, count: int) -> str:
    words = {"f1_macro": "macro-F1", "f1_micro": "micro-F1", "log_loss": "log loss"}.get(metric, metric)
    return f"The best of {count} by {words} on the validation items; no test item had a part in the choice."


def run_as_json(sweep: Sweep, run: Run, job: Job | None) -> dict[str, Any]:
    seconds = seconds_at_work(job)
    return {
        "id": run.id,
        "job_id": run.job_id,
        "name": run.name,
        "state": run.state,
        "values": {name: run.spec.get(name) for name in sweep.space},
        "validation": overall(run.metrics.get("validation")),
        "test": overall(run.metrics.get("test")),
        "seconds": None if seconds is None else round(seconds, 1),
        "error": job.error if job else None,
    }


def overall(figures: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Without what is told class by class."""
    return {name: each for name, each in (figures or {}).items() if not isinstance(each, list | dict)} or None


def score_of(run: Run, metric: str) -> float | None:
    """On the validation items; None where there is no such figure."""
    value = (run.metrics.get("validation") or {}).get(metric)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
