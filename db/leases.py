"""Queries on leases. One that has ended counts as none, and is swept when others are taken."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement

from db.labels import batches
from db.models import Item, Lease, Status, now
from db.session import Session


def is_held_by_another(item_id: Any, holder: str) -> ColumnElement[bool]:
    """Whether the item of this column is held by anybody but the holder; the holder "" is nobody."""
    return exists().where(Lease.item_id == item_id, Lease.holder != holder, Lease.until > now())


def held_by_others(session: Session, project_id: int, holder: str) -> set[int]:
    """Ids of all items of the project that others hold."""
    query = select(Lease.item_id).where(Lease.project_id == project_id, Lease.holder != holder, Lease.until > now())
    return set(session.scalars(query))


def take(
    session: Session,
    project_id: int,
    holder: str,
    item_ids: Iterable[int],
    *,
    until: datetime,
    limit: int,
    statuses: Sequence[Status] = (Status.TODO,),
) -> list[int]:
    """Hold the first `limit` of these that are to do and that nobody else holds; return them, in their order.

    `statuses` has others where what is decided is looked at once more. Wants a session of `writing`.
    """
    at = now()
    session.execute(delete(Lease).where(Lease.until <= at).execution_options(synchronize_session=False))
    taken: list[int] = []
    for some in batches(item_ids):
        query = select(Item.id).where(Item.id.in_(some), Item.project_id == project_id, Item.status.in_(statuses))
        free = set(session.scalars(query.where(~is_held_by_another(Item.id, holder))))
        wanted = [item_id for item_id in dict.fromkeys(some) if item_id in free][: limit - len(taken)]
        got = _write(session, project_id, holder, wanted, until=until, at=at)
        taken += [item_id for item_id in wanted if item_id in got]
        if len(taken) == limit:
            break
    return taken


def _write(
    session: Session, project_id: int, holder: str, item_ids: Sequence[int], *, until: datetime, at: datetime
) -> set[int]:
    if not item_ids:
        return set()
    insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    rows = [{"item_id": each, "project_id": project_id, "holder": holder, "until": until} for each in item_ids]
    query = insert(Lease).values(rows)
    # Where two write at once (PostgreSQL) the later one finds the row of the other, and leaves it.
    query = query.on_conflict_do_update(
        index_elements=["item_id"],
        set_={"holder": query.excluded.holder, "until": query.excluded.until},
        where=(Lease.holder == holder) | (Lease.until <= at),
    )
    return set(session.scalars(query.returning(Lease.item_id)))


def release(session: Session, project_id: int, holder: str, *, keep: Sequence[int] = ()) -> None:
    """End the holder's leases, except on the items to keep."""
    query = delete(Lease).where(Lease.project_id == project_id, Lease.holder == holder, Lease.item_id.not_in(keep))
    session.execute(query.execution_options(synchronize_session=False))
