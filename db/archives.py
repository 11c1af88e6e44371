"""What a whole project is made of, table by table: read for an archive, written from one, and removed in parts.

What can be made again from these is not among them: evaluations on today's labels, worklists and inspections.
An archive is read in one transaction, so that it shows one moment. It is written in many short ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Float,
    Integer,
    LargeBinary,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.exc import DataError, IntegrityError

from db.models import (
    Annotator,
    Base,
    BulkAction,
    ClassChange,
    Decision,
    GoldLabel,
    Item,
    ItemSource,
    Label,
    LabelClass,
    LabelEvent,
    MovedLabel,
    Origin,
    Prediction,
    Project,
    Recipe,
    Run,
    RunMetric,
    Snapshot,
    Status,
    Suggestion,
    SuggestionSet,
    UtcDateTime,
    table,
)
from db.session import Session, direct

AT_ONCE = 1_000
# What the database refuses: twice the same, or a reference to nothing.
Unfit = (IntegrityError, DataError)


@dataclass(frozen=True)
class Part:
    """One table. by: the column by which its rows belong to the project: "project_id", or that of a part before.

    later: columns that archives from before they were there do not have; then they are as in a new row.
    """

    name: str
    model: type[Base]
    by: str = "project_id"
    without: tuple[str, ...] = ()
    later: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> dict[str, type]:
        """Name -> int, float, str, bool, bytes, datetime, or dict for JSON. The owner's id is not among them."""
        left_out = {"project_id", *self.without}
        return {each.name: _type_of(each.type) for each in table(self.model).columns if each.name not in left_out}

    @property
    def is_numbered(self) -> bool:
        return "id" in table(self.model).c

    @property
    def is_of_project(self) -> bool:
        return "project_id" in table(self.model).c

    def as_new(self, name: str) -> Any:
        """What a new row has in this column."""
        default: Any = table(self.model).c[name].default
        return default.arg(None) if default.is_callable else default.arg

    @cached_property
    def optional(self) -> frozenset[str]:
        """The columns that may say nothing."""
        return frozenset(each.name for each in table(self.model).columns if each.nullable)


# In this order every row names only rows of parts before it, or of its own, but for an item's last event.
PARTS = (
    Part("annotators", Annotator, "id"),
    Part("classes", LabelClass),
    Part("origins", Origin),
    Part("items", Item),
    Part("item_sources", ItemSource, "item_id"),
    Part("gold_labels", GoldLabel, "item_id"),
    Part("labels", Label, "item_id"),
    Part("recipes", Recipe, "id"),
    Part("snapshots", Snapshot),
    Part(
        "runs",
        Run,
        without=("job_id", "sweep_id", "cloned_from"),
        later=("tags", "is_starred", "is_archived"),
    ),
    Part("run_metrics", RunMetric, "run_id"),
    Part("predictions", Prediction, "run_id"),
    Part("suggestion_sets", SuggestionSet, without=("job_id",)),
    Part("suggestions", Suggestion, "set_id"),
    Part("decisions", Decision),
    Part("label_events", LabelEvent),
    Part("bulk_actions", BulkAction),
    # A split says up to which event there was nothing to look at again.
    Part("class_changes", ClassChange),
    Part("moved_labels", MovedLabel, "change_id"),
)


def _type_of(kind: Any) -> type:
    for sql_type, python_type in (
        (Boolean, bool), (Integer, int), (Float, float), (LargeBinary, bytes), (UtcDateTime, datetime), (JSON, dict),
    ):  # fmt: skip
        if isinstance(kind, sql_type):
            return python_type
    return str


def item_ids(session: Session, project_id: int) -> list[int]:
    """Of every item, those in the bin too, ascending. From an index: no item is read."""
    found: list[int] = []
    for status in Status:
        found += session.scalars(select(Item.id).where(Item.project_id == project_id, Item.status == status))
    return sorted(found)


def ids(session: Session, part: Part, project_id: int) -> list[int]:
    """Of the rows of a small part."""
    model = table(part.model)
    return list(direct(session).execute(select(model.c.id).where(model.c.project_id == project_id)).scalars())


