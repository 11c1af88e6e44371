"""Whether a project's zero-shot suggestions are still what its classes and their words would give. Reads, no models."""

from backend.models import catalogue
from backend.suggesting import prompts
from db import projects as project_rows
from db import suggestions as rows
from db.models import Project, SuggestionSet
from db.session import Session


def newest(
    session: Session, project: Project, *, has_new_templates: bool = False
) -> tuple[SuggestionSet, list[str]] | None:
    """The newest zero-shot set and the templates to make it anew with; None when it would come out as it is.

    has_new_templates: the project's are others now; otherwise the set keeps its own.
    """
    classes = project_rows.classes(session, project.id)
    old = rows.newest(session, project.id, "zero_shot")
    if old is None or len(classes) < (1 if project.multi_label else 2):
        return None
    how = catalogue.find(old.model).how
    templates = prompts.templates_of(project, how) if has_new_templates else list(old.prompts["templates"])
    said = prompts.as_json(classes, templates, how)
    if old.class_ids == [each.id for each in classes] and old.prompts | said == old.prompts:
        return None
    return old, templates
