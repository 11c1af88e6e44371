"""Queries on projects and their classes."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, select

from db.models import PRESENT, Item, ItemCount, LabelClass, Project, table
from db.session import Session, direct

COUNTED = table(ItemCount)
COUNTS = select(COUNTED.c.project_id, COUNTED.c.status, COUNTED.c.count).where(
    COUNTED.c.project_id.in_(bindparam("ids", expanding=True))
)


def add(session: Session, project: Project) -> Project:
    session.add(project)
    session.flush()
    return project


def get(session: Session, project_id: int) -> Project | None:
    return session.get(Project, project_id)


def by_name(session: Session, name: str) -> Project | None:
    query = select(Project).where(func.lower(Project.name) == name.lower(), Project.deleted_at.is_(None))
    return session.scalar(query)


def page(session: Session, after: int | None, limit: int, *, deleted: bool = False) -> Sequence[Project]:
    """Oldest first; only those in the bin when `deleted`, only the others when not."""
    in_bin = Project.deleted_at.is_not(None) if deleted else Project.deleted_at.is_(None)
    query = select(Project).where(in_bin).order_by(Project.id).limit(limit)
    return session.scalars(query.where(Project.id > after) if after is not None else query).all()


def remove(session: Session, project_id: int) -> None:
    """Remove the project for good and, by the foreign keys, everything that hangs on it."""
    session.execute(delete(Project).where(Project.id == project_id))


def count_items(session: Session, project_id: int) -> int:
    counts = status_counts(session, [project_id])[project_id]
    return sum(counts.get(status, 0) for status in PRESENT)


def has_items(session: Session, project_id: int) -> bool:
    return session.scalar(select(Item.id).where(Item.project_id == project_id).limit(1)) is not None


def add_class(session: Session, label_class: LabelClass) -> LabelClass:
    session.add(label_class)
    session.flush()
    return label_class


def get_class(session: Session, class_id: int) -> LabelClass | None:
    return session.get(LabelClass, class_id)


def classes(session: Session, project_id: int, *, with_archived: bool = False) -> Sequence[LabelClass]:
    """In their order. Those that were merged or deleted are never among them."""
    query = select(LabelClass).where(LabelClass.project_id == project_id, LabelClass.gone_name.is_(None))
    query = query.order_by(LabelClass.position, LabelClass.id)
    return session.scalars(query if with_archived else query.where(LabelClass.archived.is_(False))).all()


def all_classes(session: Session, project_id: int) -> Sequence[LabelClass]:
    """Also those that were merged or deleted, whose name is their `gone_name`: history and runs still name them."""
    query = select(LabelClass).where(LabelClass.project_id == project_id)
    return session.scalars(query.order_by(LabelClass.position, LabelClass.id)).all()


def status_counts(session: Session, project_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Project id -> how many items it has of each status."""
    counts: dict[int, dict[str, int]] = {project_id: {} for project_id in project_ids}
    for project_id, status, number in direct(session).execute(COUNTS, {"ids": list(project_ids)}):
        counts[project_id][status] = number
    return counts
