"""A changed class set or prompt is scored anew from the cached vectors, by itself, and nothing a person did is lost."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from backend import errors, projects, suggesting
from backend.api.app import create
from backend.encoding import vectors
from backend.jobs import ask
from backend.suggesting import learn, refit, rescore, sets, shape
from db import jobs
from db import suggestions as rows
from db.models import Item, Suggestion, SuggestionSet
from db.session import reading, writing
from tests.suggesting.builders import (
    a_news_project,
    a_project_with_suggestions,
    add_class,
    change_class,
    items_of,
    label,
    run,
    set_in_use,
    suggested,
    the_set,
)
from tests.waiting import until


def scores_in(packed: bytes) -> NDArray[np.float32]:
    return np.frombuffer(packed, np.float32)


def test_a_new_class_is_in_a_new_set_for_every_item_and_the_old_one_stays_to_compare(home: Path) -> None:
    project = a_project_with_suggestions()
    before = set_in_use(project)
    weather = add_class(project, "weather", description="rain, storms and snow")
    done = rescore.rescore(project.id)
    assert done["set_id"] == set_in_use(project) != before
    assert the_set(done["set_id"]).class_ids[-1] == weather
    assert sorted(suggested(project)) == [item.id for item in items_of(project)]
    for guess in suggested(project).values():
        scores = scores_in(guess.scores)
        assert len(scores) == 4
        assert np.isclose(scores.sum(), 1, atol=1e-5)
    with reading() as session:
        assert session.query(Suggestion).filter_by(set_id=before).count() == len(items_of(project))


def test_it_says_what_a_new_job_would_say(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # So few items would not settle, and a large project does.
    monkeypatch.setattr(shape, "LEAST_SAMPLE", 10)
    monkeypatch.setattr(shape, "LEAST_A_CLASS", 2)
    project = a_project_with_suggestions()
    add_class(project, "weather", description="rain, storms and snow")
    rescore.rescore(project.id)
    quick = {item_id: guess.scores for item_id, guess in suggested(project).items()}
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id))
    run(job)
    for item_id, guess in suggested(project).items():
        assert np.allclose(
            np.frombuffer(guess.scores, np.float32), np.frombuffer(quick[item_id], np.float32), atol=1e-5
        )


@pytest.mark.parametrize(
    "fields",
    [{"name": "athletics"}, {"description": "ball games"}, {"prompt": "a text about sport"}, {"archived": True}],
)
def test_whatever_changes_the_words_makes_a_new_set_and_the_same_again_makes_none(
    home: Path, fields: dict[str, object]
) -> None:
    project = a_project_with_suggestions()
    assert rescore.rescore(project.id)["set_id"] is None
    change_class(project, "sport", **fields)
    assert rescore.rescore(project.id)["set_id"] == set_in_use(project)
    assert rescore.rescore(project.id)["set_id"] is None


def test_a_key_or_a_colour_is_nothing_to_a_model(home: Path) -> None:
    project = a_project_with_suggestions()
    change_class(project, "sport", key="x", color="#000000")
    assert rescore.rescore(project.id)["set_id"] is None


def test_new_templates_of_the_project_are_used_and_those_of_the_set_otherwise(home: Path) -> None:
    project = a_project_with_suggestions()
    with writing() as session:
        fresh = projects.get(session, project.id)
        projects.change(session, fresh, {"templates": {"embedding": ["News of {}."]}})
    assert rescore.rescore(project.id)["set_id"] is None
    done = rescore.rescore(project.id, has_new_templates=True)
    assert the_set(done["set_id"]).prompts["templates"] == ["News of {}."]


def test_what_a_person_decided_and_chose_stays(home: Path) -> None:
    project = a_project_with_suggestions()
    zero_shot = set_in_use(project)
    ids = [item.id for item in items_of(project)]
    label(project, {ids[0]: "sport", ids[7]: "money"})
    learned = refit.refit(project.id)["set_id"]
    assert set_in_use(project) == learned
    add_class(project, "weather")
    done = rescore.rescore(project.id)
    assert done["set_id"] != zero_shot
    assert set_in_use(project) == learned
    with reading() as session:
        assert [session.get_one(Item, ids[row]).status for row in (0, 7)] == ["labeled", "labeled"]
    again = refit.refit(project.id)["set_id"]
    assert set_in_use(project) == again
    assert len(the_set(again).class_ids) == 4


def test_a_pinned_choice_is_followed_by_its_successor(home: Path) -> None:
    project = a_project_with_suggestions()
    with writing() as session:
        sets.activate(session, projects.get(session, project.id), set_in_use(project))
    add_class(project, "weather")
    assert rescore.rescore(project.id)["set_id"] == set_in_use(project)
    ids = [item.id for item in items_of(project)]
    label(project, {ids[0]: "sport", ids[7]: "money"})
    refit.refit(project.id)
    assert the_set(set_in_use(project)).engine == "zero_shot"


def test_items_that_go_while_their_scores_are_written_are_left_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = a_project_with_suggestions()
    gone, *rest = [item.id for item in items_of(project)]
    add_class(project, "weather")
    begin = sets.begin

    def begin_late(*args: object, **more: object) -> SuggestionSet:
        with writing() as session:
            session.delete(session.get_one(Item, gone))
        return begin(*args, **more)

    monkeypatch.setattr(sets, "begin", begin_late)
    rescore.rescore(project.id)
    assert sorted(suggested(project)) == rest


def test_items_that_came_without_a_vector_get_one_when_they_are_few_and_a_job_when_many(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = a_project_with_suggestions()
    with writing() as session:
        session.add(Item(project_id=project.id, content_hash=b"n" * 32, text="snow fell in the mountains"))
    add_class(project, "weather")
    monkeypatch.setattr(rescore, "FEW", 0)
    assert rescore.rescore(project.id)["job"]["model"] == "bundled:minilm"
    monkeypatch.setattr(rescore, "FEW", 1)
    assert rescore.rescore(project.id)["items"] == 19
    assert len(suggested(project)) == 19


def test_a_project_that_goes_meanwhile_is_said_in_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = a_project_with_suggestions()
    add_class(project, "weather")
    begin = sets.begin

    def begin_late(*args: object, **more: object) -> SuggestionSet:
        used = begin(*args, **more)
        sets.discard(used.id)
        return used

    monkeypatch.setattr(sets, "begin", begin_late)
    before = set_in_use(project)
    with pytest.raises(errors.NotFound, match="deleted while"):
        rescore.rescore(project.id)
    assert set_in_use(project) == before


def test_without_suggestions_or_with_one_class_left_there_is_nothing_to_do(home: Path) -> None:
    assert rescore.rescore(a_news_project().id)["set_id"] is None
    project = a_project_with_suggestions()
    for name in ("sport", "money"):
        change_class(project, name, archived=True)
    assert rescore.rescore(project.id)["set_id"] is None


def test_what_an_assistant_that_died_left_is_removed(home: Path) -> None:
    project = a_project_with_suggestions()
    add_class(project, "weather")
    with reading() as session:
        there = projects.get(session, project.id).classes
    sets.begin(project.id, "zero_shot", "bundled:minilm", there, {})
    assert rescore.rescore(project.id)["set_id"] == set_in_use(project)
    with reading() as session:
        assert rows.unfinished(session, project.id) == []


def test_an_entailment_model_is_a_job(home: Path, tmp_path: Path) -> None:
    from tests.models.builders import a_small_bert

    model_id = a_small_bert(tmp_path / "nli", {"contradiction": 0, "neutral": 1, "entailment": 2})
    project = a_news_project()
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id), model=model_id)
    run(job)
    add_class(project, "weather")
    learn.classes_changed(project.id)
    until(lambda: project.id not in learn._classes_watched, timeout_s=90)
    with reading() as session:
        queued = jobs.in_states(session, jobs.ACTIVE, project.id)
    assert [(each.kind, each.spec["model"]) for each in queued] == [("suggest", model_id)]


def test_a_class_added_over_the_api_comes_with_suggestions_in_the_queue_and_the_head_learns(home: Path) -> None:
    api = TestClient(create())
    project = a_project_with_suggestions()
    url = f"/projects/{project.id}"
    ids = [item.id for item in items_of(project)]
    label(project, {ids[0]: "sport", ids[7]: "money"})
    added = [api.post(f"{url}/classes", json={"name": name}).json()["id"] for name in ("weather", "law", "food")]

    def is_in_the_queue() -> bool:
        items = api.get(f"{url}/queue", params={"order": "uncertain"}).json()["items"]
        return bool(items) and all({str(each) for each in added} <= set(item["suggestion"]["scores"]) for item in items)

    until(is_in_the_queue, timeout_s=90)
    until(lambda: the_set(set_in_use(project)).engine == "head", timeout_s=90)
    assert the_set(set_in_use(project)).class_ids[-3:] == added


def test_an_assistant_that_is_killed_is_asked_again(home: Path) -> None:
    project = a_project_with_suggestions()
    ask.now("warm", timeout_s=120)
    assert ask._line
    added = add_class(project, "weather")
    os.kill(ask._line.process.pid, signal.SIGSTOP)
    learn.classes_changed(project.id)
    until(lambda: ask._line and ask._line._open)
    os.kill(ask._line.process.pid, signal.SIGKILL)
    until(lambda: added in the_set(set_in_use(project)).class_ids, timeout_s=90)


def test_scores_are_remembered_between_refits_until_somebody_else_writes_them(home: Path) -> None:
    project = a_project_with_suggestions()
    ids = [item.id for item in items_of(project)]
    label(project, {ids[0]: "sport", ids[7]: "money", ids[13]: "space"})
    used = refit.refit(project.id)["set_id"]
    assert refit.refit(project.id)["changed"] == 0
    with writing() as session:
        found = session.get_one(SuggestionSet, used)
        found.prompts = {**found.prompts, "mark": "another process"}
        session.query(Suggestion).filter_by(set_id=used, item_id=ids[1]).delete()
    assert refit.refit(project.id)["changed"] == 1
    assert ids[1] in suggested(project)


def test_new_items_are_seen_by_the_next_refit(home: Path) -> None:
    project = a_project_with_suggestions()
    ids = [item.id for item in items_of(project)]
    label(project, {ids[0]: "sport", ids[7]: "money"})
    refit.refit(project.id)
    with writing() as session:
        session.add(Item(project_id=project.id, content_hash=b"n" * 32, text="the league ends"))
    refit.refit(project.id)
    assert len(suggested(project)) == 17
    assert vectors.get("bundled:minilm", [b"n" * 32])[1].all()
