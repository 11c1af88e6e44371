"""What a person can choose from when they ask for suggestions."""

from dataclasses import dataclass

from backend import suggesting
from backend.models import catalogue
from db import projects
from db import suggestions as rows
from db.models import Project
from db.session import Session


@dataclass(frozen=True)
class Choice:
    """id: unlike any other's. about: a sentence. is_here: whether it can begin now, without fetching anything."""

    id: str
    engine: str
    model: str
    title: str
    about: str
    is_here: bool
    size_bytes: int = 0


def of(session: Session, project: Project) -> list[Choice]:
    """The learned head when there are labels enough, then each zero-shot model, those that are here first."""
    found = [_zero_shot(model) for model in catalogue.suggesters(project.kind)]
    found.sort(key=lambda choice: not choice.is_here)
    class_ids = [each.id for each in projects.classes(session, project.id)]
    if len(rows.classes_with_labels(session, class_ids)) >= (1 if project.multi_label else 2):
        encoder_id = suggesting.encoder_of(session, project)
        about = f"From your labels, on {catalogue.find(encoder_id).title}"
        found.insert(0, Choice("head", "head", encoder_id, "Learned head", about, is_here=True))
    return found


def _zero_shot(model: catalogue.Model) -> Choice:
    is_here = catalogue.is_here(model.id)
    where = "on this machine" if is_here else f"{catalogue.size_words(model.size_bytes)} to fetch"
    about = f"From the class names and descriptions; {where}"
    return Choice(model.id, "zero_shot", model.id, model.title, about, is_here, model.size_bytes)
