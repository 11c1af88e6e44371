"""What a person can choose from when they ask for suggestions."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend import errors, suggesting
from backend.models import catalogue
from backend.suggesting import of_run
from db import comparison, projects
from db import suggestions as rows
from db.models import LabelClass, Project, RunState
from db.session import Session

# The newest of the finished runs: the Train page has them all.
MOST_RUNS = 5


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
    """The learned head when there are labels enough, finished runs, then each zero-shot model, those here first."""
    found = [_zero_shot(model) for model in catalogue.suggesters(project.kind)]
    found.sort(key=lambda choice: not choice.is_here)
    classes = projects.classes(session, project.id)
    found = _runs(session, project, classes) + found
    class_ids = [each.id for each in classes]
    if len(rows.classes_with_labels(session, class_ids)) >= (1 if project.multi_label else 2):
        encoder_id = suggesting.encoder_of(session, project)
        about = f"From your labels, on {catalogue.find(encoder_id).title}"
        found.insert(0, Choice("head", "head", encoder_id, "Learned head", about, is_here=True))
    return found


def _zero_shot(model: catalogue.Model) -> Choice:
    is_here = catalogue.is_here(model.id)
    languages = f" {model.languages}." if model.languages else ""
    where = "On this machine." if is_here else f"{catalogue.size_words(model.size_bytes)} to fetch."
    about = f"{model.about}{languages} {where}"
    return Choice(model.id, "zero_shot", model.id, model.title, about, is_here, model.size_bytes)


def _runs(session: Session, project: Project, classes: Sequence[LabelClass]) -> list[Choice]:
    found: list[Choice] = []
    for run in comparison.listed(session, project.id):
        if run.state != RunState.DONE or len(found) == MOST_RUNS:
            continue
        try:
            of_run.checked(session, project, run.id, classes)
        except errors.WinnowError:
            # Its folder is gone, or it knows none of these classes.
            continue
        right = f", {run.accuracy:.0%} right on the test items" if run.accuracy is not None else ""
        model_id = f"{of_run.PREFIX}{run.id}"
        found.append(Choice(model_id, "run", model_id, run.name, f"A run of yours{right}", is_here=True))
    return found
