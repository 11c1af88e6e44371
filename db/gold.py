"""Queries on gold labels: classes that the data named and that were put aside to compare with."""

from collections.abc import Sequence

from sqlalchemy import exists, select

from db.labels import batches
from db.models import GoldLabel, LabelClass
from db.session import Session


def class_ids_of(session: Session, item_ids: Sequence[int]) -> dict[int, list[int]]:
    """Item id -> its gold class ids. Items without any are missing."""
    found: dict[int, list[int]] = {}
    for some in batches(item_ids):
        query = select(GoldLabel.item_id, GoldLabel.class_id).where(GoldLabel.item_id.in_(some))
        for item_id, class_id in session.execute(query.order_by(GoldLabel.class_id)):
            found.setdefault(item_id, []).append(class_id)
    return found


def has_any(session: Session, project_id: int) -> bool:
    """Whether any item of the project has a gold label."""
    of_project = select(LabelClass.id).where(LabelClass.project_id == project_id)
    return bool(session.scalar(select(exists().where(GoldLabel.class_id.in_(of_project)))))
