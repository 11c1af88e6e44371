"""What cannot be recorded, and why."""

from collections.abc import Mapping
from typing import Any

from backend import errors
from db.labels import State
from db.models import Action, Status

NAME_LENGTH = 100
ACTIONS = (
    Action.LABEL, Action.SKIP, Action.FLAG, Action.CLEAR, Action.CHECK, Action.DELETE, Action.RESTORE
)  # fmt: skip


def annotator_name(name: str) -> str:
    """The name as it is kept. Raises Invalid."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        raise errors.Invalid(
            f"An annotator's name has 1 to {NAME_LENGTH} letters; this one has {len(name)}.", 'Take one such as "me".'
        )
    return name


def refusal(
    event: Mapping[str, Any], states: Mapping[int, State], archived: Mapping[int, bool], *, multi_label: bool
) -> dict[str, str] | None:
    """Why this event cannot be recorded: {code, message}; None when it can.

    `states` has the project's items that the events name, `archived` every class of the project.
    """
    item_id, action = event["item_id"], event["action"]
    if action not in ACTIONS:
        return _because("unknown_action", f'"{action}" is not one of {", ".join(ACTIONS)}.')
    if item_id not in states:
        return _because("unknown_item", f"There is no item {item_id} in this project.")
    if (states[item_id].status == Status.DELETED) != (action == Action.RESTORE):
        return _bin_refusal(item_id, Action(action))
    if action == Action.CHECK and states[item_id].status != Status.LABELED:
        return _because("not_labeled", f"Item {item_id} has no label any more that could be checked.")
    if action in (Action.LABEL, Action.CHECK):
        return _class_refusal(set(event["class_ids"]), archived, multi_label)
    return None


def _bin_refusal(item_id: int, action: Action) -> dict[str, str]:
    if action == Action.RESTORE:
        return _because("not_deleted", f"Item {item_id} is not in the bin.")
    return _because("deleted", f"Item {item_id} is in the bin. Restore it there first.")


def _class_refusal(class_ids: set[int], archived: Mapping[int, bool], multi_label: bool) -> dict[str, str] | None:
    for class_id in sorted(class_ids):
        if class_id not in archived:
            return _because("unknown_class", f"There is no class {class_id} in this project.")
        if archived[class_id]:
            return _because("archived_class", f"Class {class_id} is archived and takes no new labels.")
    if not multi_label and len(class_ids) != 1:
        return _because("one_class", f"An item has exactly one class in this project, and {len(class_ids)} were given.")
    return None


def _because(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}
