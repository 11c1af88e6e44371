"""The work of a suggest job: score with progress, write, and put the set to use when it is whole.

Run: python -m backend.jobs.worker JOB_ID. A stopped or killed job goes on after the last item it wrote, and what its
models had computed beyond that is kept in their caches; until the end the project keeps the suggestions it had.
"""

from collections.abc import Sequence
from typing import Any

from backend import errors, projects, suggesting
from backend.encoding.encode import OnProgress
from backend.encoding.job import embed_all
from backend.jobs.progress import Handle
from backend.models import catalogue
from backend.suggesting import clip, nli, of_run, prior, prompts, refit, rerank, rescore, sets, zero_shot
from backend.suggesting.protocol import Score
from db import items
from db import projects as project_rows
from db import suggestions as rows
from db.models import Item, LabelClass, Project, SuggestionSet
from db.session import reading, writing

# Items that are scored, written and noted as done together.
PAGE = 2_000
# Texts times hypotheses of a page, for the lists that are made of them.
PAIRS = 50_000
# A run's models keep nothing of what they computed: less of it is lost.
PAGE_RUN = 256


def run(handle: Handle) -> dict[str, Any]:
    assert handle.project_id is not None
    spec = handle.spec
    with reading() as session:
        project = projects.get(session, handle.project_id)
        classes = project_rows.classes(session, project.id)
        total = project_rows.count_items(session, project.id)
    if spec["engine"] == "head":
        embed_all(handle, project.id, spec["model"])
        return refit.learn(project.id, spec["model"], is_chosen=True)
    if not classes:
        raise errors.Invalid(f'"{project.name}" has no classes.', "Add the classes that you want to tell apart.")
    done = 0
    contents: Sequence[Item] = ()

    def report(computed: int, wanted: int) -> None:
        """Of the page at work; before the first, of the items that the suggester looks at to settle."""
        share = computed / wanted if wanted else 1
        count = len(contents) or min(wanted, total - done)
        handle.report(done + int(count * share), max(total, done + count))

    score, page = _score_and_page(project, classes, spec, report)
    used, after, done = _begin_or_go_on(handle, project, classes)
    while contents := _next(project.id, after, page):
        scores = score([(item.content_hash, item.text) for item in contents])
        sets.write(used, [item.id for item in contents], scores)
        after, done, contents = contents[-1].id, done + len(contents), ()
        handle.save_cursor({"set_id": used.id, "after": after, "done": done})
        handle.report(done, max(total, done))
    sets.put_to_use(used, is_chosen=spec.get("is_chosen", True), instead_of=spec.get("instead_of"))
    if spec["engine"] == "zero_shot":
        _catch_up(project.id)
    sets.prune(project.id)
    return {"set_id": used.id, "items": done, "model": spec["model"]}


def _catch_up(project_id: int) -> None:
    """Classes that came or changed while the job was at work get their suggestions too."""
    if wanted := rescore.rescore(project_id)["job"]:
        with writing() as session:
            suggesting.start(session, projects.get(session, project_id), "zero_shot", **wanted)


def _score_and_page(
    project: Project, classes: Sequence[LabelClass], spec: dict[str, Any], report: OnProgress
) -> tuple[Score, int]:
    """What scores the items, and how many at a time."""
    if spec["engine"] == "run":
        return of_run.suggester(of_run.run_id_of(spec["model"]), classes), PAGE_RUN
    top, encoder_id = spec.get("top_classes"), spec.get("encoder")
    how: dict[str, Any] = {"top_classes": top, "encoder_id": encoder_id, "on_progress": report}
    score = scorer(project, classes, spec["model"], spec["templates"], **how)
    is_nli = catalogue.find(spec["model"]).how == "nli"
    judged = rerank.chosen(top, len(classes)) or len(classes)
    return score, min(PAGE, max(1, PAIRS // judged)) if is_nli else PAGE


def scorer(
    project: Project,
    classes: Sequence[LabelClass],
    model_id: str,
    templates: Sequence[str],
    *,
    top_classes: int | None = None,
    encoder_id: str | None = None,
    on_progress: OnProgress | None = None,
) -> Score:
    """The zero-shot suggester of this model for these classes.

    top_classes: of an entailment model, see `rerank.chosen`; encoder_id: what chooses them. on_progress: called with
    what was computed of a list of contents and how much of it there is, in a unit of the suggester's own.
    """
    how = catalogue.find(model_id).how
    written = prompts.of(classes, templates, how)
    about: dict[str, Any] = {"multi_label": project.multi_label, "on_progress": on_progress}
    if how == "clip":
        return clip.suggester(model_id, written, **about)
    if how != "nli":
        return zero_shot.suggester(model_id, written, sample=prior.sample(project.id), **about)
    top = rerank.chosen(top_classes, len(classes))
    if top is None:
        return nli.suggester(model_id, written, **about)
    found_by = encoder_id or catalogue.MINILM
    how = catalogue.find(found_by).how
    return rerank.suggester(
        model_id, found_by, written, prompts.of(classes, prompts.templates_of(project, how), how), top, **about
    )


def _begin_or_go_on(handle: Handle, project: Project, classes: Sequence[LabelClass]) -> tuple[SuggestionSet, int, int]:
    """The set to fill, the item after which to go on, and how many are done."""
    said, revision = _words(handle.spec, classes), _revision(handle.spec)
    with reading() as session:
        begun = rows.get_set(session, handle.cursor["set_id"]) if handle.cursor else None
        left = [each.id for each in rows.unfinished(session, project.id) if each.job_id == handle.job_id]
    class_ids = [each.id for each in classes]
    # Other classes, words or weights since: what was scored before does not fit what comes.
    is_same = begun and (begun.class_ids, begun.prompts, begun.revision) == (class_ids, said, revision)
    if handle.cursor and begun and is_same:
        return begun, handle.cursor["after"], handle.cursor["done"]
    for set_id in left:
        sets.discard(set_id)
    used = sets.begin(
        project.id,
        handle.spec["engine"],
        handle.spec["model"],
        classes,
        said,
        job_id=handle.job_id,
        revision=revision,
    )
    handle.save_cursor({"set_id": used.id, "after": 0, "done": 0})
    return used, 0, 0


def _words(spec: dict[str, Any], classes: Sequence[LabelClass]) -> dict[str, Any]:
    """What the set keeps of what the model was asked."""
    if spec["engine"] == "run":
        return {"templates": [], "classes": {str(each.id): each.name for each in classes}}
    how = catalogue.find(spec["model"]).how
    said = prompts.as_json(classes, spec["templates"], how)
    top = rerank.chosen(spec.get("top_classes"), len(classes)) if how == "nli" else None
    return said | ({"top_classes": top, "encoder": spec.get("encoder") or catalogue.MINILM} if top else {})


def _revision(spec: dict[str, Any]) -> str:
    if spec["engine"] == "run":
        return of_run.revision(of_run.run_id_of(spec["model"]))
    return catalogue.revision_of(spec["model"])


def _next(project_id: int, after: int, limit: int) -> Sequence[Item]:
    with reading() as session:
        return items.contents(session, project_id, after, limit)
