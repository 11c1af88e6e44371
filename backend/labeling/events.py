"""Writing events, and what follows from them, in the same breath."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from db import decisions as rows
from db import labels
from db.labels import State
from db.models import Action, Status
from db.session import Session

STATUS_AFTER = {
    Action.LABEL: Status.LABELED,
    Action.SKIP: Status.SKIPPED,
    Action.FLAG: Status.FLAGGED,
    Action.CLEAR: Status.TODO,
    Action.DELETE: Status.DELETED,
}


@dataclass(frozen=True)
class Change:
    """One event about to be written. An undo or redo names the exact state that it brings."""

    event_id: str
    item_id: int
    action: Action
    decision_id: int
    annotator_id: int
    at: datetime
    class_ids: tuple[int, ...] = ()
    seconds: float | None = None
    suggestion_id: int | None = None
    suggested: dict[str, Any] | None = None
    agreed: bool | None = None
    brings: State | None = None
    # Where the item stood before it was deleted: what a restoring brings back.
    restores: State | None = None


def append(session: Session, project_id: int, changes: Sequence[Change], states: dict[int, State]) -> None:
    """Store the changes in their order. `states` says where their items stand, and afterwards where they then stand."""
    for group in without_repeats(changes):
        before = {change.item_id: states[change.item_id] for change in group}
        after = {change.item_id: state_after(change, before[change.item_id]) for change in group}
        event_ids = rows.add_events(session, [_row(project_id, change, before, after) for change in group])
        for change, event_id in zip(group, event_ids, strict=True):
            if change.brings is None and change.action != Action.CHECK:
                after[change.item_id] = replace(after[change.item_id], last_event_id=event_id)
        labels.store(session, before, after)
        states.update(after)


def state_after(change: Change, before: State) -> State:
    if change.brings is not None:
        return change.brings
    if change.action == Action.CHECK:
        # An answer beside the label.
        return before
    if change.action == Action.RESTORE:
        return change.restores or State()
    if change.action == Action.CLEAR:
        return State()
    class_ids = before.class_ids if change.action == Action.FLAG else change.class_ids
    return State(STATUS_AFTER[change.action], class_ids, change.annotator_id, change.at)


def part_of(event_id: str, item_id: int) -> str:
    """The event_id of one item's share in an action over several."""
    return f"{event_id}/{item_id}"


def without_repeats(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Cut so that no item comes twice in one group: its second event follows from what its first one did."""
    group: list[Change] = []
    items: set[int] = set()
    for change in changes:
        if change.item_id in items or len(group) == labels.BATCH:
            yield group
            group, items = [], set()
        group.append(change)
        items.add(change.item_id)
    if group:
        yield group


def _row(project_id: int, change: Change, before: dict[int, State], after: dict[int, State]) -> dict[str, object]:
    return {
        "event_id": change.event_id,
        "project_id": project_id,
        "item_id": change.item_id,
        "annotator_id": change.annotator_id,
        "decision_id": change.decision_id,
        "action": change.action,
        "class_ids": list(change.class_ids if change.action == Action.CHECK else after[change.item_id].class_ids),
        "before": before[change.item_id].as_json(),
        "seconds": change.seconds,
        "suggestion_id": change.suggestion_id,
        "suggested": change.suggested,
        "agreed": change.agreed,
        "created_at": change.at,
    }
