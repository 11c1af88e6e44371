"""The classes of a project: their names, keys and colours. `class_changes` changes them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backend import errors
from db import projects as rows
from db.models import LabelClass, Project
from db.session import Session

# F flags, G opens the grid, Z zooms, and Streamlit keeps C and R: these are no class's key.
KEYS = "1234567890qwetyuiopasdhjklxvbnm"
# Okabe & Ito 2008 first, then Paul Tol's "muted": told apart with any kind of colour vision, on light and dark.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#B8A200",
    "#882255", "#44AA99", "#332288", "#999933", "#AA4499", "#117733", "#88CCEE", "#CC6677", "#7F7F7F",
)  # fmt: skip
NAME_LENGTH = 200
# What changes what a model says about the class, when it changes.
SAID_TO_MODELS = {"name", "description", "prompt", "archived"}
FIELDS = ("name", "key", "color", "description", "prompt", "position", "archived", "gone_name", "merged_into")


def add(session: Session, project: Project, name: str, **fields: Any) -> LabelClass:
    """Add a class at the end, with the next free key and colour. Raises NameTaken or Invalid.

    Not in the history of classes: for a new project, and for what an import brings along.
    """
    there = rows.classes(session, project.id, with_archived=True)
    name = clean_name(name)
    refuse_taken(name, there)
    chosen = {
        "key": free_key(there),
        "color": free_color(there),
        "position": max((other.position for other in there), default=-1) + 1,
    }
    return rows.add_class(session, LabelClass(project_id=project.id, name=name, **(chosen | fields)))


def free_key(there: Iterable[LabelClass]) -> str:
    taken = {other.key for other in there if not other.archived}
    return next((key for key in KEYS if key not in taken), "")


def free_color(there: Sequence[LabelClass]) -> str:
    """The first of the palette that no class has; when all are given, they come again."""
    taken = {other.color.upper() for other in there}
    return next((color for color in PALETTE if color.upper() not in taken), PALETTE[len(there) % len(PALETTE)])


def get(session: Session, project: Project, class_id: int) -> LabelClass:
    """Raises NotFound, and says of a class that is gone what became of it."""
    found = rows.get_class(session, class_id)
    if found is None or found.project_id != project.id:
        raise errors.NotFound(f'There is no class {class_id} in "{project.name}".', "Reload the page.")
    if found.gone_name is not None:
        raise errors.NotFound(f"{what_became_of(session, found)}.", "Undo on the Classes page brings it back.")
    return found


def what_became_of(session: Session, gone: LabelClass) -> str:
    """ "“heron” was merged into “bird”", without a full stop."""
    into = rows.get_class(session, gone.merged_into) if gone.merged_into else None
    return f"“{shown_name(gone)}” was " + (f"merged into “{shown_name(into)}”" if into else "deleted")


def shown_name(each: LabelClass) -> str:
    return each.gone_name or each.name


def refuse_taken(name: str, others: Iterable[LabelClass]) -> None:
    """Raises NameTaken when one of the others has the name."""
    for other in others:
        if other.name.lower() == name.lower():
            hint = "It is archived: bring it back, or choose another name." if other.archived else ""
            raise errors.NameTaken(f'The class "{name}" is there already.', hint or "Choose another name.")


def clean_names(names: Sequence[str]) -> list[str]:
    """Names trimmed and checked: not empty, none twice. Raises Invalid."""
    cleaned = [clean_name(name) for name in names if name.strip()]
    seen: set[str] = set()
    for name in cleaned:
        if name.lower() in seen:
            raise errors.Invalid(f'The class "{name}" is named twice.', "Give each class its own name.")
        seen.add(name.lower())
    return cleaned


def clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise errors.Invalid("A class needs a name.", "Write at least one letter.")
    if len(name) > NAME_LENGTH:
        raise errors.Invalid(f"A class name may have {NAME_LENGTH} letters; this one has {len(name)}.", "Shorten it.")
    return name


def fields_of(each: LabelClass) -> dict[str, Any]:
    """All of it, as the history keeps it."""
    return {"id": each.id, **{field: getattr(each, field) for field in FIELDS}}


def gone(fields: Mapping[str, Any], into: int | None = None) -> dict[str, Any]:
    """The fields of a class as they are once it is merged or deleted. No name that a person writes begins with a space:
    its own name is free again."""
    name = f" gone {fields['id']}"
    return {**fields, "name": name, "key": "", "gone_name": fields["name"], "merged_into": into}


def as_json(label_class: LabelClass) -> dict[str, Any]:
    fields = ("id", "name", "key", "color", "description", "prompt", "archived")
    return {field: getattr(label_class, field) for field in fields}


def named(session: Session, project_id: int) -> list[dict[str, Any]]:
    """{id, name, color, is_gone} of every class that was ever there: history names them."""
    return [
        {"id": each.id, "name": shown_name(each), "color": each.color, "is_gone": each.gone_name is not None}
        for each in rows.all_classes(session, project_id)
    ]
