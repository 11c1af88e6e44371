"""Runs' answers as tables side by side: on which items, in which columns, and what each run answers."""

import numpy as np

from backend import classes as label_classes
from backend.evaluating import answers
from tests.evaluating import builders
from tests.evaluating.builders import sure


def told(session, run, snapshot):
    return answers.told(session, run, [each["id"] for each in snapshot.classes])


def test_two_runs_stand_on_the_items_that_both_answered_by_the_same_label(session):
    project = builders.a_project(session)
    items = builders.items(session, project, 4)
    first = builders.a_snapshot(session, project)
    label_classes.add(session, project, "coot")
    second = builders.a_snapshot(session, project)
    a, b = builders.a_run(session, project, first), builders.a_run(session, project, second)
    builders.with_answers(session, a, items[:3], [[0], [0], [1]], [sure(0, 2)] * 3)
    builders.with_answers(session, b, items[1:], [[0], [2], [1]], [sure(2, 3), sure(2, 3), sure(1, 3)])
    found = answers.together(project, [told(session, a, first), told(session, b, second)])
    assert found.item_ids.tolist() == [items[1].id]
    assert found.relabeled == 1
    assert found.class_ids == [each["id"] for each in second.classes]
    assert found.truth.tolist() == [[True, False, False]]
    # What a run never learned it scores 0 and never answers.
    assert found.scores[0][0].tolist() == [np.float32(0.9), np.float32(0.1), 0]
    assert found.given[0].tolist() == [[True, False, False]]
    assert found.given[1].tolist() == [[False, False, True]]
    assert [found.is_right(place).tolist() for place in (0, 1)] == [[True], [False]]


def test_a_run_alone_stands_on_all_of_its_own_items(session):
    project = builders.a_project(session)
    snapshot = builders.a_snapshot(session, project)
    run = builders.a_run(session, project, snapshot)
    items = builders.items(session, project, 3)
    builders.with_answers(session, run, items, [[0], [1], [1]], [sure(0, 2, 0.8), sure(0, 2, 0.6), sure(1, 2)])
    found = answers.alone(project, told(session, run, snapshot))
    assert len(found) == 3
    assert found.is_right(0).tolist() == [True, False, True]
    assert found.confidence(0).tolist() == [np.float32(0.8), np.float32(0.6), np.float32(0.9)]
    assert found.of(0).run_ids == [run.id]


def test_several_classes_are_answered_from_their_own_thresholds_on(session):
    project = builders.a_project(session, ("urgent", "billing"), multi_label=True)
    snapshot = builders.a_snapshot(session, project)
    run = builders.a_run(session, project, snapshot)
    items = builders.items(session, project, 2)
    builders.with_answers(session, run, items, [[0, 1], []], [[0.3, 0.6], [0.2, 0.4]], multi_label=True)
    run.metrics = run.metrics | {"thresholds": [{"class_id": snapshot.classes[0]["id"], "threshold": 0.25}]}
    found = answers.alone(project, told(session, run, snapshot))
    assert found.given[0].tolist() == [[True, True], [False, False]]
    assert found.is_right(0).tolist() == [True, True]


def test_runs_without_answers_stand_on_no_items(session):
    project = builders.a_project(session)
    snapshot = builders.a_snapshot(session, project)
    run = builders.a_run(session, project, snapshot)
    found = answers.together(project, [told(session, run, snapshot)] * 2)
    assert len(found) == 0
    assert found.truth.shape == (0, 2)
    assert found.confidence(0).tolist() == []
    assert len(answers.together(project, [])) == 0
