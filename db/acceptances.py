"""Queries on acceptances: suggestions frozen to be accepted together, and the sample they are judged by."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select

from db.models import Acceptance, Item, Status, Suggestion
from db.session import Session


def add(session: Session, new: Acceptance) -> Acceptance:
    session.add(new)
    session.flush()
    return new


def get(session: Session, acceptance_id: int) -> Acceptance | None:
    return session.get(Acceptance, acceptance_id)


def remove_unused(session: Session, project_id: int, annotator_id: int) -> None:
    """Those of the annotator that were never accepted."""
    session.execute(
        delete(Acceptance).where(
            Acceptance.project_id == project_id,
            Acceptance.annotator_id == annotator_id,
            Acceptance.event_id.is_(None),
        )
    )


def pairs(session: Session, acceptance_id: int) -> NDArray[np.int64]:
    """(n, 2): item id, class id, sorted by both."""
    packed = session.scalar(select(Acceptance.pairs).where(Acceptance.id == acceptance_id))
    return np.frombuffer(packed or b"", np.int64).reshape(-1, 2)


def classes_of(found: NDArray[np.int64], item_id: int) -> list[int]:
    """The classes of one item among the pairs."""
    start, end = np.searchsorted(found[:, 0], [item_id, item_id + 1])
    return [int(class_id) for class_id in found[start:end, 1]]


def pack(found: NDArray[np.int64]) -> bytes:
    return np.ascontiguousarray(found, np.int64).tobytes()


def above(session: Session, project_id: int, set_id: int, confidence: float) -> list[tuple[int, int]]:
    """(item id, class id) of the items to do whose suggestion is at least so sure, by item id."""
    to_do = select(Item.id).where(Item.project_id == project_id, Item.status == Status.TODO)
    query = select(Suggestion.item_id, Suggestion.class_id).where(
        Suggestion.set_id == set_id, Suggestion.confidence >= confidence, Suggestion.item_id.in_(to_do)
    )
    return [(item_id, class_id) for item_id, class_id in session.execute(query.order_by(Suggestion.item_id))]


def scores_to_do(session: Session, project_id: int, set_id: int) -> list[tuple[int, bytes]]:
    """(item id, packed scores) of the items to do, by item id."""
    to_do = select(Item.id).where(Item.project_id == project_id, Item.status == Status.TODO)
    query = select(Suggestion.item_id, Suggestion.scores).where(
        Suggestion.set_id == set_id, Suggestion.item_id.in_(to_do)
    )
    return [(item_id, scores) for item_id, scores in session.execute(query.order_by(Suggestion.item_id))]
