"""Labels and classes that are gone: what an event names, and what an undo brings back, as the classes are today.

An item's classes are always those of the event that made its state, each followed to where it was merged. So whatever
is taken back in whatever order, of labels or of classes, nothing that somebody decided is lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from db import class_changes, decisions, labels
from db.labels import Classes, State
from db.models import Action, LabelEvent, Project, Status
from db.session import Session

Event = Mapping[str, Any]


def of_today(event: Event, classes: Classes) -> Event:
    """The event with the classes that merged ones went to: a pad may not know of it yet. Deleted ones stay in it."""
    class_ids = event.get("class_ids")
    if not class_ids or not classes.gone.keys() & set(class_ids):
        return event
    deleted = [each for each in class_ids if classes.deleted_name(each) is not None]
    return {**event, "class_ids": [*classes.now(class_ids), *deleted]}


def refusal(event: Event, classes: Classes) -> dict[str, str] | None:
    """Why an event cannot be recorded that names a deleted class: {code, message}."""
    if event["action"] not in (Action.LABEL, Action.CHECK):
        return None
    for class_id in event["class_ids"]:
        name = classes.deleted_name(class_id)
        if name is not None:
            return {
                "code": "deleted_class",
                "message": f'The class "{name}" was deleted. Reload the page, and choose another one.',
            }
    return None


def brought(session: Session, project: Project, brings: Mapping[int, State]) -> dict[int, State]:
    """Item id -> the state that an event is about to bring back to it, as the classes are today.

    What it loses to a class that is gone is remembered, as if it had been there when the class went: an undo of that
    gives it back.
    """
    event_ids: list[int] = []
    if class_changes.has_moved(session, project.id):
        event_ids = [state.last_event_id for state in brings.values() if state.last_event_id is not None]
    causes = {event.id: event for event in decisions.by_ids(session, event_ids)}
    classes = labels.classes_now(session, project.id)
    said = {item_id: _said(state, causes.get(state.last_event_id or 0)) for item_id, state in brings.items()}
    _remember(session, project, brings, said, classes)
    return {
        item_id: _today(state, causes.get(state.last_event_id or 0), said[item_id], classes, project.multi_label)
        for item_id, state in brings.items()
    }


def _said(state: State, cause: LabelEvent | None) -> tuple[int, ...]:
    return tuple(cause.class_ids) if cause is not None else state.class_ids


def _today(state: State, cause: LabelEvent | None, said: Iterable[int], classes: Classes, multi_label: bool) -> State:
    kept = tuple(each for each in classes.now(said) if each in classes.archived)
    if state.status not in (Status.LABELED, Status.TODO) or not said:
        return replace(state, class_ids=kept)
    if not kept and not multi_label:
        return State(last_event_id=state.last_event_id)
    if state.annotator_id is None and cause is not None:
        # It was to do, for its class was gone.
        return State(Status.LABELED, kept, cause.annotator_id, cause.created_at, state.last_event_id)
    return replace(state, status=Status.LABELED, class_ids=kept)


def _remember(
    session: Session,
    project: Project,
    brings: Mapping[int, State],
    said: Mapping[int, Iterable[int]],
    classes: Classes,
) -> None:
    lost = [item_id for item_id, class_ids in said.items() if classes.gone.keys() & set(class_ids)]
    if not lost:
        return
    had = {item_id: set(said[item_id]) for item_id in lost}
    rows = []
    for move in class_changes.standing(session, project.id):
        for item_id in lost:
            if move.class_id not in had[item_id]:
                continue
            event_id, had_other = brings[item_id].last_event_id, move.into in had[item_id]
            row = {"change_id": move.id, "item_id": item_id, "had_other": had_other, "last_event_id": event_id}
            rows.append(row)
            had[item_id].remove(move.class_id)
            if move.into is not None:
                had[item_id].add(move.into)
    class_changes.note(session, rows)
