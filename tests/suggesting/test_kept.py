"""What could take suggestions from a person: a job in between, an end of the app, sets that are let go of."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend import projects, suggesting
from backend.api.app import create
from backend.suggesting import learn, refit, sets
from db import suggestions as rows
from db.models import Item
from db.session import reading, writing
from tests.suggesting.builders import (
    a_news_project,
    a_project_with_suggestions,
    add_class,
    items_of,
    label,
    run,
    set_in_use,
    suggested,
    the_set,
)


def test_a_class_that_came_while_a_job_was_at_work_is_scored_when_it_ends(home: Path) -> None:
    project = a_news_project()
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id))
    put_to_use = sets.put_to_use
    with pytest.MonkeyPatch.context() as patch:

        def late(*args: object, **more: object) -> None:
            patch.undo()
            add_class(project, "weather")
            put_to_use(*args, **more)

        patch.setattr(sets, "put_to_use", late)
        # The patch on the home is another one and stays.
        run(job)
    assert len(the_set(set_in_use(project)).class_ids) == 4
    assert len(suggested(project)) == len(items_of(project))


def test_what_changed_before_the_app_ended_is_scored_anew_at_its_start(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_project_with_suggestions()
    changed = a_project_with_suggestions()
    add_class(changed, "weather")
    told: list[int] = []
    monkeypatch.setattr(learn, "classes_changed", told.append)
    learn.catch_up()
    assert told == [changed.id]


def test_a_job_that_nobody_asked_for_leaves_the_persons_choice_in_use(home: Path) -> None:
    project = a_project_with_suggestions()
    chosen = set_in_use(project)
    with writing() as session:
        sets.activate(session, projects.get(session, project.id), chosen)
        session.add(Item(project_id=project.id, content_hash=b"n" * 32, text="snow fell in the mountains"))
        session.flush()
        job = suggesting.after_import(session, projects.get(session, project.id))
    assert job is not None
    run(job)
    assert set_in_use(project) == chosen


def test_the_newest_set_of_each_engine_is_kept_and_one_in_use_is_never_removed(home: Path) -> None:
    project = a_project_with_suggestions()
    words = set_in_use(project)
    with reading() as session:
        every = list(projects.get(session, project.id).classes)
    for _ in range(sets.KEPT + 1):
        sets.finish(sets.begin(project.id, "run", "run:1", every, {"templates": []}, revision="1"))
    with reading() as session:
        kept = [each.id for each in rows.sets(session, project.id)]
    assert words in kept
    assert len(kept) == sets.KEPT + 1
    in_use = set_in_use(project)
    assert in_use is not None
    sets.discard(in_use)
    assert the_set(in_use).finished_at is not None


def test_half_a_character_in_a_template_and_huge_numbers_are_refused_and_break_nothing(home: Path) -> None:
    project = a_news_project()
    api = TestClient(create(), raise_server_exceptions=False)
    sent = b'{"templates": {"nli": ["\\ud800 {}"]}}'
    answer = api.patch(f"/projects/{project.id}", content=sent, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert "half a character" in answer.json()["error"]["message"]
    assert api.get("/projects").status_code == 200
    assert api.post(f"/projects/{project.id}/suggestions/{2**70}/activate").status_code == 404
    assert api.get(f"/projects/{project.id}/search", params={"item": 2**70}).status_code == 422


def test_who_chose_suggestions_can_follow_the_labels_again(home: Path) -> None:
    project = a_project_with_suggestions()
    ids = [item.id for item in items_of(project)]
    label(project, {ids[0]: "sport", ids[7]: "money"})
    learned = refit.refit(project.id)["set_id"]
    with writing() as session:
        words = rows.newest(session, project.id, "zero_shot")
        assert words is not None
        sets.activate(session, projects.get(session, project.id), words.id)
    refit.refit(project.id)
    assert set_in_use(project) == words.id
    with writing() as session:
        sets.follow_labels(session, projects.get(session, project.id))
    assert set_in_use(project) == learned
