"""Who decided on an item before, unseen by the one who decides now. The later decision stands, and is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from db import decisions as rows
from db.labels import State
from db.models import Action, Status
from db.session import Session


def found(
    session: Session, annotator_id: int, events: Sequence[Mapping[str, Any]], states: Mapping[int, State]
) -> list[dict[str, Any]]:
    """{event_id, item_id, annotator, status, class_ids, decided_at} of each decision that an event replaces unseen.

    `states` is where the items stand before the events. An event's `over` is the event_id of the decision that its
    sender saw on the item, None for an item to do; without it, a decision of anybody else counts as unseen.
    """
    first: dict[int, Mapping[str, Any]] = {}
    for event in events:
        # Its next event in the same request stands on this one.
        first.setdefault(event["item_id"], event)
    return _told(session, [(event, annotator_id, states[item_id]) for item_id, event in first.items()])


def of_known(session: Session, events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same of events that were recorded before, from what they kept."""
    sent = {event["event_id"]: event for event in events}
    kept = rows.by_event_ids(session, list(sent))
    return _told(session, [(sent[each.event_id], each.annotator_id, State.from_json(each.before)) for each in kept])


def _told(session: Session, met: Sequence[tuple[Mapping[str, Any], int, State]]) -> list[dict[str, Any]]:
    """Of (event, who sent it, what it stood on) those that its sender had not seen."""
    decided = [
        (event, annotator_id, state)
        for event, annotator_id, state in met
        if event["action"] != Action.CHECK and state.status != Status.TODO and state.last_event_id is not None
    ]
    standing = rows.event_ids(session, [state.last_event_id for *_, state in decided if state.last_event_id])
    unseen = [
        (event, state)
        for event, annotator_id, state in decided
        if (
            standing.get(state.last_event_id or 0) != event["over"]
            if "over" in event
            else state.annotator_id != annotator_id
        )
    ]
    if not unseen:
        # Nearly always: a label shall not wait for a query that finds nothing.
        return []
    names = rows.annotator_names(session, [state.annotator_id for _, state in unseen if state.annotator_id is not None])
    return [_as_json(event["event_id"], event["item_id"], state, names) for event, state in unseen]


def _as_json(event_id: str, item_id: int, state: State, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "item_id": item_id,
        "annotator": names.get(state.annotator_id or 0),
        "status": state.status,
        "class_ids": list(state.class_ids),
        "decided_at": state.decided_at.isoformat() if state.decided_at else None,
    }
