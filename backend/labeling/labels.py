"""Recording what people decide, taking it back, and bringing it again.

Every decision is an event that is never changed or deleted. What follows from the events (an item's status, who
decided it and when, its labels) is written in the same transaction. Each event keeps the state that it replaced, so
that an undo restores exactly that; undo and redo are events too.

All functions want a session of `db.session.writing`, which lets one writer in at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backend import errors
from backend.labeling.checks import annotator_name, refusal
from backend.labeling.events import Change, append, state_after
from db import decisions as rows
from db import labels
from db.labels import State
from db.models import Action, DecisionState, LabelEvent, Project, Status, now
from db.session import Session


@dataclass(frozen=True)
class Recorded:
    """Which events are stored, now or by an earlier try, and which never will be, each with its {code, message}."""

    acked: list[str]
    rejected: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Moved:
    """What an undo or redo did. `left` counts the items that somebody had changed since: they stay as they are."""

    item_ids: Sequence[int] = ()
    left: int = 0


def record(session: Session, project: Project, annotator: str, events: Sequence[Mapping[str, Any]]) -> Recorded:
    """Record events {event_id, item_id, action, class_ids, seconds, suggestion_id}, each a decision of its own.

    A known event_id changes nothing and is acknowledged again. An event that cannot be recorded is rejected alone.
    """
    name = annotator_name(annotator)
    # The pad sends again until it hears back, so the same event may come twice, even in one request.
    sent = {event["event_id"]: event for event in reversed(events)}
    order = list(dict.fromkeys(event["event_id"] for event in events))
    known = rows.known(session, order)
    states = labels.states(session, project.id, list({event["item_id"] for event in events}))
    archived = labels.archived_classes(session, project.id)
    refused, fresh = {}, []
    for event_id in order:
        if event_id in known:
            continue
        if why := refusal(sent[event_id], states, archived, multi_label=project.multi_label):
            refused[event_id] = why
        else:
            fresh.append(sent[event_id])
    if fresh:
        append(session, project.id, _decided(session, project, name, fresh), states)
    return Recorded(
        acked=[event_id for event_id in order if event_id not in refused],
        rejected=[{"event_id": event_id, **why} for event_id, why in refused.items()],
    )


def _decided(session: Session, project: Project, name: str, events: Sequence[Mapping[str, Any]]) -> list[Change]:
    annotator_id = rows.annotator(session, name)
    at = now()
    decision_ids = rows.add(session, project.id, annotator_id, len(events), at)
    said = rows.said_by(session, [event["suggestion_id"] for event in events if event.get("suggestion_id")])
    return [
        Change(
            event_id=event["event_id"],
            item_id=event["item_id"],
            action=Action(event["action"]),
            decision_id=decision_id,
            annotator_id=annotator_id,
            at=at,
            class_ids=_class_ids(event),
            seconds=event.get("seconds"),
            suggestion_id=event.get("suggestion_id"),
            agreed=_agreed(event, said),
        )
        for event, decision_id in zip(events, decision_ids, strict=True)
    ]


def _class_ids(event: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(sorted(set(event["class_ids"]))) if event["action"] == Action.LABEL else ()


def _agreed(event: Mapping[str, Any], said: Mapping[int, tuple[int, int]]) -> bool | None:
    item_id, class_id = said.get(event.get("suggestion_id") or 0, (None, None))
    if event["action"] != Action.LABEL or item_id != event["item_id"]:
        return None
    return class_id in event["class_ids"]


def record_many(
    session: Session, project: Project, annotator: str, classes: Mapping[int, Sequence[int]], *, event_id: str
) -> Recorded:
    """Label many items as one decision: item id -> its class ids. The same event_id again changes nothing.

    The importer calls it with a few hundred items at a time, a bulk action with as many as a person chose. An item that
    cannot be labeled so is rejected alone.
    """
    name = annotator_name(annotator)
    if rows.group(session, event_id):
        return Recorded([event_id])
    states = labels.states(session, project.id, list(classes))
    archived = labels.archived_classes(session, project.id)
    rejected, wanted = [], {}
    for item_id, class_ids in classes.items():
        event = {"item_id": item_id, "action": Action.LABEL, "class_ids": class_ids}
        if why := refusal(event, states, archived, multi_label=project.multi_label):
            rejected.append({"item_id": item_id, **why})
        else:
            wanted[item_id] = tuple(sorted(set(class_ids)))
    if wanted:
        annotator_id = rows.annotator(session, name)
        at = now()
        [decision_id] = rows.add(session, project.id, annotator_id, 1, at)
        changes = [
            Change(
                event_id=part_of(event_id, item_id),
                item_id=item_id,
                action=Action.LABEL,
                decision_id=decision_id,
                annotator_id=annotator_id,
                at=at,
                class_ids=class_ids,
            )
            for item_id, class_ids in wanted.items()
        ]
        append(session, project.id, changes, states)
    return Recorded([event_id], rejected)


def bulk(
    session: Session,
    project: Project,
    annotator: str,
    item_ids: Sequence[int],
    class_ids: Sequence[int],
    *,
    event_id: str,
) -> Recorded:
    """Give many items the same classes, as one decision that one undo takes back. Raises Invalid on wrong classes."""
    if not item_ids:
        raise errors.Invalid("No items were named.", "Choose at least one.")
    trial = {"item_id": 0, "action": Action.LABEL, "class_ids": class_ids}
    archived = labels.archived_classes(session, project.id)
    if why := refusal(trial, {0: State()}, archived, multi_label=project.multi_label):
        raise errors.Invalid(why["message"], "Nothing was changed.")
    return record_many(session, project, annotator, dict.fromkeys(item_ids, class_ids), event_id=event_id)


def undo(session: Session, project: Project, annotator: str, event_id: str) -> Moved:
    """Take back the annotator's newest decision, as one. The same event_id again changes nothing."""
    return _move(session, project, annotator, event_id, Action.UNDO)


