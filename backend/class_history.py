"""The history of a project's classes: what was changed, taken back and brought again.

An undo takes back the newest change, whoever made it: classes belong to all who label. What somebody decided on an item
since stays as it is.
"""

from collections.abc import Mapping
from typing import Any

from backend import class_changes, classes, errors
from db import class_changes as rows
from db import decisions
from db import projects as project_rows
from db.models import ClassChange, DecisionState, Item, Project
from db.session import Session

# What these moved goes when they are taken back, and comes with them.
ADDING = ("add", "split")


def undo(session: Session, project: Project, change_id: int | None = None) -> ClassChange | None:
    """Take back the newest change; None when there is none.

    With `change_id` it takes back that one: asked for again it changes nothing. Raises NotFound, or Conflict when
    another is newer or a name is taken meanwhile.
    """
    rows.lock(session, project.id)
    return _move(session, project, to_undo(session, project, change_id), DecisionState.UNDONE)


def redo(session: Session, project: Project, change_id: int | None = None) -> ClassChange | None:
    """Bring back the change that was undone last."""
    rows.lock(session, project.id)
    return _move(session, project, to_redo(session, project, change_id), DecisionState.DONE)


def to_undo(session: Session, project: Project, change_id: int | None = None) -> ClassChange | None:
    return _wanted(session, project, rows.newest_done(session, project.id), change_id, DecisionState.DONE)


def to_redo(session: Session, project: Project, change_id: int | None = None) -> ClassChange | None:
    return _wanted(session, project, rows.last_undone(session, project.id), change_id, DecisionState.UNDONE)


def _wanted(
    session: Session, project: Project, first: ClassChange | None, change_id: int | None, state: DecisionState
) -> ClassChange | None:
    if change_id is None or (first is not None and first.id == change_id):
        return first
    asked = rows.get(session, change_id)
    if asked is None or asked.project_id != project.id or asked.kind == rows.PART:
        raise errors.NotFound(f"There is no change {change_id} of these classes.", "Reload the page.")
    if asked.state == state:
        raise errors.Conflict("Another change comes first.", "They are taken back newest first. Reload the page.")
    return None


def _move(session: Session, project: Project, change: ClassChange | None, to: DecisionState) -> ClassChange | None:
    if change is None:
        return None
    is_undo = to == DecisionState.UNDONE
    pairs = (change.after, change.before) if is_undo else (change.before, change.after)
    _write(session, project, [_fitting(now, then) for now, then in zip(*pairs, strict=True)])
    moves = rows.moves_of(session, change)
    for move in reversed(moves) if is_undo else moves:
        # A change that adds classes takes their labels away when it is undone.
        way = rows.take if is_undo == (change.kind in ADDING) else rows.give_back
        way(session, move, multi_label=project.multi_label)
    change.state = to
    session.flush()
    session.expire_all()
    return change


def _fitting(now: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the change made others, as they were: what an import changed meanwhile stays."""
    return {"id": then["id"]} | {name: then[name] for name in classes.FIELDS if now[name] != then[name]}


def _write(session: Session, project: Project, fields: list[dict[str, Any]]) -> None:
    """Write the fields, unless a name is given away or no class would be left. A key that is taken is let go."""
    touched = {each["id"] for each in fields}
    others = [each for each in project_rows.classes(session, project.id, with_archived=True) if each.id not in touched]
    keys = {other.key for other in others if not other.archived}
    for each in fields:
        for other in others:
            if other.name.lower() == each.get("name", "").lower():
                raise errors.NameTaken(f'There is another class "{other.name}" by now.', "Rename that one first.")
        if each.get("key") in keys:
            each["key"] = ""
    class_changes.write(session, fields)
    if not project_rows.classes(session, project.id):
        raise errors.Conflict("No class would be left.", "A project keeps at least one. Add another first.")


def would_touch(session: Session, project: Project, change: ClassChange, *, is_undo: bool) -> dict[str, int]:
    """{labels, left}: labels that an undo or redo moves, and items that stay as somebody decided since. Only reads."""
    labels = left = 0
    for move in rows.moves_of(session, change):
        if move.is_gold:
            continue
        if is_undo == (change.kind in ADDING):
            labels += rows.count_labels(session, move.class_id)
        else:
            back, stays = rows.count_to_give_back(session, move)
            labels, left = labels + back, left + stays
    return {"labels": labels, "left": left}


def page(session: Session, project: Project, after: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Newest first: {id, kind, words, annotator, state, counts, before, after, can_undo, can_redo, created_at}."""
    found = rows.page(session, project.id, after, limit)
    first, last = rows.newest_done(session, project.id), rows.last_undone(session, project.id)
    names = decisions.annotator_names(session, [each.annotator_id for each in found if each.annotator_id])
    return [
        as_json(each, names.get(each.annotator_id or 0)) | {"can_undo": each is first, "can_redo": each is last}
        for each in found
    ]


def of_item(session: Session, item: Item) -> list[dict[str, Any]]:
    """{id, kind, words, annotator, created_at} of what moved a label of the item, newest first."""
    found = rows.of_item(session, item)
    names = decisions.annotator_names(session, [each.annotator_id for each, _ in found if each.annotator_id])
    fields = ("id", "kind", "words", "annotator", "created_at")
    told = [as_json(each, names.get(each.annotator_id or 0)) for each, _ in found]
    for each, (change, _) in zip(told, found, strict=True):
        if change.state != DecisionState.DONE:
            each["words"] += ", which was taken back"
    return [{name: each[name] for name in fields} for each in told]


def as_json(change: ClassChange, annotator: str | None) -> dict[str, Any]:
    return {
        **{name: getattr(change, name) for name in ("id", "kind", "state", "counts", "before", "after")},
        "words": words(change),
        "annotator": annotator,
        "created_at": change.created_at.isoformat(),
    }


def words(change: ClassChange) -> str:
    """What was done, in one sentence without its full stop."""
    was = change.before[0]
    if change.kind == "add":
        return f"“{change.after[0]['name']}” was added"
    if change.kind == "merge":
        return f"“{was['name']}” was merged into “{change.counts['into_name']}”"
    if change.kind == "delete":
        return f"“{was['name']}” was deleted"
    if change.kind == "split":
        new = ", ".join(f"“{each}”" for each in change.counts["names"])
        return f"“{change.counts['name']}” was split: {new}"
    if change.kind == "reorder":
        return "The order was changed"
    said = [_what_changed(one, other) for one, other in zip(change.before, change.after, strict=True)]
    return "; ".join(said[:3]) + (f"; and {len(said) - 3} more" if len(said) > 3 else "")


WORDS = {"color": "colour"}


def _what_changed(was: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    said = []
    if new["name"] != was["name"]:
        said.append(f"renamed to “{new['name']}”")
    if new["archived"] != was["archived"]:
        said.append("archived" if new["archived"] else "brought back from the archive")
    elif new["key"] != was["key"]:
        said.append(f"given the key {new['key'].upper()}" if new["key"] else "left without a key")
    other = [WORDS.get(each, each) for each in ("color", "description", "prompt") if new[each] != was[each]]
    if other:
        said.append(f"given another {' and '.join(other)}")
    return f"“{was['name']}” was {', '.join(said)}"
