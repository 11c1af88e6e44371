"""Queries behind the advice on what to do next: each a few rows by an index, however large the project."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from db.models import Item, LabelEvent, Prediction, Run, RunMetric, RunState, Split, Status
from db.session import Session

# Of the finished runs the newest are looked at, and of what one of them answered so many items.
RUNS = 20
ANSWERS = 2_000


class Answered(NamedTuple):
    """What a run said of a test item. target_ids: what the person had said."""

    item_id: int
    class_id: int
    confidence: float
    target_ids: list[int]


def finished_runs(session: Session, project_id: int) -> Sequence[tuple[int, int | None, float | None]]:
    """(run id, snapshot id, macro-F1 on the test items) of the newest ones that are not archived, newest first."""
    figure = Run.metrics["test"]["f1_macro"].as_float()
    query = select(Run.id, Run.snapshot_id, figure).where(Run.project_id == project_id, Run.state == RunState.DONE)
    query = query.where(Run.is_archived.is_(False)).order_by(Run.id.desc()).limit(RUNS)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def has_run(session: Session, project_id: int) -> bool:
    """Whether there is any, finished or not."""
    return session.scalar(select(Run.id).where(Run.project_id == project_id).limit(1)) is not None


def events_after(session: Session, project_id: int, moment: datetime, most: int = 10_000) -> int:
    """How many label events are newer; no more than `most` are counted."""
    newest = select(LabelEvent.created_at).where(LabelEvent.project_id == project_id)
    recent = newest.order_by(LabelEvent.id.desc()).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(recent).where(recent.c.created_at > moment)) or 0


def answers(session: Session, run_id: int) -> list[Answered]:
    """On test items, the first by their ids."""
    columns = (Prediction.item_id, Prediction.class_id, Prediction.confidence, Prediction.target_ids)
    query = select(*columns).where(Prediction.run_id == run_id, Prediction.split == Split.TEST)
    return [Answered(*row) for row in session.execute(query.order_by(Prediction.item_id).limit(ANSWERS))]


def losses(session: Session, run_id: int) -> list[tuple[float, float]]:
    """(epoch, loss on the validation items), in the order of the steps."""
    query = select(RunMetric.epoch, RunMetric.value).where(
        RunMetric.run_id == run_id, RunMetric.name == "validation/loss"
    )
    return [(epoch or 0.0, value) for epoch, value in session.execute(query.order_by(RunMetric.step))]


def of_status(session: Session, project_id: int, status: Status, limit: int) -> list[int]:
    """Ids of the first items of this status."""
    query = select(Item.id).where(Item.project_id == project_id, Item.status == status).order_by(Item.id)
    return list(session.scalars(query.limit(limit)))
