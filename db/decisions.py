"""Queries on annotators, their decisions, and the label events that a decision consists of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, exists, func, insert, or_, select, update

from db.labels import batches
from db.models import (
    BY_ITEM,
    Action,
    Annotator,
    BulkAction,
    Decision,
    DecisionState,
    LabelEvent,
    Suggestion,
    SuggestionSet,
    table,
)
from db.session import Session, direct

TAKING_BACK = (Action.UNDO, Action.REDO)
# Of a bulk action the events may still be to come.
HAS_EVENTS = or_(
    exists().where(LabelEvent.decision_id == Decision.id),
    exists().where(BulkAction.decision_id == Decision.id, BulkAction.kind.not_in(TAKING_BACK), ~BulkAction.is_done),
)
DECISIONS, EVENTS, ANNOTATORS = table(Decision), table(LabelEvent), table(Annotator)
SUGGESTIONS, SETS = table(Suggestion), table(SuggestionSet)
# Built once: each label needs them, and building one takes as long as running it.
NAMED = select(ANNOTATORS.c.id).where(ANNOTATORS.c.name == bindparam("name"))
DROP_UNDONE = (
    update(DECISIONS)
    .where(
        DECISIONS.c.project_id == bindparam("project"),
        DECISIONS.c.annotator_id == bindparam("annotator"),
        DECISIONS.c.state == DecisionState.UNDONE,
    )
    .values(state=DecisionState.DROPPED)
)
ADD_DECISIONS = insert(DECISIONS).returning(DECISIONS.c.id)
ADD_EVENTS = insert(EVENTS).returning(EVENTS.c.id, EVENTS.c.event_id)
KNOWN = select(EVENTS.c.event_id).where(EVENTS.c.event_id.in_(bindparam("ids", expanding=True)))
SAID = select(
    SUGGESTIONS.c.id,
    SUGGESTIONS.c.item_id,
    SUGGESTIONS.c.class_id,
    SUGGESTIONS.c.confidence,
    SUGGESTIONS.c.set_id,
    SETS.c.engine,
    SETS.c.model,
).join_from(SUGGESTIONS, SETS, SETS.c.id == SUGGESTIONS.c.set_id)
SAID_BY = SAID.where(SUGGESTIONS.c.id.in_(bindparam("ids", expanding=True)))
SAID_OF = SAID.where(
    SUGGESTIONS.c.set_id == bindparam("set_id"), SUGGESTIONS.c.item_id.in_(bindparam("ids", expanding=True))
).with_hint(SUGGESTIONS, BY_ITEM, "sqlite")


def annotator(session: Session, name: str) -> int:
    """The id of the annotator of this name, made at first use."""
    found = annotator_id(session, name)
    if found is None:
        new = Annotator(name=name)
        session.add(new)
        session.flush()
        found = new.id
    return found


def annotator_names(session: Session, annotator_ids: Sequence[int]) -> dict[int, str]:
    query = select(Annotator.id, Annotator.name).where(Annotator.id.in_(annotator_ids))
    return dict(session.execute(query).all())


def add(session: Session, project_id: int, annotator_id: int, count: int, at: datetime) -> list[int]:
    """Add `count` decisions and return their ids, oldest first. What was undone can no longer be redone."""
    connection = direct(session)
    connection.execute(DROP_UNDONE, {"project": project_id, "annotator": annotator_id})
    row = {"project_id": project_id, "annotator_id": annotator_id, "state": DecisionState.DONE, "created_at": at}
    # They are alike, and a higher id is a newer decision: no matter in which order the database returns them.
    return sorted(connection.execute(ADD_DECISIONS, [row] * count).scalars())


def newest_done(session: Session, project_id: int, annotator_id: int) -> int | None:
    """What an undo takes back. Decisions whose items are all gone are passed over."""
    query = _of(project_id, annotator_id, DecisionState.DONE).where(HAS_EVENTS)
    return session.scalar(query.order_by(Decision.id.desc()).limit(1))


def last_undone(session: Session, project_id: int, annotator_id: int) -> int | None:
    """What a redo brings back: undone newest first, so the oldest of the undone was undone last."""
    query = _of(project_id, annotator_id, DecisionState.UNDONE).where(HAS_EVENTS)
    return session.scalar(query.order_by(Decision.id).limit(1))


def of_event(session: Session, event_id: str) -> int | None:
    """The decision that a bulk action or an event of this event_id belongs to."""
    bulk = select(BulkAction.decision_id).where(BulkAction.event_id == event_id)
    event = select(LabelEvent.decision_id).where(LabelEvent.event_id == event_id)
    return session.scalar(bulk) or session.scalar(event)


def _of(project_id: int, annotator_id: int, state: DecisionState) -> Select[int]:
    return select(Decision.id).where(
        Decision.project_id == project_id,
        Decision.annotator_id == annotator_id,
        Decision.state == state,
    )


def move(session: Session, decision_id: int, to: DecisionState) -> None:
    session.execute(
        update(Decision).where(Decision.id == decision_id).values(state=to).execution_options(synchronize_session=False)
    )


def add_events(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Append events and return their ids in the same order."""
    ids = {event_id: number for number, event_id in direct(session).execute(ADD_EVENTS, list(rows))}
    return [ids[row["event_id"]] for row in rows]


