"""Suggestions: queued here, made in a worker (`job`) or refitted in the assistant (`refit`). Never a label."""

from collections.abc import Sequence
from typing import Any

from backend import encoding, errors
from backend.jobs import control
from backend.models import catalogue
from backend.suggesting import naming, of_run, prompts
from db import projects
from db import suggestions as rows
from db.models import Job, JobKind, LabelClass, Project
from db.session import Session

ENGINES = ("zero_shot", "head", "run")
# Zero-shot by one kind of model, and the model of that kind when none is named.
KINDS = {"clip": catalogue.CLIP, "nli": catalogue.BART, "embedding": catalogue.MINILM}


def start(
    session: Session,
    project: Project,
    engine: str | None = None,
    model: str | None = None,
    templates: Sequence[str] | None = None,
    *,
    top_classes: int | None = None,
    instead_of: int | None = None,
    is_chosen: bool = True,
) -> Job:
    """Queue suggestions over the whole project; the same request twice is one job.

    engine: "zero_shot" (from the class names; "clip", "nli" or "embedding" to say by what kind of model), "head"
    (learned from the labels) or "run" (a finished run, its model being "run:12"). What is left out is chosen.
    top_classes: an entailment model judges so many, those that the project's encoder finds likely; 0 for all.
    instead_of, is_chosen: see `sets.put_to_use`.
    Raises Invalid, TooFewLabels or ModelNotHere; then nothing was queued.
    """
    classes = projects.classes(session, project.id)
    _check_project(session, project, classes)
    if engine is None and (model or "").startswith(of_run.PREFIX):
        engine = "run"
    elif engine is None:
        engine = "zero_shot" if project.kind == "text" or catalogue.is_here(model or catalogue.CLIP) else "head"
    if engine in KINDS:
        model = model or KINDS[engine]
        if (how := catalogue.find(model).how) != engine:
            raise errors.Invalid(f'{model} is no model of the kind "{engine}".', f'Its kind is "{how or "none"}".')
        engine = "zero_shot"
    if engine == "zero_shot":
        spec = _zero_shot_spec(project, model, templates)
        if catalogue.find(spec["model"]).how == "nli":
            spec |= {"top_classes": top_classes, "encoder": encoder_of(session, project)}
    elif engine == "head":
        spec = _head_spec(session, project, classes, model)
    elif engine == "run":
        spec = _run_spec(session, project, classes, model)
    else:
        raise errors.Invalid(f'"{engine}" is not a way to suggest.', f"Choose one of {', '.join((*ENGINES, *KINDS))}.")
    if instead_of is not None or not is_chosen:
        spec |= {"instead_of": instead_of, "is_chosen": is_chosen}
    title = f"Suggest with {naming.title(session, engine, spec['model'])}"
    return control.add_once(session, JobKind.SUGGEST, project.id, spec, title)


def after_import(session: Session, project: Project) -> Job | None:
    """Queue what a project needs after items came in: suggestions where they can be made, else vectors.

    With labels in two classes the vectors are enough: the head learns at the end of that job. None when there is
    nothing to do.
    """
    classes = projects.classes(session, project.id)
    if not projects.has_items(session, project.id):
        return None
    can_learn = len(rows.classes_with_labels(session, [each.id for each in classes])) >= 2
    has_choice = len(classes) >= (1 if project.multi_label else 2)
    if has_choice and not can_learn and (project.kind == "text" or catalogue.is_here(catalogue.CLIP)):
        return start(session, project, "zero_shot", is_chosen=False)
    encoder_id = encoder_of(session, project)
    title = f"Prepare with {catalogue.find(encoder_id).title}"
    return control.add_once(session, JobKind.EMBED, project.id, {"encoder": encoder_id}, title)


def encoder_of(session: Session, project: Project) -> str:
    """The encoder that the project's newest zero-shot suggestions used if it still can be, else the bundled one."""
    made = rows.newest(session, project.id, "zero_shot")
    if made and catalogue.is_here(made.model) and "encode" in catalogue.find(made.model).tasks:
        return made.model
    return encoding.default_encoder(project.kind)


def _check_project(session: Session, project: Project, classes: Sequence[LabelClass]) -> None:
    if not classes:
        raise errors.Invalid(f'"{project.name}" has no classes.', "Add the classes that you want to tell apart.")
    if len(classes) < 2 and not project.multi_label:
        raise errors.Invalid(
            f'"{project.name}" has one class: there is nothing to choose between.', "Add a second class."
        )
    if not projects.has_items(session, project.id):
        raise errors.Invalid(f'"{project.name}" has no items.', "Add data first, on the Data page.")


def _zero_shot_spec(project: Project, model_id: str | None, templates: Sequence[str] | None) -> dict[str, Any]:
    model = catalogue.find(model_id or (catalogue.MINILM if project.kind == "text" else catalogue.CLIP))
    if model.kind != project.kind or "zero_shot" not in model.tasks:
        names = " or ".join(f"{each.title} ({each.id})" for each in catalogue.suggesters(project.kind))
        what = "images" if project.kind == "image" else "texts"
        raise errors.Invalid(f"{model.title} cannot suggest for {what} from class names.", f"Choose {names}.")
    # Raises now what a worker would only find out later.
    catalogue.folder_of(model.id)
    chosen = prompts.checked(templates, model.how) if templates else prompts.templates_of(project, model.how)
    return {"engine": "zero_shot", "model": model.id, "templates": chosen}


def _head_spec(
    session: Session, project: Project, classes: Sequence[LabelClass], model_id: str | None
) -> dict[str, Any]:
    model = catalogue.find(model_id or encoder_of(session, project))
    if model.kind != project.kind or "encode" not in model.tasks:
        raise errors.Invalid(f"{model.title} gives no vectors for this project.", "Leave the model out.")
    if model.id != catalogue.DESCRIPTOR:
        catalogue.folder_of(model.id)
    used = rows.classes_with_labels(session, [each.id for each in classes])
    if len(used) < (1 if project.multi_label else 2):
        raise errors.TooFewLabels(
            f"The learned head needs labels in two classes; there are labels in {len(used)}.",
            "Label at least one item in each of two classes.",
        )
    return {"engine": "head", "model": model.id}


def _run_spec(
    session: Session, project: Project, classes: Sequence[LabelClass], model_id: str | None
) -> dict[str, Any]:
    run = of_run.checked(session, project, of_run.run_id_of(model_id or ""), classes)
    return {"engine": "run", "model": f"{of_run.PREFIX}{run.id}", "templates": []}
