"""Queries on labels: where items stand now. How they came to stand there is in `db.decisions`.

Each takes any number of ids and goes through them in batches, so that a request is a handful of statements and no
statement has more variables than a database allows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update

from db.models import Item, Label, LabelClass, Split, Status, table
from db.session import Session, direct

BATCH = 500
ITEMS, LABELS, CLASSES = table(Item), table(Label), table(LabelClass)
# Built once: each label needs them, and building one takes as long as running it.
IDS: BindParameter[int] = bindparam("ids", expanding=True)
LABELS_OF = select(LABELS.c.item_id, LABELS.c.class_id).where(LABELS.c.item_id.in_(IDS)).order_by(LABELS.c.class_id)
# The project is looked at afterwards: named here, SQLite would walk all of its items instead of finding these.
STATES_OF = select(
    ITEMS.c.id, ITEMS.c.project_id, ITEMS.c.status, ITEMS.c.annotator_id, ITEMS.c.decided_at, ITEMS.c.last_event_id
).where(ITEMS.c.id.in_(IDS))
UPDATE_ITEM = (
    update(ITEMS)
    .where(ITEMS.c.id == bindparam("item_id"))
    .values({name: bindparam(name) for name in ("status", "annotator_id", "decided_at", "last_event_id")})
)
FORGET_LABELS = delete(LABELS).where(LABELS.c.item_id.in_(IDS))
# On PostgreSQL a label and a change of classes then wait for each other. SQLite has one writer anyhow.
CLASSES_NOW = (
    select(CLASSES.c.id, CLASSES.c.archived, CLASSES.c.gone_name, CLASSES.c.merged_into)
    .where(CLASSES.c.project_id == bindparam("project_id"))
    .with_for_update(read=True)
)
Each = TypeVar("Each")


@dataclass(frozen=True)
class Gone:
    """A class that was merged (into the class of that id) or deleted."""

    name: str
    into: int | None


@dataclass(frozen=True)
class Classes:
    """Class id -> whether it is archived, for every class that is there; and what became of the others."""

    archived: dict[int, bool]
    gone: dict[int, Gone]

    def now(self, class_ids: Iterable[int]) -> tuple[int, ...]:
        """What these are today, sorted: merged ones are the class that they went to, deleted ones are left out."""
        if not self.gone:
            return tuple(class_ids)
        found = set(class_ids)
        while merged := found & self.gone.keys():
            into = {self.gone[each].into for each in merged}
            found = (found - merged) | {each for each in into if each is not None}
        return tuple(sorted(found))

    def deleted_name(self, class_id: int) -> str | None:
        """The name of a class that was deleted, itself or what it was merged into; None of all others."""
        while class_id in self.gone:
            there = self.gone[class_id]
            if there.into is None:
                return there.name
            class_id = there.into
        return None


@dataclass(frozen=True)
class Labeled:
    """One labeled item with its current classes, in class id order."""

    item_id: int
    content_hash: bytes
    text: str | None
    class_ids: list[int]
    split: Split | None
    group_id: int | None = None


@dataclass(frozen=True)
class State:
    """Where an item stands: what an event changes, and what an undo brings back."""

    status: Status = Status.TODO
    class_ids: tuple[int, ...] = ()
    annotator_id: int | None = None
    decided_at: datetime | None = None
    last_event_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        decided_at = self.decided_at.isoformat() if self.decided_at else None
        return asdict(self) | {"class_ids": list(self.class_ids), "decided_at": decided_at}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "State":
        return cls(
            status=Status(kept["status"]),
            class_ids=tuple(kept["class_ids"]),
            annotator_id=kept["annotator_id"],
            decided_at=datetime.fromisoformat(kept["decided_at"]) if kept["decided_at"] else None,
            last_event_id=kept["last_event_id"],
        )


def batches(each: Iterable[Each]) -> Iterator[list[Each]]:
    """Lists of at most BATCH."""
    batch: list[Each] = []
    for one in each:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def class_ids_of(session: Session, item_ids: Sequence[int]) -> dict[int, list[int]]:
    """Item id -> its class ids. Items without a label are missing."""
    found: dict[int, list[int]] = {}
    for some in batches(item_ids):
        for item_id, class_id in direct(session).execute(LABELS_OF, {"ids": some}):
            found.setdefault(item_id, []).append(class_id)
    return found


def labeled(session: Session, project_id: int) -> list[Labeled]:
    """Every labeled item of the project, by id. Multi-label items may have no class."""
    query = (
        select(Item.id, Item.content_hash, Item.text, Item.split, Item.group_id, Label.class_id)
        .join(Label, Label.item_id == Item.id, isouter=True)
        .where(Item.project_id == project_id, Item.status == Status.LABELED)
        .order_by(Item.id, Label.class_id)
    )
    found: list[Labeled] = []
    for item_id, content_hash, text, split, group_id, class_id in session.execute(query):
        if not found or found[-1].item_id != item_id:
            found.append(Labeled(item_id, content_hash, text, [], split, group_id))
        if class_id is not None:
            found[-1].class_ids.append(class_id)
    return found


def states(session: Session, project_id: int, item_ids: Sequence[int]) -> dict[int, State]:
    """Item id -> where it stands. Items of other projects, and unknown ones, are missing."""
    found: dict[int, State] = {}
    for some in batches(item_ids):
        there = [row for row in direct(session).execute(STATES_OF, {"ids": some}) if row.project_id == project_id]
        # An item to do has no class.
        class_ids = class_ids_of(session, [row.id for row in there if row.status != Status.TODO])
        for item_id, _, status, annotator_id, decided_at, event_id in there:
            classes = tuple(class_ids.get(item_id, ()))
            found[item_id] = State(Status(status), classes, annotator_id, decided_at, event_id)
    return found


def store(session: Session, before: Mapping[int, State], after: Mapping[int, State]) -> None:
    """Write where the items of `after` stand now. Item objects that the session loaded earlier do not see it."""
    if not after:
        return
    columns = ("status", "annotator_id", "decided_at", "last_event_id")
    connection = direct(session)
    connection.execute(
        UPDATE_ITEM,
        [{"item_id": item_id} | {name: getattr(state, name) for name in columns} for item_id, state in after.items()],
    )
    changed = [item_id for item_id in after if before[item_id].class_ids != after[item_id].class_ids]
    for some in batches(item_id for item_id in changed if before[item_id].class_ids):
        connection.execute(FORGET_LABELS, {"ids": some})
    rows = [{"item_id": item_id, "class_id": class_id} for item_id in changed for class_id in after[item_id].class_ids]
    if rows:
        connection.execute(insert(LABELS), rows)


def classes_now(session: Session, project_id: int) -> Classes:
    """Which classes there are, and which are gone."""
    archived: dict[int, bool] = {}
    gone: dict[int, Gone] = {}
    for row in direct(session).execute(CLASSES_NOW, {"project_id": project_id}):
        if row.gone_name is None:
            archived[row.id] = row.archived
        else:
            gone[row.id] = Gone(row.gone_name, row.merged_into)
    return Classes(archived, gone)


def archived_classes(session: Session, project_id: int) -> dict[int, bool]:
    """Class id -> whether it is archived, for every class of the project that is there."""
    return classes_now(session, project_id).archived
