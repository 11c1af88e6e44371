"""The classes of a project: their names, keys and colours."""

from collections.abc import Sequence
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


def add(session: Session, project: Project, name: str, **fields: Any) -> LabelClass:
    """Add a class at the end, with the next free key and colour. Raises NameTaken or Invalid."""
    there = rows.classes(session, project.id, with_archived=True)
    name = clean_name(name)
    if any(other.name.lower() == name.lower() for other in there):
        raise errors.NameTaken(f'The class "{name}" is there already.', "Choose another name.")
    taken = {other.key for other in there if not other.archived}
    chosen = {
        "key": next((key for key in KEYS if key not in taken), ""),
        "color": PALETTE[len(there) % len(PALETTE)],
        "position": len(there),
    }
    return rows.add_class(session, LabelClass(project_id=project.id, name=name, **(chosen | fields)))


def get(session: Session, project: Project, class_id: int) -> LabelClass:
    found = rows.get_class(session, class_id)
    if found is None or found.project_id != project.id:
        raise errors.NotFound(f'There is no class {class_id} in "{project.name}".', "Reload the page.")
    return found


def change(session: Session, project: Project, class_id: int, fields: dict[str, Any]) -> LabelClass:
    """Rename, re-key, recolour, describe or archive a class. Raises NameTaken or Invalid; then nothing changes."""
    found = get(session, project, class_id)
    others = [other for other in rows.classes(session, project.id, with_archived=True) if other.id != class_id]
    if "name" in fields:
        fields["name"] = clean_name(fields["name"])
        if any(other.name.lower() == fields["name"].lower() for other in others):
            raise errors.NameTaken(f'The class "{fields["name"]}" is there already.', "Choose another name.")
    if key := fields.get("key"):
        if key not in KEYS:
            raise errors.Invalid(f'"{key}" cannot be a class key.', f"Choose one of {' '.join(KEYS)}.")
        if any(other.key == key and not other.archived for other in others):
            raise errors.Conflict(f'The key "{key}" is taken.', "Choose another one.")
    for field, value in fields.items():
        setattr(found, field, value)
    session.flush()
    return found


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


def as_json(label_class: LabelClass) -> dict[str, Any]:
    fields = ("id", "name", "key", "color", "description", "prompt", "archived")
    return {field: getattr(label_class, field) for field in fields}