def redo(session: Session, project: Project, annotator: str, event_id: str) -> Moved:
    """Bring back what the annotator undid last, unless something new was decided since."""
    return _move(session, project, annotator, event_id, Action.REDO)


def _move(session: Session, project: Project, annotator: str, event_id: str, action: Action) -> Moved:
    name = annotator_name(annotator)
    if there := rows.group(session, event_id):
        return Moved(there)
    is_undo = action == Action.UNDO
    annotator_id = rows.annotator(session, name)
    decision_id = (rows.newest_done if is_undo else rows.last_undone)(session, project.id, annotator_id)
    if decision_id is None:
        return Moved()
    events = rows.events(session, decision_id)
    states = labels.states(session, project.id, [event.item_id for event in events])
    classes = labels.archived_classes(session, project.id)
    at = now()
    changes, left = [], 0
    for event in events:
        stands_on = event.id if is_undo else event.before["last_event_id"]
        if states[event.item_id].last_event_id != stands_on:
            left += 1
            continue
        brings = without_gone(State.from_json(event.before) if is_undo else _done_again(event), classes)
        part = part_of(event_id, event.item_id)
        changes.append(Change(part, event.item_id, action, decision_id, annotator_id, at, brings=brings))
    append(session, project.id, changes, states)
    rows.move(session, decision_id, DecisionState.UNDONE if is_undo else DecisionState.DONE)
    return Moved([change.item_id for change in changes], left)


def _done_again(event: LabelEvent) -> State:
    """Where the item stood after the event, so that the event can be undone again."""
    again = Change(
        event.event_id,
        event.item_id,
        Action(event.action),
        event.decision_id,
        event.annotator_id,
        event.created_at,
        tuple(event.class_ids),
    )
    return replace(state_after(again, State.from_json(event.before)), last_event_id=event.id)


def without_gone(state: State, classes: Mapping[int, object]) -> State:
    """The state without classes that were deleted since. An item that loses its only class is to do again."""
    kept = tuple(class_id for class_id in state.class_ids if class_id in classes)
    if state.status == Status.LABELED and state.class_ids and not kept:
        return State(last_event_id=state.last_event_id)
    return replace(state, class_ids=kept)


def part_of(event_id: str, item_id: int) -> str:
    """The event_id of one item's share in an action over several."""
    return f"{event_id}/{item_id}"
