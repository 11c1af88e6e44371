"""The bin: where deleted items lie, shown nowhere else, until somebody restores them, undoes it, or empties the bin.

Deleting is an event like a label: one undo takes it back, and the history tells of it. A deleted item has no label;
the event of its deletion keeps what it had. Emptying cannot be undone: `backend.labeling.emptying`.
"""

from collections.abc import Iterable, Mapping

from backend.labeling import gone
from db import decisions
from db.labels import State
from db.models import Action, Project, Status
from db.session import Session


def before_deletion(session: Session, project: Project, states: Mapping[int, State]) -> dict[int, State]:
    """Item id -> where it stood before it was deleted, as the classes are today, for those of `states` in the bin."""
    deleted = {item_id: state for item_id, state in states.items() if state.status == Status.DELETED}
    return of_events(session, project, {item_id: state.last_event_id for item_id, state in deleted.items()})


def of_events(session: Session, project: Project, deletions: Mapping[int, int | None]) -> dict[int, State]:
    """The same of items that the events of these ids deleted."""
    events = decisions.by_ids(session, _known(deletions.values()))
    kept = {event.item_id: State.from_json(event.before) for event in events if event.action == Action.DELETE}
    brought = gone.brought(session, project, kept) if kept else {}
    return {item_id: brought.get(item_id, State()) for item_id in deletions}


def _known(event_ids: Iterable[int | None]) -> list[int]:
    return [event_id for event_id in event_ids if event_id is not None]
