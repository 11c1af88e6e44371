"""Recording what people decide.

Every decision is an event that is never changed or deleted. What follows from the events (an item's status, who
decided it and when, its labels) is written in the same transaction. Each event keeps the state that it replaced, so
that an undo restores exactly that (`moves`); undo and redo are events too.

All functions want a session of `db.session.writing`, which lets one writer in at a time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.labeling import bin as binned
from backend.labeling import conflicts, gone, suggested
from backend.labeling.checks import annotator_name, refusal
from backend.labeling.events import Change, append, part_of
from db import decisions as rows
from db import labels
from db.labels import State
from db.models import Action, BulkAction, Project, now
from db.session import Session

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Recorded:
    """Which events are stored, now or by an earlier try, and which never will be, each with its {code, message}.

    `conflicts` are decisions of others that these events replaced without having seen them (`conflicts.found`).
    """

    acked: list[str]
    rejected: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)


def record(session: Session, project: Project, annotator: str, events: Sequence[Event]) -> Recorded:
    """Record events {event_id, item_id, action, class_ids, seconds, suggestion_id}, each a decision of its own.

    They may also have `over` (see `conflicts.found`) and `suggested` {class_id, confidence, is_hidden}: what the person
    was shown, to which is added who suggested it (`suggested.of_events`). A known event_id changes nothing and is
    acknowledged again. An event that cannot be recorded is rejected alone.
    """
    name = annotator_name(annotator)
    # The pad sends again until it hears back, so the same event may come twice, even in one request.
    sent = {event["event_id"]: event for event in reversed(events)}
    order = list(dict.fromkeys(event["event_id"] for event in events))
    known = rows.known(session, order)
    new = [sent[event_id] for event_id in order if event_id not in known]
    fresh, rejected, states, class_ids = _checked(session, project, new)
    # The answer that told of them may have been lost.
    met = conflicts.of_known(session, [sent[event_id] for event_id in order if event_id in known])
    if fresh:
        annotator_id = rows.annotator(session, name)
        met += conflicts.found(session, annotator_id, fresh, states)
        decision_ids = rows.add(session, project.id, annotator_id, len(fresh), now())
        kept = suggested.of_events(session, project, fresh, class_ids, with_hidden=True)
        restores = _restored(session, project, fresh, states)
        append(session, project.id, _changes(annotator_id, fresh, decision_ids, kept, restores), states)
    refused = {each["event_id"] for each in rejected}
    return Recorded([event_id for event_id in order if event_id not in refused], rejected, met)


def record_many(
    session: Session, project: Project, annotator: str, classes: Mapping[int, Sequence[int]], *, event_id: str
) -> Recorded:
    """Label many items as one decision: item id -> its class ids. The same event_id again changes nothing.

    For a few hundred items, as the importer has them; `bulk` goes over any number in parts. An item that cannot be
    labeled so is rejected alone.
    """
    name = annotator_name(annotator)
    if rows.group(session, event_id):
        return Recorded([event_id])
    events = [
        {"event_id": part_of(event_id, item_id), "item_id": item_id, "action": Action.LABEL, "class_ids": class_ids}
        for item_id, class_ids in classes.items()
    ]
    fresh, rejected, states, _ = _checked(session, project, events)
    if fresh:
        annotator_id = rows.annotator(session, name)
        [decision_id] = rows.add(session, project.id, annotator_id, 1, now())
        changes = _changes(annotator_id, fresh, [decision_id] * len(fresh), [None] * len(fresh), {})
        append(session, project.id, changes, states)
    return Recorded([event_id], rejected)


def record_part(
    session: Session, asked: BulkAction, project: Project, annotator_id: int, events: Sequence[Event]
) -> Recorded:
    """Add label events to the decision of a bulk action; what was decided since that was asked for stays as it is.

    Only events with `over` can meet a conflict: what a filter replaces was counted and told before.
    """
    assert asked.decision_id is not None
    fresh, rejected, states, class_ids = _checked(session, project, events)
    fresh = [event for event in fresh if (states[event["item_id"]].decided_at or asked.created_at) <= asked.created_at]
    met = conflicts.found(session, annotator_id, [event for event in fresh if "over" in event], states)
    kept = suggested.of_events(session, project, fresh, class_ids, with_hidden=False)
    restores = _restored(session, project, fresh, states)
    changes = _changes(annotator_id, fresh, [asked.decision_id] * len(fresh), kept, restores)
    append(session, project.id, changes, states)
    return Recorded([event["event_id"] for event in fresh], rejected, met)


def _checked(
    session: Session, project: Project, events: Sequence[Event]
) -> tuple[list[Event], list[dict[str, Any]], dict[int, State], Collection[int]]:
    """The events that can be recorded, the others with the reason, where their items stand, the project's class ids."""
    states = labels.states(session, project.id, list({event["item_id"] for event in events}))
    classes = labels.classes_now(session, project.id)
    fresh, rejected = [], []
    for event in (gone.of_today(each, classes) for each in events):
        why = gone.refusal(event, classes) or refusal(event, states, classes.archived, multi_label=project.multi_label)
        if why:
            rejected.append({"event_id": event["event_id"], "item_id": event["item_id"], **why})
        else:
            fresh.append(event)
    return fresh, rejected, states, classes.archived.keys()


def _restored(
    session: Session, project: Project, events: Sequence[Event], states: Mapping[int, State]
) -> dict[int, State]:
    """Item id -> where it stood before it was deleted, of those that the events restore."""
    wanted = {event["item_id"] for event in events if event["action"] == Action.RESTORE}
    if not wanted:
        return {}
    return binned.before_deletion(session, project, {item_id: states[item_id] for item_id in wanted})


def _changes(
    annotator_id: int,
    events: Sequence[Event],
    decision_ids: Sequence[int],
    kept: Sequence[dict[str, Any] | None],
    restores: Mapping[int, State],
) -> list[Change]:
    """`kept` is what each event keeps of what was suggested, `restores` item id -> what a restoring brings back."""
    at = now()
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
            suggested=said,
            agreed=_agreed(event, said),
            restores=restores.get(event["item_id"]),
        )
        for event, decision_id, said in zip(events, decision_ids, kept, strict=True)
    ]


def _class_ids(event: Event) -> tuple[int, ...]:
    return tuple(sorted(set(event["class_ids"]))) if event["action"] in (Action.LABEL, Action.CHECK) else ()


def _agreed(event: Event, said: Mapping[str, Any] | None) -> bool | None:
    """Whether the person chose what they were shown; None when they were shown nothing."""
    if event["action"] != Action.LABEL or not said or said["is_hidden"]:
        return None
    return said["class_id"] in event["class_ids"]
