"""Runs with everything that hangs on them, written into a real database."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import delete

from backend import projects
from backend.evaluating import metrics
from db import projects as project_rows
from db.models import (
    Item,
    Job,
    JobKind,
    JobState,
    Label,
    Prediction,
    Project,
    Run,
    RunMetric,
    RunState,
    Snapshot,
    Split,
    Status,
)
from db.session import Session


def a_project(session: Session, classes: Sequence[str] = ("heron", "duck"), **fields: Any) -> Project:
    fields = {"name": "Birds", "kind": "text"} | fields
    return projects.create(session, fields.pop("name"), fields.pop("kind"), class_names=classes, **fields)


def items(session: Session, project: Project, n: int, prefix: str = "item") -> list[Item]:
    texts = [f"{prefix} {number}" for number in range(n)]
    rows = [
        Item(
            project_id=project.id, content_hash=hashlib.sha256(text.encode()).digest(), text=text, source=f"{text}.txt"
        )
        for text in texts
    ]
    session.add_all(rows)
    session.flush()
    return rows


def a_snapshot(session: Session, project: Project, **fields: Any) -> Snapshot:
    classes = [
        {"id": each.id, "name": each.name, "color": each.color} for each in project_rows.classes(session, project.id)
    ]
    fields = {"classes": classes, "fingerprint": hashlib.sha256(repr(classes).encode()).hexdigest()} | fields
    snapshot = Snapshot(project_id=project.id, **fields)
    session.add(snapshot)
    session.flush()
    return snapshot


def a_run(session: Session, project: Project, snapshot: Snapshot | None = None, **fields: Any) -> Run:
    """A run without anything to show; see `with_answers` and `with_curve`."""
    fields = {"name": "Head", "state": RunState.DONE, "spec": {"method": "head", "base": "bundled:minilm"}} | fields
    run = Run(project_id=project.id, snapshot_id=snapshot.id if snapshot else None, **fields)
    session.add(run)
    session.flush()
    return run


def a_failed_run(session: Session, project: Project, message: str = "The disk is full.") -> Run:
    job = Job(
        project_id=project.id,
        kind=JobKind.TRAIN,
        lane="train",
        state=JobState.FAILED,
        error={"code": "error", "message": message, "hint": "Make room."},
    )
    session.add(job)
    session.flush()
    return a_run(session, project, job_id=job.id, state=RunState.FAILED, name="Broken")


def with_answers(
    session: Session,
    run: Run,
    of: Sequence[Item],
    targets: Sequence[Sequence[int]],
    scores: Any,
    *,
    multi_label: bool = False,
) -> Run:
    """Give the run its answers on test items, which get these labels, and the figures that follow.

    Targets are positions of classes.
    """
    snapshot = session.get_one(Snapshot, run.snapshot_id)
    ids = [each["id"] for each in snapshot.classes]
    table = np.asarray(scores, dtype=np.float32)
    for item, target, row in zip(of, targets, table, strict=True):
        best = int(row.argmax())
        label(session, item, [ids[position] for position in target])
        session.add(
            Prediction(
                run_id=run.id,
                item_id=item.id,
                split=Split.TEST,
                target_ids=[ids[position] for position in target],
                class_id=ids[best],
                confidence=float(row[best]),
                scores=row.tobytes(),
            )
        )
    figures = metrics.evaluate(targets, table, snapshot.classes, multi_label)
    run.metrics = {"test": figures, "validation": figures, "train_seconds": 12.5}
    session.flush()
    return run


def label(session: Session, item: Item, class_ids: Sequence[int]) -> None:
    """As the label of a test item, instead of the one that it had."""
    item.status, item.split = Status.LABELED, Split.TEST
    session.execute(delete(Label).where(Label.item_id == item.id))
    session.add_all(Label(item_id=item.id, class_id=class_id) for class_id in class_ids)
    session.flush()


def with_curve(session: Session, run: Run, name: str, values: Sequence[float]) -> Run:
    session.add_all(
        RunMetric(run_id=run.id, name=name, step=10 * step, epoch=step / 2, value=value)
        for step, value in enumerate(values, start=1)
    )
    session.flush()
    return run


def sure(position: int, of: int, confidence: float = 0.9) -> list[float]:
    """Scores that say one class."""
    rest = (1 - confidence) / (of - 1)
    return [confidence if each == position else rest for each in range(of)]
