"""The thresholds of a finished run, moved by hand: its figures, its model and its card then follow.

What they were when the run was trained is kept beside each, as "tuned". The items are not scored again: the run's
stored predictions are held against the new thresholds. `thresholds` chooses them when a run is trained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from backend import blobs, errors, projects, settings
from backend.evaluating import answers, metrics
from backend.evaluating.answers import Answers, Told
from backend.training import artifact, card, runs
from db import comparison, evaluations, jobs
from db import projects as project_rows
from db import runs as rows
from db.models import JobState, Project, Run, Split, now
from db.session import Session, reading, writing

HEADING = "\n## Thresholds moved by hand\n"
JUDGED = (Split.VALIDATION, Split.TEST)


@dataclass(frozen=True)
class Lines:
    """classes: {"id", "name"} in the order of the run's scores. present, tuned: of each, as they are and as they were
    when the run was trained. said: what it answered on validation and test items, where there are any."""

    classes: Sequence[Mapping[str, Any]]
    present: list[float]
    tuned: list[float]
    said: dict[Split, Answers]

    @property
    def is_moved(self) -> bool:
        return self.present != self.tuned

    def figures(self, split: Split, limits: Sequence[float]) -> dict[str, Any]:
        """What `metrics.evaluate` says with these thresholds, one for each class."""
        table = self.said[split]
        targets = [np.flatnonzero(row).tolist() for row in table.truth]
        return metrics.evaluate(targets, table.scores[0], self.classes, True, limits)


def lines_of(session: Session, project: Project, run: Run) -> Lines:
    """Raises Invalid where an item has one class, Conflict when the run is at work or has no predictions."""
    if not project.multi_label:
        raise errors.Invalid(
            "An item of this project has one class: the class with the highest score is the answer.",
            "Thresholds are for projects whose items may have several classes.",
        )
    if JobState(run.state) in jobs.ACTIVE:
        raise errors.Conflict(f"The run {run.name} is {run.state}.", "Wait for it to end.")
    snapshot = runs.snapshot_of(session, run)
    classes = snapshot.classes if snapshot else []
    ids = [each["id"] for each in classes]
    present = metrics.thresholds_of(run.metrics, ids)
    kept = {each["class_id"]: each["tuned"] for each in run.metrics.get("thresholds") or () if "tuned" in each}
    tuned = [kept.get(class_id, line) for class_id, line in zip(ids, present, strict=True)]
    said = {}
    for split in JUDGED:
        if given := comparison.answers(session, run.id, split):
            said[split] = answers.alone(project, Told(run, ids, present, {}, given))
    if not said:
        raise errors.Conflict(f"The run {run.name} has no predictions to judge by.", "Choose a finished run.")
    return Lines(classes, present, tuned, said)


def put(run_id: int, asked: Mapping[str, float] | None) -> dict[str, Any]:
    """Set thresholds by class name or id, the others stay; None takes all back to those that were tuned in training.

    Returns {"run_id", "thresholds": [{"class_id", "threshold", "tuned"}], "metrics": {"validation", "test"}}. Raises
    Invalid for an unknown class or a threshold outside 0 to 1, and as `lines_of`; then nothing changes.
    """
    with reading() as session:
        run = runs.get(session, run_id)
        project = projects.get(session, run.project_id)
        lines = lines_of(session, project, run)
        names = names_of(session, project, lines.classes)
    limits = lines.tuned if asked is None else moved(lines, names, asked)
    found: dict[str, Any] = {split.value: lines.figures(split, limits) for split in lines.said}
    found["thresholds"] = as_json(lines, limits)
    with writing() as session:
        run = runs.get(session, run_id)
        rows.write(session, run_id, metrics=run.metrics | found)
        # It was judged by today's labels with the thresholds of before.
        evaluations.forget(session, run_id)
        put_in_model(run, lines, limits, found)
    told = [{"tuned": each["threshold"]} | each for each in found["thresholds"]]
    return {"run_id": run_id, "thresholds": told, "metrics": {split.value: found[split.value] for split in lines.said}}


def names_of(session: Session, project: Project, classes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How a class may be called: its name of today, else the one it had when the run learned, else its id."""
    own = {each["id"] for each in classes}
    known = project_rows.classes(session, project.id, with_archived=True)
    today = {each.name: each.id for each in known if each.id in own}
    return {str(class_id): class_id for class_id in own} | {each["name"]: each["id"] for each in classes} | today


def moved(lines: Lines, names: Mapping[str, int], asked: Mapping[str, float]) -> list[float]:
    wanted: dict[int, float] = {}
    for name, value in asked.items():
        if name not in names:
            raise errors.Invalid(f'The run knows no class "{name}".', "Write a class's name or number.")
        if not (isfinite(value) and 0 <= value <= 1):
            raise errors.Invalid(f'The threshold of "{name}" is {value}.', "Choose one from 0 to 1.")
        wanted[names[name]] = float(value)
    ids = [each["id"] for each in lines.classes]
    return [wanted.get(class_id, line) for class_id, line in zip(ids, lines.present, strict=True)]


def as_json(lines: Lines, limits: Sequence[float]) -> list[dict[str, Any]]:
    """As a run's metrics keep them: with what they were only while they are something else."""
    is_moved = list(limits) != lines.tuned
    return [
        {"class_id": each["id"], "threshold": limit} | ({"tuned": tuned} if is_moved else {})
        for each, limit, tuned in zip(lines.classes, limits, lines.tuned, strict=True)
    ]


def put_in_model(run: Run, lines: Lines, limits: Sequence[float], found: Mapping[str, Any]) -> None:
    """Into the model's config, and as a section of its card. Nothing where the model was cleaned away."""
    if not run.artifact or not (settings.home() / run.artifact).is_dir():
        return
    folder = artifact.folder_of_run(run.id)
    artifact.put_thresholds(folder, limits)
    path = folder / "model" / artifact.CARD
    if path.exists():
        told = path.read_text("utf-8").partition(HEADING)[0]
        more = section(lines, limits, found) if list(limits) != lines.tuned else ""
        blobs.write_whole(path, (told + more).encode())


def section(lines: Lines, limits: Sequence[float], found: Mapping[str, Any]) -> str:
    figures = [
        (f"on the {split.value} items", *(card.share(found[split.value][name]) for name in ("accuracy", "f1_macro")))
        for split in lines.said
    ]
    moved_ones = [
        (each["name"], card.share(tuned), card.share(limit))
        for each, tuned, limit in zip(lines.classes, lines.tuned, limits, strict=True)
        if limit != tuned
    ]
    parts = [
        f"On {now():%d %B %Y}. The tables above are those of the thresholds that were chosen in training.",
        card.table(("class", "answered from a score of, before", "now"), moved_ones),
        card.table(("with these", "accuracy", "macro-F1"), figures),
    ]
    return HEADING + "\n" + "\n\n".join(parts) + "\n"
