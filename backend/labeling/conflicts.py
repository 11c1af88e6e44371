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
    stands_on = {
        item_id: state
        for item_id, state in states.items()
        if state.status != Status.TODO and state.last_event_id is not None
    }
    if not stands_on:
        return []
    standing = rows.event_ids(session, [state.last_event_id for state in stands_on.values() if state.last_event_id])
    met = []
    for event in events:
        if event["action"] == Action.CHECK:
            continue
        # Its next event in the same request stands on this one.
        state = stands_on.pop(event["item_id"], None)
        if state is None or state.last_event_id is None:
            continue
        if "over" in event:
            is_unseen = standing.get(state.last_event_id) != event["over"]
        else:
            is_unseen = state.annotator_id != annotator_id
        if is_unseen:
            met.append((event["event_id"], event["item_id"], state))
    names = rows.annotator_names(session, [state.annotator_id for *_, state in met if state.annotator_id is not None])
    return [_as_json(event_id, item_id, state, names) for event_id, item_id, state in met]


def _as_json(event_id: str, item_id: int, state: State, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "item_id": item_id,
        "annotator": names.get(state.annotator_id or 0),
        "status": state.status,
        "class_ids": list(state.class_ids),
        "decided_at": state.decided_at.isoformat() if state.decided_at else None,
    }
