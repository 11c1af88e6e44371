"""Queries behind the map: which items it shows, and what their points are coloured by.

A map has up to 100,000 points of a project that may have a million items. What colours them is read in whole groups,
the ids of each joined to one text by the database: some ten times as fast as a row an item.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Integer, String, cast, func, select

from db.labels import batches
from db.models import PRESENT, Item, ItemCount, Label, Prediction, Split, Status, Suggestion
from db.session import Session, direct

Ids = NDArray[np.int64]
# Confidences are read as whole thousandths.
FINE = 1000


def drawn(session: Session, project_id: int, most: int) -> Ids:
    """Ids of all items but those in the bin, sorted; of more than `most` the first ones by content hash, which are as
    good as drawn at random and the same each time."""
    query = select(Item.id).where(Item.project_id == project_id, Item.status != Status.DELETED)
    rows = direct(session).execute(query.order_by(Item.content_hash).limit(most))
    return np.sort(np.fromiter((item_id for (item_id,) in rows), np.int64))


def contents(session: Session, item_ids: Sequence[int]) -> dict[int, tuple[bytes, str | None]]:
    """Item id -> content hash and text. Items that are gone are missing."""
    found: dict[int, tuple[bytes, str | None]] = {}
    for some in batches(item_ids):
        rows = direct(session).execute(select(Item.id, Item.content_hash, Item.text).where(Item.id.in_(some)))
        found |= {item_id: (bytes(content_hash), text) for item_id, content_hash, text in rows}
    return found


def rows_of(session: Session, project_id: int) -> int:
    """How many items the project has, those in the bin too; from the counts that are kept."""
    query = select(func.sum(ItemCount.count)).where(ItemCount.project_id == project_id)
    return session.scalar(query) or 0


def added_since(session: Session, project_id: int, item_id: int, *, with_bin: bool = False) -> int:
    """How many items of the project have a higher id."""
    statuses = (*PRESENT, Status.DELETED) if with_bin else PRESENT
    query = select(func.count()).where(Item.project_id == project_id, Item.status.in_(statuses), Item.id > item_id)
    return session.scalar(query) or 0


def by_class(session: Session, class_ids: Sequence[int]) -> dict[int, Ids]:
    """Class id -> the items that have it as a label."""
    return _grouped(session, Label.class_id, Label.item_id, Label.class_id.in_(class_ids))


def by_status(session: Session, project_id: int, statuses: Sequence[Status]) -> dict[str, Ids]:
    return _grouped(session, Item.status, Item.id, Item.project_id == project_id, Item.status.in_(statuses))


def by_split(session: Session, project_id: int) -> dict[str, Ids]:
    """Split -> its items. What has none is missing."""
    return _grouped(session, Item.split, Item.id, Item.project_id == project_id, Item.split.in_(list(Split)))


def by_suggestion(session: Session, set_id: int) -> dict[int, tuple[Ids, Ids]]:
    """Class id -> the items that it is suggested for, and how sure of each in thousandths."""
    return _with_confidence(session, Suggestion, Suggestion.set_id == set_id)


def by_prediction(session: Session, run_id: int) -> dict[int, tuple[Ids, Ids]]:
    """Class id -> the items that the run says it of, and how sure of each in thousandths."""
    return _with_confidence(session, Prediction, Prediction.run_id == run_id)


def _with_confidence(session: Session, said: Any, where: ColumnElement[bool]) -> dict[int, tuple[Ids, Ids]]:
    sure = cast(func.round(said.confidence * FINE), Integer)
    query = select(said.class_id, _joined(said.item_id), _joined(sure)).where(where).group_by(said.class_id)
    return {class_id: (_apart(ids), _apart(how)) for class_id, ids, how in direct(session).execute(query)}


def _grouped(session: Session, key: Any, item_id: Any, *where: ColumnElement[bool]) -> dict[Any, Ids]:
    query = select(key, _joined(item_id)).where(*where).group_by(key)
    found: Mapping[Any, str] = {row[0]: row[1] for row in direct(session).execute(query)}
    return {each: _apart(ids) for each, ids in found.items()}


def _joined(number: Any) -> Any:
    return func.aggregate_strings(cast(number, String), ",")


def _apart(joined: str) -> Ids:
    return np.fromstring(joined, np.int64, sep=",")
