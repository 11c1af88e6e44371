"""The orders in which items come to the pad. Each walks an index and ends after `limit` items."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, text, tuple_
from sqlalchemy.orm import aliased

from db import leases
from db.models import Item, Label, LabelEvent, Status, Suggestion
from db.session import Session

# Written out: with a bound value SQLite could not know that its index of items to do fits.
TO_DO = text("items.status = 'todo'")
# From the small index of what is decided, once a query. A row has its text before its status, and SQLite would read
# every row that it walks past; to look each up in the index of states takes three times as long as this.
NOT_DECIDED = text(
    "suggestions.item_id NOT IN (SELECT items.id FROM items INDEXED BY items_decided"
    " WHERE items.project_id = :project_id AND items.status <> 'todo')"
)
# With no more than this many items to do, sorting them is quicker than walking past everything that is decided.
FEW = 2000
# Of two sets of suggestions that often differ, so many show enough.
NEAR = 1000


@dataclass(frozen=True)
class Part:
    """Which part of a project's queue: at most `limit` items, behind the item `after`, the last of the page before.

    Left out are those of `without`, and those that anybody but `holder` holds ("" is nobody).
    """

    project_id: int
    limit: int
    without: Collection[int] = ()
    after: int | None = None
    holder: str = ""


def sequential(session: Session, part: Part) -> Sequence[int]:
    """In the order of import."""
    query = _to_do(part).order_by(Item.id)
    return session.scalars(query.where(Item.id > part.after) if part.after is not None else query).all()


def shuffled(session: Session, part: Part) -> Sequence[int]:
    """In the order of the contents' hashes: as good as random, and the same after a reload."""
    query = _to_do(part).order_by(Item.content_hash)
    if part.after is not None:
        behind = select(Item.content_hash).where(Item.id == part.after).scalar_subquery()
        query = query.where(Item.content_hash > behind)
    return session.scalars(query).all()


def least_sure(session: Session, part: Part, set_id: int, class_id: int | None = None) -> Sequence[int]:
    """By how unsure the suggestions of a set are, least sure first; of a class, only what is suggested to be it."""
    by = Suggestion.margin if class_id is None else Suggestion.confidence
    query = _suggested(session, part, set_id, class_id).order_by(by, Suggestion.id)
    if part.after is not None:
        query = query.where(tuple_(by, Suggestion.id) > _place(by, set_id, part.after))
    return session.scalars(query).all()


def surest(session: Session, part: Part, set_id: int, class_id: int) -> Sequence[int]:
    """What a set suggests to be of the class, surest first."""
    by = Suggestion.confidence
    query = _suggested(session, part, set_id, class_id).order_by(by.desc(), Suggestion.id.desc())
    if part.after is not None:
        query = query.where(tuple_(by, Suggestion.id) < _place(by, set_id, part.after))
    return session.scalars(query).all()


def differing(session: Session, part: Part, set_id: int, other_id: int, furthest: int) -> Sequence[int]:
    """What two sets suggest to be different classes, what the first is least sure of first.

    Looks at no more than `furthest` items to do: where two sets nearly always agree, it would be all there are.
    """
    walked = _suggested(session, part, set_id, None).add_columns(Suggestion.id, Suggestion.margin)
    walked = walked.order_by(Suggestion.margin, Suggestion.id)
    if part.after is not None:
        walked = walked.where(tuple_(Suggestion.margin, Suggestion.id) > _place(Suggestion.margin, set_id, part.after))
    one, other = aliased(Suggestion), aliased(Suggestion)
    found: list[int] = []
    # Mostly there are enough among the first of them.
    for start, stop in ((0, NEAR), (NEAR, furthest)):
        near = walked.offset(start).limit(stop - start).cte("near")
        query = select(near.c.item_id).join(one, one.id == near.c.id)
        query = query.join(other, and_(other.set_id == other_id, other.item_id == near.c.item_id))
        query = query.where(one.class_id != other.class_id).order_by(near.c.margin, near.c.id)
        found += session.scalars(query.limit(part.limit - len(found)))
        if len(found) == part.limit:
            break
    return found


