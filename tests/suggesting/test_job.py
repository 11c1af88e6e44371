"""Suggest jobs: what they write, when it is used, and what remains of one that was stopped or killed."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend import errors, projects, suggesting
from backend.jobs import control, process
from backend.jobs.progress import Handle, Stopped
from backend.jobs.supervisor import Supervisor
from backend.models import catalogue
from backend.suggesting import job as suggest_job
from backend.suggesting import sets
from db import jobs, labels
from db import suggestions as rows
from db.models import Item, Job, JobKind, JobState, Project, Suggestion, SuggestionSet
from db.session import reading, writing
from tests.models.builders import a_small_clip
from tests.suggesting.builders import (
    NEWS,
    a_news_project,
    a_text_project,
    an_image_project,
    class_id,
    items_of,
    label,
    run,
    set_in_use,
    suggested,
)
from tests.waiting import until


@pytest.fixture(autouse=True)
def no_hub_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))


@pytest.fixture
def supervisor(home: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor()
    supervisor.start()
    yield supervisor
    supervisor.end()
    with reading() as session:
        for job in jobs.in_states(session, jobs.ALIVE):
            process.kill(process.Identity(job.pid or -1, job.pid_started or 0.0, job.boot_id or ""))


def queued(project: Project, **how: Any) -> Job:
    with writing() as session:
        return suggesting.start(session, projects.get(session, project.id), **how)


def topic_of(item: Item) -> str:
    return next(name for name, texts in NEWS.items() if item.text in texts)


def test_class_names_alone_suggest_for_every_item_and_label_none(home: Path) -> None:
    project = a_news_project()
    report = run(queued(project))
    found = suggested(project)
    assert report == {"set_id": set_in_use(project), "items": 18, "model": catalogue.MINILM}
    right = [found[item.id].class_id == class_id(project, topic_of(item)) for item in items_of(project)]
    assert np.mean(right) > 0.8
    with reading() as session:
        assert labels.labeled(session, project.id) == []
        used = session.get_one(SuggestionSet, set_in_use(project))
    assert (used.engine, used.model, used.revision) == ("zero_shot", catalogue.MINILM, "53aa51172d14")
    assert used.prompts["classes"][str(class_id(project, "space"))] == "space"


def test_each_suggestion_keeps_all_scores_its_confidence_and_its_margin(home: Path) -> None:
    project = a_news_project()
    run(queued(project))
    for guess in suggested(project).values():
        scores = np.frombuffer(guess.scores, np.float32)
        first, second = sorted(scores.tolist(), reverse=True)[:2]
        assert np.isclose(scores.sum(), 1, atol=1e-5)
        assert np.isclose([guess.confidence, guess.margin], [first, first - second]).all()


def test_several_classes_an_item_are_judged_each_for_itself(home: Path) -> None:
    project = a_news_project(multi_label=True)
    run(queued(project))
    sums = [np.frombuffer(guess.scores, np.float32).sum() for guess in suggested(project).values()]
    assert not np.allclose(sums, 1, atol=0.05)


def test_a_killed_job_shows_nothing_half_and_goes_on_where_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggest_job, "PAGE", 4)
    project = a_news_project()
    job = queued(project)
    written = 0
    real_write = sets.write

    def write_twice(used: SuggestionSet, item_ids: list[int], scores: np.ndarray) -> None:
        nonlocal written
        if written == 2:
            raise KeyboardInterrupt
        written += 1
        real_write(used, item_ids, scores)

    monkeypatch.setattr(sets, "write", write_twice)
    with pytest.raises(KeyboardInterrupt):
        run(job)
    assert set_in_use(project) is None
    with reading() as session:
        assert rows.sets(session, project.id) == []
        assert session.query(Suggestion).count() == 8
        job = control.get(session, job.id)
    assert job.cursor
    assert job.cursor["done"] == 8
    monkeypatch.setattr(sets, "write", real_write)
    assert run(job)["items"] == 18
    assert len(suggested(project)) == 18
    with reading() as session:
        assert session.query(SuggestionSet).count() == 1


def test_classes_that_changed_while_a_job_lay_still_begin_it_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggest_job, "PAGE", 4)
    project = a_news_project()
    job = queued(project)
    handle = Handle(job)
    monkeypatch.setattr(
        handle, "report", lambda done, *_: (_ for _ in ()).throw(Stopped("best")) if done == 8 else None
    )
    with pytest.raises(Stopped):
        suggest_job.run(handle)
    with writing() as session:
        projects.get(session, project.id).classes[0].description = "matches and players"
        job = control.get(session, job.id)
    run(job)
    with reading() as session:
        assert session.query(SuggestionSet).count() == 1
        assert session.query(Suggestion).count() == 18


def test_a_stop_between_two_items_keeps_the_suggestions_that_were_in_use(home: Path) -> None:
    project = a_news_project()
    run(queued(project))
    before = set_in_use(project)
    job = queued(project)
    with writing() as session:
        jobs.write(session, job.id, state=JobState.STOPPING, stop_keep="best")
    with pytest.raises(Stopped):
        run(job)
    assert set_in_use(project) == before


def test_the_newest_five_sets_are_kept_and_the_one_in_use(home: Path) -> None:
    project = a_text_project(["heron", "stork"], "bird", "cat")
    made = [run(queued(project))["set_id"] for _ in range(5)]
    with writing() as session:
        sets.activate(session, projects.get(session, project.id), made[0])
    made += [run(queued(project))["set_id"] for _ in range(2)]
    with reading() as session:
        assert [each.id for each in rows.sets(session, project.id)] == made[:1:-1]
        assert session.query(Suggestion).count() == 5 * 2


def test_a_real_worker_that_is_killed_is_interrupted_and_ends_when_it_is_resumed(supervisor: Supervisor) -> None:
    texts = [f"message {number} about {number % 7} things and more of them" * 2 for number in range(400)]
    project = a_text_project(texts, "one", "two")
    job_id = queued(project).id

    def state() -> Job:
        with reading() as session:
            return control.get(session, job_id)

    running = until(lambda: job if (job := state()).done > 0 else None)
    assert running.pid
    os.kill(running.pid, signal.SIGKILL)
    until(lambda: state().state == JobState.INTERRUPTED)
    assert set_in_use(project) is None
    with writing() as session:
        control.resume(session, job_id)
    done = until(lambda: job if (job := state()).state in jobs.ENDED else None, timeout_s=120)
    assert (done.state, done.attempts) == (JobState.DONE, 2)
    assert len(suggested(project)) == 400


def test_images_are_suggested_for_by_clip_from_a_local_folder(home: Path, tmp_path: Path) -> None:
    project = an_image_project(3)
    model_id = a_small_clip(tmp_path / "clip")
    assert run(queued(project, model=model_id))["items"] == 6
    assert len(suggested(project)) == 6
    with reading() as session:
        assert suggesting.encoder_of(session, projects.get(session, project.id)) == model_id


def test_the_learned_head_suggests_for_images_with_the_bundled_descriptor(home: Path) -> None:
    project = an_image_project(20)
    items = items_of(project)
    label(project, {item.id: item.source for item in items[:12]})
    report = run(queued(project))
    assert report["labels"] == 12
    found = suggested(project)
    assert sorted(found) == [item.id for item in items[12:]]
    right = [found[item.id].class_id == class_id(project, item.source) for item in items[12:]]
    assert np.mean(right) > 0.9


@pytest.mark.parametrize(
    ("make", "how", "error", "words"),
    [
        (lambda: a_text_project([]), {}, errors.Invalid, "no items"),
        (lambda: a_text_project(["heron"], "bird"), {}, errors.Invalid, "one class"),
        (lambda: a_news_project(), {"engine": "magic"}, errors.Invalid, "magic"),
        (lambda: a_news_project(), {"engine": "head"}, errors.TooFewLabels, "labels in 0"),
        (lambda: an_image_project(1), {}, errors.TooFewLabels, "two classes"),
        (lambda: an_image_project(1), {"engine": "zero_shot"}, errors.ModelNotHere, "605 MB"),
        (lambda: a_news_project(), {"model": catalogue.BART}, errors.ModelNotHere, "1.6 GB"),
        (lambda: a_news_project(), {"engine": "nli"}, errors.ModelNotHere, "1.6 GB"),
        (lambda: a_news_project(), {"engine": "clip", "model": catalogue.MINILM}, errors.Invalid, "of the kind"),
        (lambda: a_news_project(), {"model": catalogue.CLIP}, errors.Invalid, "cannot suggest for texts"),
        (lambda: a_news_project(), {"model": "hub:no/such"}, errors.ModelNotHere, "no/such is not on this machine"),
        (lambda: a_news_project(), {"model": "path:/nowhere"}, errors.ModelNotHere, "no folder"),
        (lambda: a_news_project(), {"templates": ["no place for it"]}, errors.Invalid, "template"),
    ],
)
def test_what_cannot_work_is_said_before_a_job_is_made(
    home: Path, make: Callable[[], Project], how: dict[str, Any], error: type[Exception], words: str
) -> None:
    project = make()
    with pytest.raises(error, match=words):
        queued(project, **how)
    with reading() as session:
        assert jobs.page(session, None, None, 10) == []


def test_the_same_request_twice_is_one_job(home: Path) -> None:
    project = a_news_project()
    assert queued(project).id == queued(project).id == queued(project, engine="embedding").id


def test_after_an_import_texts_get_suggestions_and_images_get_vectors(home: Path) -> None:
    kinds = []
    for project in (a_news_project(), an_image_project(1), a_text_project([])):
        with writing() as session:
            job = suggesting.after_import(session, projects.get(session, project.id))
            kinds.append(job and job.kind)
    assert kinds == [JobKind.SUGGEST, JobKind.EMBED, None]


def test_imported_labels_teach_the_head_at_the_end_of_the_embed_job(home: Path) -> None:
    from backend.encoding import job as embed_job

    project = a_news_project()
    label(project, {item.id: topic_of(item) for item in items_of(project)[::2]})
    with writing() as session:
        job = suggesting.after_import(session, projects.get(session, project.id))
    assert job
    assert job.kind == JobKind.EMBED
    assert embed_job.run(Handle(job))["items"] == 18
    with reading() as session:
        assert session.get_one(SuggestionSet, set_in_use(project)).engine == "head"
    assert len(suggested(project)) == 9
