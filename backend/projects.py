"""Projects: made, found, changed and deleted."""

from collections.abc import Sequence
from typing import Any

from backend import classes, errors
from db import projects as rows
from db.models import Kind, Project
from db.session import Session

NAME_LENGTH = 200


def create(
    session: Session, name: str, kind: str, *, multi_label: bool = False, class_names: Sequence[str] = ()
) -> Project:
    """Make a project with its classes. Raises Invalid or NameTaken; then nothing was made."""
    if kind not in list(Kind):
        raise errors.Invalid(f'"{kind}" is not a kind of project.', 'Choose "image" or "text".')
    names = classes.clean_names(class_names)
    if not names:
        raise errors.Invalid("A project needs at least one class.", "Name what you want to tell apart.")
    project = Project(name=free_name(session, name), kind=Kind(kind), multi_label=multi_label, settings={})
    rows.add(session, project)
    for class_name in names:
        classes.add(session, project, class_name)
    return project


def get(session: Session, project_id: int) -> Project:
    project = rows.get(session, project_id)
    if project is None:
        raise errors.NotFound(f"There is no project {project_id}.", "The Projects page lists what is here.")
    return project


def change(session: Session, project: Project, fields: dict[str, Any]) -> Project:
    if "name" in fields and fields["name"].strip().lower() != project.name.lower():
        fields["name"] = free_name(session, fields["name"])
    for field, value in fields.items():
        setattr(project, field, value)
    session.flush()
    return project


def free_name(session: Session, name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise errors.Invalid("A project needs a name.", "Write at least one letter.")
    if len(name) > NAME_LENGTH:
        raise errors.Invalid(f"A project name may have {NAME_LENGTH} letters; this one has {len(name)}.", "Shorten it.")
    if rows.by_name(session, name):
        raise errors.NameTaken(f'There is a project "{name}" already.', "Choose another name.")
    return name


def as_json(session: Session, project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "kind": project.kind,
        "multi_label": project.multi_label,
        "description": project.description,
        "classes": [classes.as_json(each) for each in rows.classes(session, project.id)],
        "created_at": project.created_at.isoformat(),
    }
