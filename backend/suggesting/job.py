"""The work of a suggest job: encode with progress, score, write, and put the set to use when it is whole.

Run: python -m backend.jobs.worker JOB_ID. A stopped or killed job goes on after the last item it wrote; until the end
the project keeps the suggestions it had.
"""

from collections.abc import Callable, Sequence
from typing import Any

from backend import errors, projects
from backend.encoding import encode
from backend.encoding.job import embed_all
from backend.jobs.progress import Handle
from backend.models import catalogue
from backend.suggesting import clip, nli, prompts, refit, sets, zero_shot
from backend.suggesting.protocol import Score
from db import items
from db import projects as project_rows
from db import suggestions as rows
from db.models import Item, LabelClass, Project, SuggestionSet
from db.session import reading

# Items between two looks at the stop flag, besides those while encoding.
PAGE = 2_000
PAGE_NLI = 16


def run(handle: Handle) -> dict[str, Any]:
    assert handle.project_id is not None
    with reading() as session:
        project = projects.get(session, handle.project_id)
        classes = project_rows.classes(session, project.id)
        total = project_rows.count_items(session, project.id)
    if handle.spec["engine"] == "head":
        embed_all(handle, project.id, handle.spec["model"])
        return refit.learn(project.id, handle.spec["model"], is_chosen=True)
    if not classes:
        raise errors.Invalid(f'"{project.name}" has no classes.', "Add the classes that you want to tell apart.")
    model = catalogue.find(handle.spec["model"])
    score = scorer(project, classes, model.id, handle.spec["templates"])
    used, after, done = _begin_or_go_on(handle, project, classes, model)
    while contents := _next(project.id, after, PAGE_NLI if model.how == "nli" else PAGE):
        pairs = [(item.content_hash, item.text) for item in contents]
        if model.how != "nli":
            encode.ensure(model.id, pairs, _reporter(handle, done, len(pairs), total))
        sets.write(used, [item.id for item in contents], score(pairs))
        after, done = contents[-1].id, done + len(contents)
        handle.save_cursor({"set_id": used.id, "after": after, "done": done})
        handle.report(done, max(total, done))
    sets.finish(used)
    return {"set_id": used.id, "items": done, "model": model.id}


def scorer(project: Project, classes: Sequence[LabelClass], model_id: str, templates: Sequence[str]) -> Score:
    """The zero-shot suggester of this model for these classes."""
    how = catalogue.find(model_id).how
    written = prompts.of(classes, templates, how)
    if how == "nli":
        return nli.suggester(model_id, [each[0] for each in written], multi_label=project.multi_label)
    make = clip.suggester if how == "clip" else zero_shot.suggester
    return make(model_id, written, multi_label=project.multi_label)


def _begin_or_go_on(
    handle: Handle, project: Project, classes: Sequence[LabelClass], model: catalogue.Model
) -> tuple[SuggestionSet, int, int]:
    """The set to fill, the item after which to go on, and how many are done."""
    said = prompts.as_json(classes, handle.spec["templates"], model.how)
    with reading() as session:
        begun = rows.get_set(session, handle.cursor["set_id"]) if handle.cursor else None
        left = [each.id for each in rows.unfinished(session, project.id) if each.job_id == handle.job_id]
    class_ids = [each.id for each in classes]
    # Other classes or words since: what was scored before does not fit what comes.
    if handle.cursor and begun and begun.class_ids == class_ids and begun.prompts == said:
        return begun, handle.cursor["after"], handle.cursor["done"]
    for set_id in left:
        sets.discard(set_id)
    used = sets.begin(project.id, "zero_shot", model.id, classes, said, job_id=handle.job_id)
    handle.save_cursor({"set_id": used.id, "after": 0, "done": 0})
    return used, 0, 0


def _next(project_id: int, after: int, limit: int) -> Sequence[Item]:
    with reading() as session:
        return items.contents(session, project_id, after, limit)


def _reporter(handle: Handle, done: int, count: int, total: int) -> Callable[[int, int], None]:
    def report(encoded: int, missing: int) -> None:
        handle.report(done + count - missing + encoded, max(total, done + count))

    return report