def not_looked_at(session: Session, part: Part, class_id: int, upto_event: int) -> Sequence[int]:
    """Labeled items of the class whose label is no newer than this event, by id."""
    query = select(Label.item_id).where(*_old_label(class_id, upto_event))
    query = query.join(Item, Item.id == Label.item_id).order_by(Label.item_id).limit(part.limit)
    query = _free(query, Label.item_id, part)
    return session.scalars(query.where(Label.item_id > part.after) if part.after is not None else query).all()


def count_not_looked_at(session: Session, class_id: int, upto_event: int) -> int:
    query = select(func.count()).select_from(Label).join(Item, Item.id == Label.item_id)
    return session.scalar(query.where(*_old_label(class_id, upto_event))) or 0


def _old_label(class_id: int, upto_event: int) -> tuple[Any, ...]:
    # A class is of one project: named here, SQLite would walk all of its items instead of these.
    is_old = or_(Item.last_event_id.is_(None), Item.last_event_id <= upto_event)
    return Label.class_id == class_id, Item.status == Status.LABELED, is_old


def without_suggestion(session: Session, part: Part, set_id: int | None) -> Sequence[int]:
    """Items of which the set says nothing, in the order of import."""
    said = exists().where(Suggestion.set_id == set_id, Suggestion.item_id == Item.id)
    query = _to_do(part).where(~said).order_by(Item.id)
    return session.scalars(query.where(Item.id > part.after) if part.after is not None else query).all()


def has_suggestion(session: Session, set_id: int, item_id: int) -> bool:
    query = select(Suggestion.id).where(Suggestion.set_id == set_id, Suggestion.item_id == item_id)
    return session.scalar(query) is not None


def hashes(session: Session, part: Part) -> tuple[list[int], list[bytes]]:
    """Ids and content hashes of items to do, in the order of the hashes: the first are a random sample."""
    query = _to_do(part).add_columns(Item.content_hash).order_by(Item.content_hash)
    found = session.execute(query).all()
    return [row[0] for row in found], [row[1] for row in found]


def of_hashes(session: Session, part: Part, some: Collection[bytes]) -> dict[bytes, int]:
    """Content hash -> id of the item to do that has it, of at most 500; the part's limit does not count."""
    query = _to_do(part).limit(None).add_columns(Item.content_hash).where(Item.content_hash.in_(some))
    return {content_hash: item_id for item_id, content_hash in session.execute(query)}


def hashes_of(session: Session, item_ids: Collection[int]) -> dict[int, bytes]:
    """Id -> content hash; unknown ids are missing."""
    return dict(session.execute(select(Item.id, Item.content_hash).where(Item.id.in_(item_ids))).all())


def decided_last(session: Session, project_id: int, limit: int) -> list[int]:
    """Items of the newest `limit` events, each once."""
    query = select(LabelEvent.item_id).where(LabelEvent.project_id == project_id)
    return list(dict.fromkeys(session.scalars(query.order_by(LabelEvent.id.desc()).limit(limit))))


def _to_do(part: Part) -> Select[int]:
    query = select(Item.id).where(Item.project_id == part.project_id, TO_DO)
    return _free(query, Item.id, part).limit(part.limit)


def _free(query: Select[int], item_id: Any, part: Part) -> Select[int]:
    if part.without:
        query = query.where(item_id.not_in(part.without))
    return query.where(~leases.is_held_by_another(item_id, part.holder))


def _suggested(session: Session, part: Part, set_id: int, class_id: int | None) -> Select[int]:
    query = select(Suggestion.item_id).where(Suggestion.set_id == set_id)
    if class_id is not None:
        query = query.where(Suggestion.class_id == class_id)
    to_do = select(Item.id).where(Item.project_id == part.project_id, TO_DO)
    left = session.scalars(to_do.limit(FEW + 1)).all()
    if len(left) <= FEW:
        query = query.where(Suggestion.item_id.in_(left))
    elif session.connection().dialect.name == "sqlite":
        query = query.where(NOT_DECIDED.bindparams(project_id=part.project_id))
    else:
        query = query.where(to_do.where(Item.id == Suggestion.item_id).exists())
    return _free(query, Suggestion.item_id, part).limit(part.limit)


def _place(by: Any, set_id: int, item_id: int) -> Any:
    where = (Suggestion.set_id == set_id, Suggestion.item_id == item_id)
    return select(by, Suggestion.id).where(*where).scalar_subquery()
