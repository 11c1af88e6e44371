"""Taking back what an annotator decided, and bringing it again.

A decision may span a million items, so an undo goes over it in parts, each for a transaction of its own
(`db.session.writing`): call again until `is_done`. It is known by its event_id: asked for again it goes on, and once it
is done it changes nothing, even when it had found nothing to take back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from backend import errors, projects
from backend.labeling import bin as binned
from backend.labeling import gone
from backend.labeling.checks import annotator_name
from backend.labeling.events import Change, append, part_of, state_after
from db import bulk_actions, labels
from db import decisions as rows
from db.labels import State
from db.models import Action, BulkAction, DecisionState, LabelEvent, Project, now
from db.session import Session, writing

# Items in one transaction: some 20 ms, for nobody's label shall wait longer.
PART = 200


@dataclass(frozen=True)
class Moved:
    """What an undo or redo did. `left` counts the items that somebody had changed since: they stay as they are.

    `item_ids` are the first of the `changed` items.
    """

    item_ids: Sequence[int] = ()
    changed: int = 0
    left: int = 0
    is_done: bool = True


Way = Callable[[Session, Project, str, str], Moved]


def whole(way: Way, project_id: int, annotator: str, event_id: str) -> Moved:
    """Every part of an undo or redo, each in a transaction of its own."""
    moved = Moved(is_done=False)
    while not moved.is_done:
        with writing() as session:
            moved = way(session, projects.get(session, project_id), annotator, event_id)
    return moved


def undo(session: Session, project: Project, annotator: str, event_id: str, *, only: str | None = None) -> Moved:
    """Take back the annotator's newest decision, as one.

    only: the event_id of what it must be, an event or a bulk action. Raises Conflict when it is another.
    """
    return _part(session, project, annotator, event_id, Action.UNDO, only=only)


def redo(session: Session, project: Project, annotator: str, event_id: str) -> Moved:
    """Bring back what the annotator undid last, unless something new was decided since."""
    return _part(session, project, annotator, event_id, Action.REDO)


def _part(
    session: Session, project: Project, annotator: str, event_id: str, action: Action, *, only: str | None = None
) -> Moved:
    annotator_id = rows.annotator(session, annotator_name(annotator))
    asked = asked_before(session, project, event_id, action)
    asked = asked or _begin(session, project, annotator_id, event_id, action, only=only)
    if asked.decision_id is not None and not asked.is_done:
        events = rows.events(session, asked.decision_id, asked.cursor, PART)
        if (rows.state_of(session, asked.decision_id) == DecisionState.DONE) == (action == Action.UNDO):
            # Somebody turned it round while this was at work.
            events = []
        changed = _bring_back(session, project, asked, annotator_id, events)
        asked.changed += changed
        asked.left += len(events) - changed
        asked.is_done = len(events) < PART
        asked.cursor = events[-1].id if events else asked.cursor
        session.flush()
    item_ids = rows.group(session, event_id) if asked.is_done and asked.decision_id is not None else ()
    return Moved(item_ids, asked.changed, asked.left, asked.is_done)


def asked_before(session: Session, project: Project, event_id: str, kind: Action) -> BulkAction | None:
    """The action of this event_id, if it was asked for before. Raises Invalid when that was another one."""
    there = bulk_actions.get(session, event_id)
    if there is not None and (there.project_id, there.kind) != (project.id, kind):
        raise errors.Invalid(
            f'The event_id "{event_id}" was used for something else.', "Make a new one for each action."
        )
    return there


def _begin(
    session: Session, project: Project, annotator_id: int, event_id: str, action: Action, *, only: str | None
) -> BulkAction:
    is_undo = action == Action.UNDO
    decision_id = (rows.newest_done if is_undo else rows.last_undone)(session, project.id, annotator_id)
    if only is not None and decision_id != rows.of_event(session, only):
        raise errors.Conflict(
            "Something newer was decided since, on another page or in another tab.",
            "Ctrl+Z on the Label page takes that back first.",
        )
    if decision_id is not None:
        rows.move(session, decision_id, DecisionState.UNDONE if is_undo else DecisionState.DONE)
    asked = BulkAction(
        event_id=event_id,
        project_id=project.id,
        kind=action,
        decision_id=decision_id,
        cursor=0,
        changed=0,
        left=0,
        is_done=decision_id is None,
    )
    return bulk_actions.add(session, asked)


def _bring_back(
    session: Session, project: Project, asked: BulkAction, annotator_id: int, events: Sequence[LabelEvent]
) -> int:
    """Write what the events bring back, and return for how many: items that somebody changed since are left out."""
    action = Action(asked.kind)
    states = labels.states(session, asked.project_id, [event.item_id for event in events])
    at = now()
    restores = _restored(session, project, events) if action == Action.REDO else {}
    brought: dict[int, State] = {}
    chosen = []
    for event in events:
        state = states[event.item_id]
        if event.action == Action.CHECK:
            # It changed nothing that could be brought back.
            pass
        elif state.last_event_id != (event.id if action == Action.UNDO else event.before["last_event_id"]):
            continue
        else:
            before = State.from_json(event.before)
            brought[event.item_id] = before if action == Action.UNDO else _done_again(event, restores)
        chosen.append(event)
    brought = gone.brought(session, project, brought)
    changes = []
    for event in chosen:
        brings = states[event.item_id] if event.action == Action.CHECK else brought[event.item_id]
        part = part_of(asked.event_id, event.item_id)
        changes.append(Change(part, event.item_id, action, event.decision_id, annotator_id, at, brings=brings))
    append(session, asked.project_id, changes, states)
    return len(changes)


def _restored(session: Session, project: Project, events: Sequence[LabelEvent]) -> dict[int, State]:
    """Item id -> what a restoring had brought back: where it stood before the event that had deleted it."""
    found = [event for event in events if event.action == Action.RESTORE]
    return binned.of_events(session, project, {event.item_id: event.before["last_event_id"] for event in found})


def _done_again(event: LabelEvent, restores: Mapping[int, State]) -> State:
    """Where the item stood after the event, so that the event can be undone again."""
    again = Change(
        event.event_id,
        event.item_id,
        Action(event.action),
        event.decision_id,
        event.annotator_id,
        event.created_at,
        tuple(event.class_ids),
        restores=restores.get(event.item_id),
    )
    return replace(state_after(again, State.from_json(event.before)), last_event_id=event.id)
