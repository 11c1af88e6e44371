"""The head that learns with every label: in the assistant, in its own set, and never in the person's way."""

from pathlib import Path

import numpy as np
import pytest

from backend import projects, suggesting
from backend.encoding import encode
from backend.jobs import ask
from backend.suggesting import learn, refit, sets
from db import suggestions as rows
from db.models import Project, SuggestionSet
from db.session import reading, writing
from tests.suggesting.builders import (
    NEWS,
    a_news_project,
    a_text_project,
    class_id,
    items_of,
    label,
    run,
    set_in_use,
    suggested,
)
from tests.waiting import until


def topics(project: Project) -> dict[int, str]:
    return {item.id: next(name for name, texts in NEWS.items() if item.text in texts) for item in items_of(project)}


def test_labels_make_a_set_for_what_is_still_to_do_and_later_ones_change_it_in_place(home: Path) -> None:
    project = a_news_project()
    says = topics(project)
    ids = list(says)
    label(project, {item_id: says[item_id] for item_id in ids[::6]})
    first = refit.refit(project.id)
    assert first["labels"] == 3
    assert first["set_id"] == set_in_use(project)
    before = suggested(project)
    assert sorted(before) == [item_id for item_id in ids if item_id not in ids[::6]]
    label(project, {item_id: says[item_id] for item_id in ids[1::6]})
    second = refit.refit(project.id)
    assert second["set_id"] == first["set_id"]
    after = suggested(project)
    assert {item_id: after[item_id].id for item_id in after} == {item_id: before[item_id].id for item_id in before}
    still = [item_id for item_id in ids if item_id not in {*ids[::6], *ids[1::6]}]
    assert np.mean([after[item_id].class_id == class_id(project, says[item_id]) for item_id in still]) > 0.8


def test_a_refit_that_changes_nothing_writes_nothing(home: Path) -> None:
    project = a_news_project()
    says = topics(project)
    label(project, {item_id: says[item_id] for item_id in list(says)[::3]})
    assert refit.refit(project.id)["changed"] == 12
    assert refit.refit(project.id)["changed"] == 0


def test_of_many_suggestions_that_moved_those_that_moved_most_are_written_first(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = a_news_project()
    says = topics(project)
    ids = list(says)
    label(project, {item_id: says[item_id] for item_id in ids[::6]})
    refit.refit(project.id)
    label(project, {item_id: says[item_id] for item_id in [*ids[1::6], *ids[2::6]]})
    monkeypatch.setattr(refit, "MOST", 4)
    seen = [refit.refit(project.id)]
    while seen[-1]["left"]:
        seen.append(refit.refit(project.id))
    assert seen[0]["changed"] == 4
    assert seen[0]["left"] == sum(each["changed"] for each in seen[1:])


def test_with_labels_in_one_class_nothing_is_learned_yet(home: Path) -> None:
    project = a_news_project()
    label(project, {items_of(project)[0].id: "sport"})
    assert refit.refit(project.id)["set_id"] is None
    assert not learn.can_learn(project.id)


def test_no_items_and_no_labels_are_no_error(home: Path) -> None:
    assert refit.refit(a_text_project([]).id)["set_id"] is None
    assert refit.refit(a_text_project(["heron"], "bird").id)["set_id"] is None


def test_a_new_class_begins_a_new_set(home: Path) -> None:
    from backend import classes

    project = a_news_project()
    says = topics(project)
    label(project, {item_id: says[item_id] for item_id in list(says)[::3]})
    first = refit.refit(project.id)["set_id"]
    with writing() as session:
        classes.add(session, projects.get(session, project.id), "weather")
    second = refit.refit(project.id)["set_id"]
    assert second != first
    assert set_in_use(project) == second
    with reading() as session:
        assert len(session.get_one(SuggestionSet, second).class_ids) == 4


def test_suggestions_that_a_person_chose_stay_until_they_choose_again(home: Path) -> None:
    project = a_news_project()
    says = topics(project)
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id))
    chosen = run(job)["set_id"]
    label(project, {item_id: says[item_id] for item_id in list(says)[::3]})
    with writing() as session:
        sets.activate(session, projects.get(session, project.id), chosen)
    learned = refit.refit(project.id)["set_id"]
    assert set_in_use(project) == chosen
    with writing() as session:
        sets.activate(session, projects.get(session, project.id), learned)
    refit.refit(project.id)
    assert set_in_use(project) == learned


def test_the_head_stands_on_what_another_models_suggestions_said(home: Path, tmp_path: Path) -> None:
    from tests.models.builders import a_small_bert

    model_id = a_small_bert(tmp_path / "nli", {"contradiction": 0, "neutral": 1, "entailment": 2})
    project = a_news_project()
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id), model=model_id)
    stored = run(job)["set_id"]
    says = topics(project)
    label(project, {item_id: says[item_id] for item_id in list(says)[:2] + list(says)[6:8]})
    assert refit.refit(project.id)["set_id"] != stored
    with reading() as session:
        prior = rows.scores(session, stored)
        space = session.get_one(SuggestionSet, stored).class_ids.index(class_id(project, "space"))
    # Nobody has labeled "space": it keeps the scores that the NLI model gave it.
    for item_id, guess in suggested(project).items():
        said = np.frombuffer(prior[item_id], np.float32)[space]
        assert np.isclose(np.frombuffer(guess.scores, np.float32)[space], said, atol=1e-5)


def test_a_label_is_learned_from_a_moment_later_in_the_assistant(home: Path) -> None:
    project = a_news_project()
    says = topics(project)
    label(project, {item_id: says[item_id] for item_id in list(says)[::3]})
    for _ in range(20):
        learn.labels_changed(project.id)
    until(lambda: set_in_use(project), timeout_s=90)
    assert len(suggested(project)) == 12
    until(lambda: project.id not in learn._watched)
    assert ask.now("refit", project_id=project.id)["changed"] == 0


def test_what_goes_wrong_while_learning_reaches_nobody(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "WAIT_S", 0.01)
    monkeypatch.setattr(learn, "can_learn", lambda _: 1 / 0)
    learn.labels_changed(12345)
    until(lambda: 12345 not in learn._watched)


def test_where_few_items_have_a_vector_only_those_are_looked_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refit, "SMALL", 0)
    project = a_news_project()
    says = topics(project)
    ids = list(says)
    label(project, {item_id: says[item_id] for item_id in ids[::6]})
    monkeypatch.setattr(refit, "RARE", 1)
    assert refit.refit(project.id)["changed"] == 0
    with reading() as session:
        chosen = [(item.content_hash, item.text) for item in items_of(project) if item.id in ids[1:4]]
    encode.ensure(suggesting.encoder_of(session, project), chosen)
    refit.refit(project.id)
    assert sorted(suggested(project)) == ids[1:4]
