"""Queries on suggestion sets and suggestions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from db.labels import batches
from db.models import BY_ITEM, PRESENT, Item, Label, LabelClass, Project, Status, Suggestion, SuggestionSet
from db.session import Session

# Item id, class id, confidence, margin, packed scores.
Row = tuple[int, int, float, float, bytes]
COLUMNS = ("item_id", "class_id", "confidence", "margin", "scores")
INSERT = "INSERT INTO suggestions (set_id, item_id, class_id, confidence, margin, scores) VALUES (?, ?, ?, ?, ?, ?)"
OVERWRITE = """ON CONFLICT (set_id, item_id) DO UPDATE SET class_id = excluded.class_id,
    confidence = excluded.confidence, margin = excluded.margin, scores = excluded.scores"""
# Something is there already, or no longer. The transaction is lost.
Unfit = IntegrityError


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


def save(session: Session, set_id: int, rows: Sequence[Row], *, may_be_there: bool = False) -> None:
    """Write suggestions of a set. An item's older suggestion is replaced and keeps its id, if it may be there.

    Raises Unfit when one is there that may not be, or when the set, an item or a class is gone.
    """
    connection = session.connection()
    # Straight to the driver: the toolkit's own work on a row costs as much as the row.
    if connection.dialect.name == "sqlite":
        statement = f"{INSERT} {OVERWRITE}" if may_be_there else INSERT
        connection.exec_driver_sql(statement, [(set_id, *row) for row in rows])
    elif rows:
        query = postgresql.insert(Suggestion)
        if may_be_there:
            changed = {name: query.excluded[name] for name in COLUMNS[1:]}
            query = query.on_conflict_do_update(index_elements=["set_id", "item_id"], set_=changed)
        connection.execute(query, [{"set_id": set_id, **dict(zip(COLUMNS, row, strict=True))} for row in rows])


def save_what_fits(session: Session, set_id: int, rows: Sequence[Row]) -> bool:
    """As `save`, without the items and classes that are gone. False when the set is."""
    if session.get(SuggestionSet, set_id) is None:
        return False
    if kept := _still_there(session, rows):
        save(session, set_id, kept, may_be_there=True)
    return True


def _still_there(session: Session, rows: Sequence[Row]) -> list[Row]:
    """Those of which the item and the class are still there."""
    found: set[int] = set()
    for some in batches(row[0] for row in rows):
        found |= set(session.scalars(select(Item.id).where(Item.id.in_(some))))
    classes = set(session.scalars(select(LabelClass.id).where(LabelClass.id.in_({row[1] for row in rows}))))
    return [row for row in rows if row[0] in found and row[1] in classes]


def scores(session: Session, set_id: int) -> dict[int, bytes]:
    """Item id -> its packed scores, of the whole set."""
    query = select(Suggestion.item_id, Suggestion.scores).where(Suggestion.set_id == set_id)
    return dict(session.execute(query).all())


def summary(session: Session, set_id: int) -> tuple[int, float | None]:
    """Of how many items that are not in the bin the set says something, and how sure it is of them on average."""
    query = select(func.count(), func.sum(Suggestion.confidence)).where(Suggestion.set_id == set_id)
    count, total = session.execute(query).one()
    binned, of_binned = session.execute(in_bin(query, set_id)).one()
    left = count - binned
    return left, (total - (of_binned or 0)) / left if left else None


def in_bin(query: Any, set_id: int) -> Any:
    """The query's suggestions of this set whose items are in the bin: mostly few, and found by them."""
    of_set = select(SuggestionSet.project_id).where(SuggestionSet.id == set_id).scalar_subquery()
    binned = select(Item.id).where(Item.project_id == of_set, Item.status == Status.DELETED)
    return query.where(Suggestion.item_id.in_(binned)).with_hint(Suggestion, BY_ITEM, "sqlite")


def remove_some(session: Session, set_id: int, limit: int) -> int:
    """Remove up to `limit` suggestions of the set; returns how many there were."""
    # By the index whose order is nearest to that of the rows.
    some = select(Suggestion.id).where(Suggestion.set_id == set_id).order_by(Suggestion.class_id, Suggestion.id)
    some = some.limit(limit)
    return session.connection().execute(delete(Suggestion).where(Suggestion.id.in_(some))).rowcount


def remove_set(session: Session, set_id: int) -> None:
    session.execute(delete(SuggestionSet).where(SuggestionSet.id == set_id))


def hashes(session: Session, project_id: int) -> list[tuple[int, bytes]]:
    """(id, content_hash) of the project's items, by id: columns only, for it may be all of a million."""
    query = select(Item.id, Item.content_hash).where(Item.project_id == project_id).order_by(Item.id)
    return [(item_id, content_hash) for item_id, content_hash in session.execute(query)]


def last_item(session: Session, project_id: int) -> int | None:
    """The id of the project's newest item."""
    query = select(Item.id).where(Item.project_id == project_id)
    newest = [query.where(Item.status == each).order_by(Item.id.desc()).limit(1) for each in PRESENT]
    return max((found for one in newest if (found := session.scalar(one)) is not None), default=None)


def classes_with_labels(session: Session, class_ids: Sequence[int]) -> list[int]:
    """Which of the classes somebody has used."""
    return [
        class_id
        for class_id in class_ids
        if session.scalar(select(Label.item_id).where(Label.class_id == class_id).limit(1)) is not None
    ]