def rows(session: Session, part: Part, project: Project, owners: Sequence[int]) -> Iterator[list[Any]]:
    """Lists of tuples of `part.columns`. owners: the ids in `part.by`, of a part that is not by project."""
    model = table(part.model)
    query = select(*(model.c[name] for name in part.columns))
    order = [model.c.id] if part.is_numbered else list(model.primary_key.columns)
    if part.by == "project_id" and part.name != "items":
        query = query.where(model.c.project_id == project.id).order_by(*order)
        yield from _partitions(session, query, {})
        return
    by = model.c["id" if part.name == "items" else part.by]
    owned = query.where(by.in_(bindparam("owners", expanding=True, literal_execute=True))).order_by(*order)
    # One owner may have a million rows; of items and their like there are a few rows each.
    at_once = 1 if part.by in ("set_id", "run_id", "change_id") else AT_ONCE
    for start in range(0, len(owners), at_once):
        yield from _partitions(session, owned, {"owners": list(owners[start : start + at_once])})


def _partitions(session: Session, query: Select[Any], values: Mapping[str, Any]) -> Iterator[list[Any]]:
    found = direct(session).execution_options(yield_per=AT_ONCE).execute(query, values)
    yield from (list(rows) for rows in found.partitions())


def annotator_ids(session: Session, project_id: int) -> list[int]:
    """Everybody who did something in the project."""
    of = [
        select(Decision.annotator_id).where(Decision.project_id == project_id),
        select(ClassChange.annotator_id).where(ClassChange.project_id == project_id),
        select(Item.annotator_id).where(Item.project_id == project_id, Item.annotator_id.is_not(None)),
        select(LabelEvent.annotator_id).where(LabelEvent.project_id == project_id),
    ]
    return list(session.scalars(select(Annotator.id).where(or_(*(Annotator.id.in_(each) for each in of)))))


def recipe_ids(session: Session) -> list[int]:
    """All that there are: they serve every project."""
    return list(session.scalars(select(Recipe.id).order_by(Recipe.id)))


def add(session: Session, part: Part, ids: Sequence[int], values: Sequence[dict[str, Any]]) -> None:
    """Write the rows under these ids, of a part whose rows are numbered. Raises Unfit."""
    numbered = [{**row, "id": number} for row, number in zip(values, ids, strict=True)] if part.is_numbered else values
    if numbered:
        direct(session).execute(insert(table(part.model)), list(numbered))


def next_ids(session: Session, part: Part, count: int) -> list[int]:
    """Ascending ids that nobody else takes: the session holds the write lock, or a sequence hands them out."""
    model = table(part.model)
    connection = direct(session)
    if connection.dialect.name == "sqlite":
        highest = connection.execute(select(func.max(model.c.id))).scalar() or 0
        return list(range(highest + 1, highest + 1 + count))
    query = sql("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
    return sorted(connection.execute(query, {"name": model.name, "count": count}).scalars())


def last_events(session: Session, pairs: Sequence[tuple[int, int]]) -> None:
    """(item id, event id): which event each of these items stands at."""
    items = table(Item)
    query = update(items).where(items.c.id == bindparam("item")).values(last_event_id=bindparam("event"))
    direct(session).execute(query, [{"item": item_id, "event": event_id} for item_id, event_id in pairs])


def put(session: Session, model: type[Base], row_id: int, **values: Any) -> None:
    """Change one row of a small part."""
    kept = table(model)
    direct(session).execute(update(kept).where(kept.c.id == row_id).values(**values))


def has_content(session: Session, content_hash: bytes) -> bool:
    """Whether an item of any project has it."""
    there = select(Item.id).where(Item.project_id.in_(select(Project.id)), Item.content_hash == content_hash)
    return session.scalar(there.limit(1)) is not None


def remove_some(session: Session, project_id: int, limit: int) -> int:
    """Remove some of the items for good with what hangs on them; returns how many."""
    some = list(session.scalars(select(Item.id).where(Item.project_id == project_id).limit(limit)))
    items = table(Item)
    of_items = items.c.id.in_(bindparam("ids", expanding=True, literal_execute=True))
    if some:
        direct(session).execute(delete(items).where(of_items), {"ids": some})
    return len(some)
