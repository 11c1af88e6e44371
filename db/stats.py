"""Counts, each answered from an index alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text

from db.models import Annotator, Item, Label, LabelClass, Split, Status
from db.session import Session

# Written out, so that SQLite knows that its index of decided items fits.
DECIDED = text("items.status <> 'todo'")


@dataclass(frozen=True)
class Decided:
    """So many items of one status were decided by one annotator and lie in one split."""

    status: Status
    annotator_id: int | None
    split: Split | None
    count: int


def decided(session: Session, project_id: int) -> Sequence[Decided]:
    keys = (Item.status, Item.annotator_id, Item.split)
    query = select(*keys, func.count()).where(Item.project_id == project_id, DECIDED, Item.status != Status.DELETED)
    query = query.group_by(*keys)
    return [Decided(*row) for row in session.execute(query)]


def labels_by_class(session: Session, project_id: int) -> dict[int, int]:
    """Class id -> how many items have it. Classes that no item has are missing."""
    of_project = select(LabelClass.id).where(LabelClass.project_id == project_id)
    query = select(Label.class_id, func.count()).where(Label.class_id.in_(of_project)).group_by(Label.class_id)
    return dict(session.execute(query).all())


def annotators(session: Session, limit: int = 500) -> Sequence[str]:
    """The names of those who label, in any project, by name."""
    return session.scalars(select(Annotator.name).order_by(func.lower(Annotator.name)).limit(limit)).all()
