"""Queries on evaluations: runs judged by the labels of today, and the test items that there are today."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update

from db.comparison import Answer
from db.labels import batches
from db.models import Evaluation, EvaluationAnswer, Item, Label, Split, Status
from db.session import Session


class TestItem(NamedTuple):
    """A labeled item of the test split with its classes of today, in class id order."""

    item_id: int
    content_hash: bytes
    class_ids: tuple[int, ...]


def test_items(session: Session, project_id: int) -> list[TestItem]:
    """Those of today, by id. Where an item may have several classes, one may have none."""
    query = (
        select(Item.id, Item.content_hash, Label.class_id)
        .join(Label, Label.item_id == Item.id, isouter=True)
        .where(Item.project_id == project_id, Item.split == Split.TEST, Item.status == Status.LABELED)
        .order_by(Item.id, Label.class_id)
    )
    found: dict[int, tuple[bytes, list[int]]] = {}
    for item_id, content_hash, class_id in session.execute(query):
        classes = found.setdefault(item_id, (content_hash, []))[1]
        if class_id is not None:
            classes.append(class_id)
    return [TestItem(item_id, content_hash, tuple(ids)) for item_id, (content_hash, ids) in found.items()]


def texts(session: Session, item_ids: Sequence[int]) -> dict[int, str | None]:
    """Item id -> its text; None for an image."""
    found: dict[int, str | None] = {}
    for some in batches(item_ids):
        found |= {row[0]: row[1] for row in session.execute(select(Item.id, Item.text).where(Item.id.in_(some)))}
    return found


def of_runs(session: Session, run_ids: Sequence[int]) -> dict[int, Evaluation]:
    """Run id -> its evaluation, where it has a whole one."""
    query = select(Evaluation).where(Evaluation.run_id.in_(run_ids), Evaluation.fingerprint != "")
    return {each.run_id: each for each in session.scalars(query)}


def answers(session: Session, run_id: int, item_ids: Sequence[int] | None = None) -> dict[int, Answer]:
    """Item id -> what the run said about it, all of them or those named; scores in the order of the evaluation."""
    kept = EvaluationAnswer
    query = select(kept.item_id, kept.target_ids, kept.class_id, kept.confidence, kept.scores)
    query = query.where(kept.run_id == run_id).order_by(kept.item_id)
    if item_ids is None:
        return {row[0]: Answer(*row) for row in session.execute(query)}
    rows = (row for some in batches(item_ids) for row in session.execute(query.where(kept.item_id.in_(some))))
    return {row[0]: Answer(*row) for row in rows}


def forget(session: Session, run_id: int) -> None:
    """From now on it counts as none. Its answers stay until they are removed, for they may be many."""
    session.execute(update(Evaluation).where(Evaluation.run_id == run_id).values(fingerprint=""))


def remove_some(session: Session, run_id: int, limit: int) -> int:
    """Remove some of the answers of one that is forgotten; returns how many."""
    of_run = EvaluationAnswer.run_id == run_id
    some = session.scalars(select(EvaluationAnswer.item_id).where(of_run).limit(limit)).all()
    session.execute(delete(EvaluationAnswer).where(of_run, EvaluationAnswer.item_id.in_(some)))
    return len(some)


def begin(session: Session, run_id: int, class_ids: Sequence[int]) -> None:
    """Instead of the one before. Until it is finished it counts as none."""
    session.execute(delete(Evaluation).where(Evaluation.run_id == run_id))
    session.add(Evaluation(run_id=run_id, class_ids=list(class_ids), metrics={}, fingerprint=""))
    session.flush()


def put(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """A chunk of answers; those of items that were deleted meanwhile are left out."""
    ids = [row["item_id"] for row in rows]
    here = set(session.scalars(select(Item.id).where(Item.id.in_(ids))))
    kept = [row for row in rows if row["item_id"] in here]
    if kept:
        session.execute(insert(EvaluationAnswer), kept)


def finish(session: Session, run_id: int, **values: Any) -> None:
    session.execute(update(Evaluation).where(Evaluation.run_id == run_id).values(**values))