def events(session: Session, decision_id: int, after: int = 0, limit: int = 500) -> Sequence[LabelEvent]:
    """What the decision did, without its being undone and redone: the next events after the one of this id."""
    query = select(LabelEvent).where(LabelEvent.decision_id == decision_id, LabelEvent.action.not_in(TAKING_BACK))
    return session.scalars(query.where(LabelEvent.id > after).order_by(LabelEvent.id).limit(limit)).all()


def known(session: Session, event_ids: Sequence[str]) -> set[str]:
    """Those of `event_ids` that were recorded before."""
    return {found for some in batches(event_ids) for found in direct(session).execute(KNOWN, {"ids": some}).scalars()}


def state_of(session: Session, decision_id: int) -> DecisionState:
    return DecisionState(session.scalars(select(Decision.state).where(Decision.id == decision_id)).one())


def group(session: Session, event_id: str, limit: int = 1000) -> Sequence[int]:
    """The first items of the events recorded together under this id (see `backend.labeling.events.part_of`)."""
    # "0" follows "/", so this is every id that begins with "EVENT_ID/", found in the index.
    query = select(LabelEvent.item_id).where(LabelEvent.event_id > f"{event_id}/", LabelEvent.event_id < f"{event_id}0")
    return session.scalars(query.order_by(LabelEvent.id).limit(limit)).all()


def of_item(session: Session, item_id: int, after: int | None, limit: int) -> Sequence[LabelEvent]:
    """The item's events, newest first; `after` is the last id of the page before."""
    query = select(LabelEvent).where(LabelEvent.item_id == item_id).order_by(LabelEvent.id.desc()).limit(limit)
    return session.scalars(query.where(LabelEvent.id < after) if after is not None else query).all()


def by_ids(session: Session, ids: Sequence[int]) -> list[LabelEvent]:
    """The events of these ids, as far as they are there."""
    found: list[LabelEvent] = []
    for some in batches(ids):
        found += session.scalars(select(LabelEvent).where(LabelEvent.id.in_(some)))
    return found


def by_event_ids(session: Session, event_ids: Sequence[str]) -> list[LabelEvent]:
    found: list[LabelEvent] = []
    for some in batches(event_ids):
        found += session.scalars(select(LabelEvent).where(LabelEvent.event_id.in_(some)).order_by(LabelEvent.id))
    return found


def event_ids(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """An event's id -> the event_id that its client gave it."""
    found: dict[int, str] = {}
    for some in batches(ids):
        found |= dict(session.execute(select(LabelEvent.id, LabelEvent.event_id).where(LabelEvent.id.in_(some))).all())
    return found


class Said(NamedTuple):
    """What one suggestion says of its item, and who made it."""

    item_id: int
    class_id: int
    confidence: float
    set_id: int
    engine: str
    model: str


def said_by(session: Session, suggestion_ids: Sequence[int]) -> dict[int, Said]:
    """Suggestion id -> what it says."""
    found: dict[int, Said] = {}
    for some in batches(suggestion_ids):
        found |= {row[0]: Said(*row[1:]) for row in direct(session).execute(SAID_BY, {"ids": some})}
    return found


def said_of(session: Session, set_id: int, item_ids: Sequence[int]) -> dict[int, Said]:
    """Item id -> what the set says of it."""
    found: dict[int, Said] = {}
    for some in batches(item_ids):
        rows = direct(session).execute(SAID_OF, {"set_id": set_id, "ids": some})
        found |= {row[1]: Said(*row[1:]) for row in rows}
    return found


def agreements(session: Session, project_id: int) -> dict[bool, int]:
    """Whether people chose what a suggestion said -> how often."""
    query = select(LabelEvent.agreed, func.count()).where(
        LabelEvent.project_id == project_id, LabelEvent.agreed.is_not(None)
    )
    return {bool(agreed): count for agreed, count in session.execute(query.group_by(LabelEvent.agreed))}


def recent_seconds(session: Session, project_id: int, limit: int, annotator_id: int | None = None) -> Sequence[float]:
    """How long each of the last decisions took that a person, or this one, made in front of an item."""
    query = select(LabelEvent.seconds).where(LabelEvent.project_id == project_id)
    if annotator_id is not None:
        query = query.where(LabelEvent.annotator_id == annotator_id)
    newest = query.order_by(LabelEvent.id.desc()).limit(limit).subquery()
    return [seconds for seconds in session.scalars(select(newest.c.seconds)) if seconds is not None]


def annotator_id(session: Session, name: str) -> int | None:
    """The annotator of this name, if there is one."""
    return direct(session).execute(NAMED, {"name": name}).scalar()
