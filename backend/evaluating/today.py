"""Runs judged by the labels of today: the test items that there are now, with the classes that they have now.

A run's own figures stay what they were when it was trained. An evaluation stands beside them: what it answered then is
held against today's labels, and it is asked about the test items that came since. A split is for ever, so none of these
was ever among the items that it learned from. What it thinks of a class that was merged counts for the one that it went
to; an item of a class that it never learned it cannot get right.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import errors
from backend.evaluating import metrics
from backend.evaluating.answers import Told
from backend.jobs import control
from backend.suggesting import of_run
from db import comparison, labels
from db import evaluations as rows
from db import projects as project_rows
from db.comparison import Answer
from db.evaluations import TestItem
from db.models import Evaluation, Job, JobKind, LabelClass, Project, Run, RunState, now
from db.session import Session, reading, writing

Table = NDArray[np.float32]
# Rows in one write transaction: well under 50 ms.
CHUNK = 300
# New items that a model is asked about at once.
ASKED = 64


@dataclass(frozen=True)
class Today:
    """The classes that are not archived, in order, and the test items with a class among them (or with none, where an
    item may have several)."""

    classes: Sequence[LabelClass]
    items: Sequence[TestItem]

    @property
    def fingerprint(self) -> str:
        told = [[each.id for each in self.classes], [[each.item_id, each.class_ids] for each in self.items]]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    @property
    def targets(self) -> list[list[int]]:
        place = {each.id: position for position, each in enumerate(self.classes)}
        return [[place[class_id] for class_id in item.class_ids] for item in self.items]


def of(session: Session, project: Project) -> Today:
    classes = list(project_rows.classes(session, project.id))
    known = {each.id for each in classes}
    found = []
    for item in rows.test_items(session, project.id):
        left = tuple(class_id for class_id in item.class_ids if class_id in known)
        if left or (project.multi_label and not item.class_ids):
            found.append(TestItem(item.item_id, item.content_hash, left))
    return Today(classes, found)


def changed(session: Session, today: Today, project: Project, given: Mapping[int, Answer]) -> dict[str, int]:
    """What became of a run's test items since: {"relabeled", "gone", "new"}.

    given: its answers by item id. A class that was merged or renamed since is no other label.
    """
    classes = labels.classes_now(session, project.id)
    there = {item.item_id: item.class_ids for item in today.items}
    gone = [item_id for item_id in given if item_id not in there]
    relabeled = [
        item_id
        for item_id, answer in given.items()
        if item_id in there and classes.now(tuple(sorted(answer.target_ids))) != there[item_id]
    ]
    return {"relabeled": len(relabeled), "gone": len(gone), "new": len(there) - (len(given) - len(gone))}


def start(session: Session, project: Project, run_ids: Sequence[int]) -> Job:
    """Queue the evaluation of these finished runs. Raises Conflict when none of them is finished."""
    found = comparison.runs(session, run_ids)
    finished = [each for each in run_ids if each in found and found[each].state == RunState.DONE]
    if not finished:
        raise errors.Conflict("None of these runs is finished.", "Choose a run that is done.")
    what = f"run {finished[0]}" if len(finished) == 1 else f"{len(finished)} runs"
    title = f"Judge {what} by today's labels"
    return control.add_once(session, JobKind.EVALUATE, project.id, {"run_ids": finished}, title)


def evaluate(project: Project, run: Run, on_progress: Callable[[int, int], None]) -> None:
    """Judge the run and keep what was found, instead of what was there.

    on_progress(done, total) may raise to stop: then the run has no evaluation. Raises TooFewLabels without test items.
    """
    with reading() as session:
        today, before = of(session, project), comparison.answers(session, run.id)
    if not today.items:
        raise errors.TooFewLabels("No labeled item is in the test split.", "Label more items, then train or try again.")
    scores, is_answered = scored(project, run, today, before, on_progress)
    kept = np.flatnonzero(is_answered)
    classes = [{"id": each.id, "name": each.name} for each in today.classes]
    every = today.targets
    targets = [every[row] for row in kept.tolist()]
    figures = metrics.evaluate(targets, scores[kept], classes, project.multi_label)
    with writing() as session:
        rows.forget(session, run.id)
    is_left = True
    while is_left:
        with writing() as session:
            is_left = rows.remove_some(session, run.id, CHUNK) == CHUNK
    with writing() as session:
        rows.begin(session, run.id, [each.id for each in today.classes])
    for start_at in range(0, len(kept), CHUNK):
        chunk = [_row(run.id, today, row, scores[row]) for row in kept[start_at : start_at + CHUNK].tolist()]
        with writing() as session:
            rows.put(session, chunk)
    told = {"metrics": figures, "fingerprint": today.fingerprint, "unanswered": len(today.items) - len(kept)}
    with writing() as session:
        fresh = comparison.runs(session, [run.id]).get(run.id)
        # Thresholds that were moved meanwhile make these figures old ones: then the run has no evaluation.
        if fresh is not None and fresh.metrics.get("thresholds") == run.metrics.get("thresholds"):
            rows.finish(session, run.id, **told, created_at=now())


def _row(run_id: int, today: Today, row: int, scores: Table) -> dict[str, Any]:
    best = int(scores.argmax())
    return {
        "run_id": run_id,
        "item_id": today.items[row].item_id,
        "target_ids": list(today.items[row].class_ids),
        "class_id": today.classes[best].id,
        "confidence": float(scores[best]),
        "scores": scores.tobytes(),
    }


def scored(
    project: Project, run: Run, today: Today, before: Mapping[int, Answer], on_progress: Callable[[int, int], None]
) -> tuple[Table, NDArray[np.bool_]]:
    """(n, k) scores of today's test items in the order of today's classes, and (n,) whether the run could be asked.

    What it answered before is taken as it stands. With several classes an item, 0.5 is the line: see `of_run`.
    """
    there = [row for row, item in enumerate(today.items) if item.item_id in before]
    new = [row for row, item in enumerate(today.items) if item.item_id not in before]
    found = np.zeros((len(today.items), len(today.classes)), np.float32)
    is_answered = np.zeros(len(today.items), bool)
    with reading() as session:
        learned = [each["id"] for each in of_run.known_classes(session, run)]
        places = of_run.places(session, run, today.classes)
    if there:
        packed = b"".join(before[today.items[row].item_id].scores for row in there)
        own = np.frombuffer(packed, np.float32).reshape(len(there), len(learned))
        if project.multi_label:
            own = of_run.centred(own, np.array(metrics.thresholds_of(run.metrics, learned))).astype(np.float32)
        found[there] = of_run.arranged(own, places, len(today.classes), multi_label=project.multi_label)
        is_answered[there] = True
    on_progress(len(there), len(today.items))
    try:
        score = of_run.suggester(run.id, today.classes) if new else None
    except (errors.NotFound, errors.Conflict):
        # The model was cleaned away: what it answered before can be judged all the same.
        return found, is_answered
    for start_at in range(0, len(new), ASKED):
        some = new[start_at : start_at + ASKED]
        with reading() as session:
            texts = rows.texts(session, [today.items[row].item_id for row in some])
        contents = [(today.items[row].content_hash, texts.get(today.items[row].item_id)) for row in some]
        assert score is not None
        found[some] = score(contents)
        is_answered[some] = True
        on_progress(len(there) + start_at + len(some), len(today.items))
    return found, is_answered


def told(session: Session, run: Run, evaluation: Evaluation | None) -> Told:
    """What the run answers on the test items of its evaluation; on none where it has no evaluation."""
    if evaluation is None:
        return Told(run, [], [], {}, {})
    line = [metrics.THRESHOLD] * len(evaluation.class_ids)
    return Told(run, evaluation.class_ids, line, {"test": evaluation.metrics}, rows.answers(session, run.id))


@dataclass(frozen=True)
class Standing:
    """How runs stand to the labels of today. outdated: {"relabeled", "gone", "new"} of the run with the most of it, or
    None where nothing is. evaluations: run id -> {"created_at", "is_current", "unanswered"}."""

    outdated: dict[str, int] | None
    evaluations: dict[int, dict[str, Any]]


def standing(session: Session, project: Project, said: Sequence[Told]) -> Standing:
    """said: as the runs are being shown, by the labels of then or of an evaluation."""
    now_there = of(session, project)
    found = [changed(session, now_there, project, each.answers) for each in said if each.answers]
    worst = max(found, key=lambda each: sum(each.values()), default={})
    fingerprint = now_there.fingerprint
    judged = {
        run_id: {
            "created_at": each.created_at.isoformat(),
            "is_current": each.fingerprint == fingerprint,
            "unanswered": each.unanswered,
        }
        for run_id, each in rows.of_runs(session, [one.run.id for one in said]).items()
    }
    return Standing(worst if any(worst.values()) else None, judged)
