"""Queries on worklists: items to look at once more, which of them somebody has looked at, and why they are in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import column, delete, func, or_, select
from sqlalchemy.orm import defer

from db.labels import batches
from db.models import Action, Item, LabelEvent, Status, Worklist
from db.session import Session, direct

# Of a project: older ones were gone through, or nobody will.
KEPT = 100
ID_BYTES = 8


@dataclass
class Listed:
    """A worklist without its items."""

    id: int
    name: str
    total: int


def add(session: Session, worklist: Worklist) -> Worklist:
    """Keep it, and let go of the oldest of its project."""
    session.add(worklist)
    session.flush()
    own = Worklist.project_id == worklist.project_id
    kept = select(Worklist.id).where(own).order_by(Worklist.id.desc()).limit(KEPT)
    session.execute(delete(Worklist).where(own, Worklist.id.not_in(kept.scalar_subquery())))
    return worklist


def get(session: Session, worklist_id: int) -> Worklist | None:
    """Its notes stay where they are until somebody reads them: of a long list they weigh megabytes."""
    return session.scalar(select(Worklist).where(Worklist.id == worklist_id).options(defer(Worklist.notes)))


def listed(session: Session, project_id: int, limit: int, before: int | None = None) -> list[Listed]:
    """Newest first; those with a smaller id than `before`."""
    query = select(Worklist.id, Worklist.name, func.length(Worklist.item_ids)).where(Worklist.project_id == project_id)
    if before is not None:
        query = query.where(Worklist.id < before)
    found = session.execute(query.order_by(Worklist.id.desc()).limit(limit))
    return [Listed(worklist_id, name, size_bytes // ID_BYTES) for worklist_id, name, size_bytes in found]


def notes(session: Session, worklist_id: int, item_ids: Sequence[int]) -> dict[int, str]:
    """Item id -> why it is in the list, of these; those without a word are missing. The database takes them out."""
    is_postgresql = session.connection().dialect.name == "postgresql"
    each = (func.json_each_text if is_postgresql else func.json_each)(Worklist.notes).table_valued("key", "value")
    query: Any = select(column("key"), column("value")).select_from(Worklist)
    query = query.join(each, each.c.key.in_([str(item_id) for item_id in item_ids]))
    return {int(key): words for key, words in session.execute(query.where(Worklist.id == worklist_id))}


def looked_at(session: Session, project_id: int, upto_event: int) -> list[int]:
    """Ids of the items of the project whose present state is newer than this event."""
    newer = (LabelEvent.project_id == project_id, LabelEvent.id > upto_event)
    decided = select(LabelEvent.item_id).where(*newer, LabelEvent.action != Action.CHECK)
    # An undo gives the item the event back that it had before: only of these the items themselves are asked.
    moved = select(LabelEvent.item_id).where(*newer, LabelEvent.action.in_((Action.UNDO, Action.REDO)))
    is_old = or_(Item.last_event_id.is_(None), Item.last_event_id <= upto_event)
    back = session.scalars(select(Item.id).where(Item.id.in_(moved), is_old))
    return list({item_id for (item_id,) in direct(session).execute(decided)}.difference(back))


def there(session: Session, item_ids: Sequence[int]) -> set[int]:
    """Those of these that are neither in the bin nor gone from it."""
    found: set[int] = set()
    for some in batches(item_ids):
        found |= set(session.scalars(select(Item.id).where(Item.id.in_(some), Item.status != Status.DELETED)))
    return found


def foreign(session: Session, project_id: int, item_ids: Sequence[int]) -> list[int]:
    """Those of these that are in no project or in another one, in their order."""
    foreign: list[int] = []
    for some in batches(item_ids):
        # The project is looked at afterwards: named here, SQLite would walk all of its items instead of finding these.
        projects = dict(session.execute(select(Item.id, Item.project_id).where(Item.id.in_(some))).all())
        foreign += [item_id for item_id in some if projects.get(item_id) != project_id]
    return foreign
