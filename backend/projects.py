"""Projects: made, found, changed and deleted."""

from collections.abc import Sequence
from typing import Any

from backend import classes, errors
from backend.jobs import control
from backend.suggesting import prompts
from db import jobs
from db import projects as rows
from db.models import Kind, Project, now
from db.session import Session

NAME_LENGTH = 200
# In the settings of a project whose suggestions are hidden from everybody.
BLIND = "blind"
# In the settings of a project that is still coming in from an archive: nobody sees it, not in the bin either.
ARRIVING = "arriving"


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
    if project is None or project.deleted_at is not None:
        raise errors.NotFound(f"There is no project {project_id}.", "The Projects page lists what is here.")
    return project


def delete(session: Session, project: Project) -> None:
    """Put the project in the bin and stop its jobs. Nothing is lost until the bin is emptied."""
    for job in jobs.in_states(session, jobs.ACTIVE, project.id):
        control.stop(session, job.id)
    project.deleted_at = now()
    session.flush()


def restore(session: Session, project_id: int) -> Project:
    """Take a project out of the bin. It gets a number after its name if the name was given away meanwhile."""
    project = rows.get(session, project_id)
    if project is None:
        raise errors.NotFound(f"There is no project {project_id} to restore.", "It was emptied for good.")
    if project.settings.get(ARRIVING):
        raise errors.Conflict("This project is still coming in.", "Wait until its import has ended.")
    if project.deleted_at is not None:
        number = 2
        name = project.name
        while rows.by_name(session, project.name):
            project.name, number = f"{name} {number}", number + 1
        project.deleted_at = None
        session.flush()
    return project


def deleted(session: Session) -> list[Project]:
    """What is in the bin."""
    found = rows.page(session, None, 10_000, deleted=True)
    return [project for project in found if not project.settings.get(ARRIVING)]


def empty_bin(session: Session) -> int:
    """Remove every deleted project for good; return how many. Files that other projects share stay."""
    gone = deleted(session)
    for project in gone:
        rows.remove(session, project.id)
    return len(gone)


def change(session: Session, project: Project, fields: dict[str, Any]) -> Project:
    """Rename, describe, hide suggestions, or give templates: kind of model -> templates, an empty list for the default.

    Raises NameTaken or Invalid; then nothing changes.
    """
    if "name" in fields and fields["name"].strip().lower() != project.name.lower():
        fields["name"] = free_name(session, fields["name"])
    if BLIND in fields:
        fields["settings"] = {**project.settings, BLIND: fields.pop(BLIND)}
    if prompts.TEMPLATES in fields:
        own = {**project.settings.get(prompts.TEMPLATES, {}), **fields.pop(prompts.TEMPLATES)}
        fields["settings"] = {**fields.get("settings", project.settings), prompts.TEMPLATES: prompts.checked_all(own)}
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


def is_blind(project: Project) -> bool:
    """Whether suggestions are hidden from everybody, everywhere."""
    return bool(project.settings.get(BLIND))


def as_json(session: Session, project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "kind": project.kind,
        "multi_label": project.multi_label,
        "description": project.description,
        "blind": is_blind(project),
        "templates": {how: prompts.templates_of(project, how) for how in prompts.kinds_for(project)},
        "classes": [classes.as_json(each) for each in rows.classes(session, project.id)],
        "created_at": project.created_at.isoformat(),
    }
