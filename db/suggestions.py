"""Queries on suggestion sets and suggestions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from db.labels import batches
from db.models import Item, Label, Project, Status, Suggestion, SuggestionSet
from db.session import Session


def get_set(session: Session, set_id: int) -> SuggestionSet | None:
    return session.get(SuggestionSet, set_id)


def add_set(session: Session, new: SuggestionSet) -> SuggestionSet:
    session.add(new)
    session.flush()
    return new


def sets(session: Session, project_id: int, after: int | None = None, limit: int = 100) -> Sequence[SuggestionSet]:
    """Those that are finished, newest first; `after` is the last id of the page before."""
    query = select(SuggestionSet).where(SuggestionSet.project_id == project_id, SuggestionSet.finished_at.is_not(None))
    if after is not None:
        query = query.where(SuggestionSet.id < after)
    return session.scalars(query.order_by(SuggestionSet.id.desc()).limit(limit)).all()


def newest(session: Session, project_id: int, engine: str) -> SuggestionSet | None:
    """The newest finished set of this engine."""
    query = select(SuggestionSet).where(
        SuggestionSet.project_id == project_id, SuggestionSet.engine == engine, SuggestionSet.finished_at.is_not(None)
    )
    return session.scalar(query.order_by(SuggestionSet.id.desc()).limit(1))


def unfinished(session: Session, project_id: int) -> Sequence[SuggestionSet]:
    query = select(SuggestionSet).where(SuggestionSet.project_id == project_id, SuggestionSet.finished_at.is_(None))
    return session.scalars(query).all()


def use(session: Session, project_id: int, set_id: int) -> None:
    """Make it the set that the pad shows."""
    project = session.get_one(Project, project_id)
    project.suggestion_set_id = set_id
    session.flush()


def of_items(session: Session, set_id: int, item_ids: Sequence[int]) -> dict[int, Suggestion]:
    """Item id -> its suggestion in this set."""
    query = select(Suggestion).where(Suggestion.set_id == set_id, Suggestion.item_id.in_(item_ids))
    return {suggestion.item_id: suggestion for suggestion in session.scalars(query)}


def said_of(session: Session, set_id: int, item_ids: Sequence[int]) -> dict[int, tuple[int, float]]:
    """Item id -> the class that the set suggests for it, and how sure it is."""
    found: dict[int, tuple[int, float]] = {}
    for some in batches(item_ids):
        query = select(Suggestion.item_id, Suggestion.class_id, Suggestion.confidence)
        rows = session.execute(query.where(Suggestion.set_id == set_id, Suggestion.item_id.in_(some)))
        found |= {item_id: (class_id, confidence) for item_id, class_id, confidence in rows}
    return found


def save(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write suggestions, each {set_id, item_id, class_id, confidence, margin, scores}. Items deleted meanwhile are
    left out; an item's older suggestion in the set is replaced and keeps its id."""
    there = set(session.scalars(select(Item.id).where(Item.id.in_([row["item_id"] for row in rows]))))
    kept = [row for row in rows if row["item_id"] in there]
    if not kept:
        return
    connection = session.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    query = insert(Suggestion)
    changed = {name: query.excluded[name] for name in ("class_id", "confidence", "margin", "scores")}
    connection.execute(query.on_conflict_do_update(index_elements=["set_id", "item_id"], set_=changed), kept)


def scores(session: Session, set_id: int) -> dict[int, bytes]:
    """Item id -> its packed scores, of the whole set."""
    query = select(Suggestion.item_id, Suggestion.scores).where(Suggestion.set_id == set_id)
    return dict(session.execute(query).all())


def summary(session: Session, set_id: int) -> tuple[int, float | None]:
    """How many suggestions the set has, and their mean confidence."""
    query = select(func.count(), func.avg(Suggestion.confidence)).where(Suggestion.set_id == set_id)
    count, mean = session.execute(query).one()
    return count, mean


def remove_some(session: Session, set_id: int, limit: int) -> int:
    """Remove up to `limit` suggestions of the set; returns how many there were."""
    ids = session.scalars(select(Suggestion.id).where(Suggestion.set_id == set_id).limit(limit)).all()
    session.execute(delete(Suggestion).where(Suggestion.id.in_(ids)))
    return len(ids)


def remove_set(session: Session, set_id: int) -> None:
    session.execute(delete(SuggestionSet).where(SuggestionSet.id == set_id))


def hashes(session: Session, project_id: int, *, without_labeled: bool = False) -> list[tuple[int, bytes]]:
    """(id, content_hash) of the project's items, by id: columns only, for it may be all of a million."""
    query = select(Item.id, Item.content_hash).where(Item.project_id == project_id).order_by(Item.id)
    if without_labeled:
        query = query.where(Item.status != Status.LABELED)
    return [(item_id, content_hash) for item_id, content_hash in session.execute(query)]


def classes_with_labels(session: Session, class_ids: Sequence[int]) -> list[int]:
    """Which of the classes somebody has used."""
    return [
        class_id
        for class_id in class_ids
        if session.scalar(select(Label.item_id).where(Label.class_id == class_id).limit(1)) is not None
    ]
