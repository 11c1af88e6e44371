"""Items as an import brings them in, with all that came with them: origins, sources, labels, gold labels.

Past what SQLAlchemy does with single rows, which costs more than the rows: a batch is a few prepared statements.
All functions want a session of `writing`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text

from db.labels import batches
from db.models import Action, GoldLabel, Item, Label, LabelEvent, Origin, Status, table
from db.session import Session, direct

ITEMS, GOLD, ORIGINS = table(Item), table(GoldLabel), table(Origin)
LABELS, EVENTS = table(Label), table(LabelEvent)
ORIGIN_LENGTH, SOURCE_LENGTH = 500, 1000
ITEM_COLUMNS = (
    "id", "project_id", "content_hash", "text", "media_type", "width", "height", "source", "origin_id", "meta",
    "split", "status", "annotator_id", "decided_at", "last_event_id", "created_at",
)  # fmt: skip
EVENT_COLUMNS = (
    "id", "event_id", "project_id", "item_id", "annotator_id", "decision_id", "action", "class_ids", "before",
    "created_at",
)  # fmt: skip
THERE = select(ITEMS.c.content_hash, ITEMS.c.id, ITEMS.c.status, ITEMS.c.source).where(
    ITEMS.c.project_id == bindparam("project_id"), ITEMS.c.content_hash.in_(bindparam("hashes", expanding=True))
)


class There(NamedTuple):
    """An item that the project has."""

    item_id: int
    status: Status
    source: str


class New(NamedTuple):
    """An item that the project does not have. `meta` is JSON. With `class_ids` it comes labeled."""

    content_hash: bytes
    text: str | None
    media_type: str | None
    width: int | None
    height: int | None
    source: str
    origin_id: int | None
    meta: str | None
    split: str | None
    class_ids: tuple[int, ...] = ()


class Labeling(NamedTuple):
    """Under which decision, and whose, items come labeled; `event_id` begins the ids of the events."""

    annotator_id: int
    decision_id: int
    event_id: str
    # The state that the events replace, as JSON.
    before: str


def there(session: Session, project_id: int, hashes: Sequence[bytes]) -> dict[bytes, There]:
    """Content hash -> the item. Unknown hashes are missing."""
    found: dict[bytes, There] = {}
    for some in batches(hashes):
        for content_hash, *item in direct(session).execute(THERE, {"project_id": project_id, "hashes": some}):
            found[bytes(content_hash)] = There(item[0], Status(item[1]), item[2])
    return found


def add_new(session: Session, project_id: int, new: Sequence[New], at: datetime, by: Labeling | None) -> Sequence[int]:
    """Add items that are not there, each in the state that its labels give it; return their ids in the same order.

    What has `class_ids` needs `by`. The events are written as if the item had been there a moment before.
    """
    if not new:
        return []
    connection = direct(session)
    ids = _free_ids(connection, "items", len(new))
    labeled = [(item_id, each.class_ids) for item_id, each in zip(ids, new, strict=True) if each.class_ids]
    free = _free_ids(connection, "label_events", len(labeled))
    event_ids = {item_id: event_id for (item_id, _), event_id in zip(labeled, free, strict=True)}
    written_at = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    todo = (Status.TODO.value, None, None, None, written_at)
    _insert(
        connection,
        "items",
        ITEM_COLUMNS,
        [
            (
                item_id,
                project_id,
                *each[:9],
                *(_decided(by, event_ids[item_id], written_at) if each.class_ids else todo),
            )
            for item_id, each in zip(ids, new, strict=True)
        ],
    )
    if by is not None and labeled:
        _add_labels(connection, project_id, labeled, event_ids, by=by, at=written_at)
    return ids


def _decided(by: Labeling | None, event_id: int, at: str) -> tuple[str, int, str, int, str]:
    assert by is not None
    return Status.LABELED.value, by.annotator_id, at, event_id, at


def _add_labels(
    connection: Connection,
    project_id: int,
    labeled: Sequence[tuple[int, tuple[int, ...]]],
    event_ids: Mapping[int, int],
    *,
    by: Labeling,
    at: str,
) -> None:
    json_of = {class_ids: f"[{', '.join(map(str, class_ids))}]" for class_ids in {each[1] for each in labeled}}
    same = (by.annotator_id, by.decision_id, Action.LABEL.value)
    events = [
        (event_ids[item_id], f"{by.event_id}/{item_id}", project_id, item_id, *same, json_of[class_ids], by.before, at)
        for item_id, class_ids in labeled
    ]
    _insert(connection, "label_events", EVENT_COLUMNS, events)
    pairs = [(item_id, class_id) for item_id, class_ids in labeled for class_id in class_ids]
    _insert(connection, "labels", ("item_id", "class_id"), pairs)


def set_gold(session: Session, gold: Mapping[int, Collection[int]]) -> int:
    """Item id -> the classes that the data names now, instead of those before; return for how many that is new."""
    connection = direct(session)
    before: dict[int, set[int]] = {}
    for some in batches(gold):
        query = select(GOLD.c.item_id, GOLD.c.class_id).where(GOLD.c.item_id.in_(some))
        for item_id, class_id in connection.execute(query):
            before.setdefault(item_id, set()).add(class_id)
    changed = {item_id: ids for item_id, ids in gold.items() if before.get(item_id) != set(ids)}
    for some in batches(item_id for item_id in changed if item_id in before):
        connection.execute(delete(GOLD).where(GOLD.c.item_id.in_(some)))
    if changed:
        pairs = [(item_id, class_id) for item_id, class_ids in changed.items() for class_id in class_ids]
        _insert(connection, "gold_labels", ("item_id", "class_id"), pairs)
    return len(changed)


def add_sources(session: Session, found: Iterable[tuple[int, str]]) -> int:
    """Remember (item id, source) where an item was found again; return how many of them were not known."""
    wanted = list(dict.fromkeys((item_id, source[:SOURCE_LENGTH]) for item_id, source in found))
    # Not read first: an item may have very many sources.
    return _insert(direct(session), "item_sources", ("item_id", "source"), wanted, "ON CONFLICT DO NOTHING")


def origin(session: Session, project_id: int, name: str, at: datetime) -> int:
    """The id of the project's origin of this name, made at first use."""
    name = name[:ORIGIN_LENGTH]
    query = select(ORIGINS.c.id).where(ORIGINS.c.project_id == project_id, ORIGINS.c.name == name)
    found = direct(session).execute(query).scalar()
    if found is None:
        values = {"project_id": project_id, "name": name, "created_at": at}
        found = direct(session).execute(insert(ORIGINS).values(values).returning(ORIGINS.c.id)).scalar_one()
    return int(found)


def _free_ids(connection: Connection, name: str, count: int) -> Sequence[int]:
    """The ids of the next `count` rows. Known before the rows are written, rows can name one another."""
    if not count:
        return []
    if connection.dialect.name == "sqlite":
        column = {"items": ITEMS, "label_events": EVENTS}[name].c.id
        highest = connection.execute(select(func.max(column))).scalar() or 0
        return range(highest + 1, highest + 1 + count)
    query = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
    return list(connection.execute(query, {"name": name, "count": count}).scalars())


def _insert(
    connection: Connection, name: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], end: str = ""
) -> int:
    """Names of tables and columns are those of this module; values are bound. Returns how many rows are new."""
    if not rows:
        return 0
    into = f"INSERT INTO {name} ({', '.join(columns)}) VALUES"
    if connection.dialect.name == "sqlite":
        return connection.exec_driver_sql(f"{into} ({', '.join('?' * len(columns))}) {end}", list(rows)).rowcount
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return connection.execute(text(f"{into} ({', '.join(f':{column}' for column in columns)}) {end}"), named).rowcount
