"""Changing the classes of a project: each change in one transaction, counted, in the history, and undoable.

Labels stay with their class. They go where it is merged; where it is deleted they go with it, and an item that loses
its only class is to do again, unless an item may have several: then it stays labeled with the rest. Which label went is
kept (`db.class_changes`). Undo and redo are in `class_history`; what a change would touch is counted by `class_counts`.

All functions want a session of `db.session.writing`. Asked for once more what was done, they change nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from backend import class_counts, classes, errors
from backend.labeling.checks import annotator_name
from db import class_changes as rows
from db import decisions
from db import projects as project_rows
from db.models import ClassChange, DecisionState, LabelClass, Project
from db.session import Session

EDITABLE = ("name", "key", "color", "description", "prompt", "archived")


def add(session: Session, project: Project, name: str, annotator: str | None = None, **fields: Any) -> LabelClass:
    """Raises NameTaken or Invalid; then nothing changes."""
    rows.lock(session, project.id)
    new = classes.add(session, project, name, **fields)
    after = classes.fields_of(new)
    change = _change(project, "add", [classes.gone(after)], [after], {"name": new.name})
    _keep(session, project, change, annotator, [(new.id, None)])
    return new


def change(
    session: Session, project: Project, changes: Mapping[int, Mapping[str, Any]], annotator: str | None = None
) -> ClassChange | None:
    """Rename, re-key, recolour, describe or archive classes: class id -> new fields. All of it, or nothing.

    Names and keys may be exchanged. Returns None when nothing is otherwise than before. Raises NotFound, NameTaken,
    Invalid, or Conflict.
    """
    rows.lock(session, project.id)
    touched = [classes.get(session, project, class_id) for class_id in changes]
    before = [classes.fields_of(each) for each in touched]
    there = project_rows.classes(session, project.id, with_archived=True)
    after = [was | _cleaned(changes[was["id"]]) for was in before]
    for was, new in zip(before, after, strict=True):
        if was["archived"] and not new["archived"] and new["key"] == was["key"]:
            new["key"] = _key_again(new["key"], there)
    _check_together(there, {new["id"]: new for new in after})
    changed = [(was, new) for was, new in zip(before, after, strict=True) if was != new]
    if not changed:
        return None
    is_archiving = all({name for name in new if new[name] != was[name]} <= {"archived", "key"} for was, new in changed)
    is_archiving = is_archiving and any(new["archived"] != was["archived"] for was, new in changed)
    write(session, [new for _, new in changed])
    kind = "archive" if is_archiving else "change"
    new_change = _change(project, kind, [was for was, _ in changed], [new for _, new in changed], {})
    return _keep(session, project, new_change, annotator)


def _cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in fields.items() if name in EDITABLE}
    if "name" in found:
        found["name"] = classes.clean_name(found["name"])
    if (key := found.get("key")) and key not in classes.KEYS:
        raise errors.Invalid(f'"{key}" cannot be a class key.', f"Choose one of {' '.join(classes.KEYS)}.")
    return found


def _key_again(key: str, there: Sequence[LabelClass]) -> str:
    """The key of a class that comes out of the archive: its own, if nobody has it meanwhile."""
    is_free = key and all(other.archived or other.key != key for other in there)
    return key if is_free else classes.free_key(there)


def _check_together(there: Sequence[LabelClass], after: Mapping[int, Mapping[str, Any]]) -> None:
    """Whether the classes can stand beside each other as they are to be."""
    names: set[str] = set()
    keys: set[str] = set()
    for each in there:
        new = after.get(each.id) or classes.fields_of(each)
        if new["name"].lower() in names:
            raise errors.NameTaken(f'The class "{new["name"]}" is there already.', "Choose another name.")
        names.add(new["name"].lower())
        if new["archived"]:
            continue
        if new["key"] and new["key"] in keys:
            raise errors.Conflict(f'The key "{new["key"]}" is taken.', "Choose another one.")
        keys.add(new["key"])
    if not keys:
        raise errors.Conflict("These are all the classes that there are.", "A project keeps at least one. Add another.")


def write(session: Session, fields: Sequence[Mapping[str, Any]]) -> None:
    """Write the fields of classes. Names may be exchanged among them."""
    found = [(session.get_one(LabelClass, each["id"]), each) for each in fields]
    names = {each.id: new.get("name", each.name) for each, new in found}
    if any(each.name != names[each.id] for each, _ in found):
        # No two may have the same name, not even half way.
        for each, _ in found:
            each.name = f" moving {each.id}"
        session.flush()
    for each, new in found:
        for field in classes.FIELDS:
            if field in new:
                setattr(each, field, new[field])
        each.name = names[each.id]
    session.flush()


def reorder(
    session: Session, project: Project, class_ids: Sequence[int], annotator: str | None = None
) -> ClassChange | None:
    """Bring the classes into this order; those that are not named, such as archived ones, come after them."""
    rows.lock(session, project.id)
    there = project_rows.classes(session, project.id, with_archived=True)
    named = list(dict.fromkeys(class_ids))
    for class_id in named:
        classes.get(session, project, class_id)
    order = named + [each.id for each in there if each.id not in named]
    if order == [each.id for each in there]:
        return None
    places = {class_id: place for place, class_id in enumerate(order)}
    moved = [each for each in there if each.position != places[each.id]]
    before = [classes.fields_of(each) for each in moved]
    after = [was | {"position": places[was["id"]]} for was in before]
    write(session, after)
    return _keep(session, project, _change(project, "reorder", before, after, {}), annotator)


def merge(session: Session, project: Project, class_id: int, into_id: int, annotator: str | None = None) -> ClassChange:
    """Give everything that has the class the other class; the class is gone. Raises Invalid, NotFound or Conflict."""
    rows.lock(session, project.id)
    if done := _done_before(session, project, class_id, "merge", into_id):
        return done
    one, other = check_merge(session, project, class_id, into_id)
    counts = class_counts.of_merge(session, project, one, other)
    before = classes.fields_of(one)
    after = classes.gone(before, other.id)
    change = _change(project, "merge", [before], [after], counts | {"into": other.id, "into_name": other.name})
    write(session, [after])
    return _keep(session, project, change, annotator, [(one.id, other.id)])


def check_merge(session: Session, project: Project, class_id: int, into_id: int) -> tuple[LabelClass, LabelClass]:
    if class_id == into_id:
        raise errors.Invalid("A class cannot be merged into itself.", "Choose another one.")
    one, other = classes.get(session, project, class_id), classes.get(session, project, into_id)
    if other.archived:
        raise errors.Conflict(f'"{other.name}" is archived.', "Bring it back first, or choose another class.")
    return one, other


def delete(session: Session, project: Project, class_id: int, annotator: str | None = None) -> ClassChange:
    """Delete the class and its labels. Raises NotFound, or Conflict for the last class."""
    rows.lock(session, project.id)
    if done := _done_before(session, project, class_id, "delete", None):
        return done
    one = check_delete(session, project, class_id)
    counts = class_counts.of_delete(session, project, one)
    before = classes.fields_of(one)
    after = classes.gone(before)
    write(session, [after])
    return _keep(session, project, _change(project, "delete", [before], [after], counts), annotator, [(one.id, None)])


def check_delete(session: Session, project: Project, class_id: int) -> LabelClass:
    one = classes.get(session, project, class_id)
    others = [each for each in project_rows.classes(session, project.id) if each.id != class_id]
    if not others:
        raise errors.Conflict(
            f'"{one.name}" is the last class; a project keeps at least one.', "Rename it, or add another class first."
        )
    return one


def split(
    session: Session, project: Project, class_id: int, names: Sequence[str], annotator: str | None = None
) -> ClassChange:
    """Add classes for parts of this one. Its labeled items then come for another look in the order `split:NAME`.

    Raises Invalid without names, NameTaken, or NotFound.
    """
    rows.lock(session, project.id)
    one, wanted = check_split(session, project, class_id, names)
    newest = rows.newest_done(session, project.id)
    if newest and newest.kind == "split" and newest.counts["class_id"] == one.id and newest.counts["names"] == wanted:
        return newest
    counts = class_counts.of_split(session, project, one) | {
        "class_id": one.id,
        "name": one.name,
        "names": wanted,
        # What was decided later was looked at.
        "upto_event": rows.newest_event(session, project.id),
    }
    added = [classes.add(session, project, name) for name in wanted]
    after = [classes.fields_of(each) for each in added]
    change = _change(project, "split", [classes.gone(each, one.id) for each in after], after, counts)
    return _keep(session, project, change, annotator, [(each.id, one.id) for each in added])


def check_split(
    session: Session, project: Project, class_id: int, names: Sequence[str]
) -> tuple[LabelClass, list[str]]:
    one, wanted = classes.get(session, project, class_id), classes.clean_names(names)
    if one.archived:
        raise errors.Conflict(f'"{one.name}" is archived.', "Bring it back first.")
    if not wanted:
        raise errors.Invalid("Nothing to split into was named.", "Name at least one new class.")
    return one, wanted


def _done_before(session: Session, project: Project, class_id: int, kind: str, into: int | None) -> ClassChange | None:
    """The change that took the class away so, when the same is asked for again."""
    there = project_rows.get_class(session, class_id)
    if there is None or there.project_id != project.id or there.gone_name is None or there.merged_into != into:
        return None
    found = rows.page(session, project.id, None, 10_000)
    same = (each for each in found if each.kind == kind and each.state == DecisionState.DONE)
    return next((each for each in same if each.before[0]["id"] == class_id), None)


def _change(project: Project, kind: str, before: list[Any], after: list[Any], counts: dict[str, Any]) -> ClassChange:
    return ClassChange(project_id=project.id, kind=kind, before=before, after=after, counts=counts)


def _keep(
    session: Session,
    project: Project,
    change: ClassChange,
    annotator: str | None,
    moves: Sequence[tuple[int, int | None]] = (),
) -> ClassChange:
    """Put it into the history and, of a merge or a deletion, take the labels."""
    if annotator is not None:
        change.annotator_id = decisions.annotator(session, annotator_name(annotator))
    rows.add(session, change, moves)
    if change.kind in ("merge", "delete"):
        for move in rows.moves_of(session, change):
            rows.take(session, move, multi_label=project.multi_label)
    session.expire_all()
    return change
