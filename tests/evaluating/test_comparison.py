"""Runs side by side, on a real database: what is compared, what is warned of, what is refused."""

import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend import class_changes, errors
from backend import classes as label_classes
from backend.api.app import create
from backend.evaluating import agreement, comparison
from db import comparison as rows
from db.models import Recipe, RunState
from db.session import reading, writing
from tests.evaluating import builders
from tests.evaluating.builders import sure


def two_runs(session, project):
    """On items 0-4, of which the true classes are 0 0 1 1 1: A is right on 0, 2, 4; B is right on 1, 2, 4."""
    snapshot = builders.a_snapshot(session, project)
    items = builders.items(session, project, 5)
    truth = [[0], [0], [1], [1], [1]]
    a = builders.a_run(session, project, snapshot, name="A")
    b = builders.a_run(session, project, snapshot, name="B")
    builders.with_answers(session, a, items, truth, [sure(each, 2) for each in (0, 1, 1, 0, 1)])
    said = [sure(1, 2, 0.6), sure(0, 2), sure(1, 2), sure(0, 2, 0.99), sure(1, 2)]
    builders.with_answers(session, b, items, truth, said)
    return a, b, items


def codes(found):
    return [each["code"] for each in found["warnings"]]


def test_a_second_run_fixes_some_items_and_breaks_others(session):
    project = builders.a_project(session)
    a, b, items = two_runs(session, project)
    found = comparison.compare(session, project, [a.id, b.id])
    ids = [item.id for item in items]
    assert found["agreement"] == [
        {
            "a": a.id,
            "b": b.id,
            "items": 5,
            "relabeled": 0,
            "both_right": 2,
            "both_wrong": {"count": 1, "item_ids": [ids[3]]},
            "fixed": {"count": 1, "item_ids": [ids[1]]},
            "broken": {"count": 1, "item_ids": [ids[0]]},
        }
    ]
    assert [run["metrics"]["test"]["accuracy"] for run in found["runs"]] == [0.6, 0.6]
    assert found["runs"][1]["mistakes"] == {"count": 2, "item_ids": [ids[3], ids[0]]}


def test_the_figures_of_a_class_stand_in_the_order_of_the_runs(session):
    project = builders.a_project(session)
    a, b, _ = two_runs(session, project)
    found = comparison.compare(session, project, [b.id, a.id])
    assert [run["name"] for run in found["runs"]] == ["B", "A"]
    heron = found["per_class"][0]
    assert heron["name"] == "heron"
    assert heron["precision"] == [0.5, 0.5]
    assert heron["recall"] == [0.5, 0.5]
    assert heron["support"] == [2, 2]


def test_a_card_shows_what_each_run_answered(session):
    project = builders.a_project(session)
    a, b, items = two_runs(session, project)
    found = comparison.compare(session, project, [a.id, b.id])
    heron, duck = (each["id"] for each in found["classes"])
    [card] = agreement.cards(session, project, found["runs"], [items[0].id, 12345])
    assert card["text"] == "item 0"
    assert card["target_ids"] == [heron]
    assert [(each["class_ids"], each["is_right"]) for each in card["answers"]] == [([heron], True), ([duck], False)]
    assert card["answers"][1]["confidence"] == pytest.approx(0.6)


def test_several_classes_are_right_only_all_together(session):
    project = builders.a_project(session, ("urgent", "billing", "bug"), multi_label=True)
    snapshot = builders.a_snapshot(session, project)
    items = builders.items(session, project, 3)
    run = builders.a_run(session, project, snapshot)
    scores = [[0.9, 0.6, 0.1], [0.9, 0.4, 0.1], [0.1, 0.2, 0.3]]
    builders.with_answers(session, run, items, [[0, 1], [0, 1], []], scores, multi_label=True)
    found = comparison.compare(session, project, [run.id])
    assert found["runs"][0]["mistakes"] == {"count": 1, "item_ids": [items[1].id]}
    assert found["runs"][0]["metrics"]["test"]["confusion"] is None


def test_a_class_is_answered_from_the_threshold_of_its_run_on(session):
    project = builders.a_project(session, ("urgent", "billing"), multi_label=True)
    items = builders.items(session, project, 2)
    snapshot = builders.a_snapshot(session, project)
    scores, urgent = [[0.3, 0.6], [0.2, 0.6]], snapshot.classes[0]["id"]
    plain, tuned = (builders.a_run(session, project, snapshot, name=name) for name in ("Plain", "Tuned"))
    for run in (plain, tuned):
        builders.with_answers(session, run, items, [[0, 1], [1]], scores, multi_label=True)
    tuned.metrics = tuned.metrics | {"thresholds": [{"class_id": urgent, "threshold": 0.25}]}
    session.flush()
    found = comparison.compare(session, project, [plain.id, tuned.id])
    assert [run["thresholds"] for run in found["runs"]] == [[0.5, 0.5], [0.25, 0.5]]
    assert [run["mistakes"]["count"] for run in found["runs"]] == [1, 0]
    assert found["agreement"][0]["fixed"]["item_ids"] == [items[0].id]
    [card] = agreement.cards(session, project, found["runs"], [items[0].id])
    assert [len(each["class_ids"]) for each in card["answers"]] == [1, 2]


def test_only_settings_that_differ_are_told(session):
    project = builders.a_project(session)
    recipe = Recipe(name="Flips", version=2, steps=[])
    session.add(recipe)
    session.flush()
    spec = {"method": "full", "base": "x", "seed": 1, "learning_rate": 1e-4, "lora": {"rank": 8, "alpha": 16}}
    other = spec | {"learning_rate": 1e-3, "recipe_id": recipe.id, "lora": {"rank": 4, "alpha": 16}}
    runs = [builders.a_run(session, project, spec=each) for each in (spec, other)]
    found = comparison.compare(session, project, [run.id for run in runs])
    assert found["differences"] == [
        {"setting": "learning_rate", "values": [1e-4, 1e-3]},
        {"setting": "lora.rank", "values": [8, 4]},
        {"setting": "recipe", "values": [None, "Flips, version 2"]},
    ]
    assert comparison.compare(session, project, [runs[0].id])["differences"] == []


def test_curves_keep_their_points_in_order_and_long_ones_are_thinned(session):
    project = builders.a_project(session)
    run = builders.a_run(session, project)
    builders.with_curve(session, run, "train/loss", [float(each) for each in range(3000)])
    builders.with_curve(session, run, "validation/loss", [1.0, float("inf"), 0.5])
    curves = comparison.compare(session, project, [run.id])["runs"][0]["curves"]
    assert len(curves["train/loss"]) == comparison.MOST_POINTS
    assert curves["train/loss"][0] == {"step": 10, "epoch": 0.5, "value": 0, "seconds": 0}
    assert curves["train/loss"][-1]["value"] == 2999
    assert [point["value"] for point in curves["validation/loss"]] == [1.0, 0.5]


def test_runs_on_different_data_are_compared_on_their_common_items_and_said_so(session):
    project = builders.a_project(session)
    items = builders.items(session, project, 4)
    first = builders.a_snapshot(session, project, baselines={"majority": {"test": {"accuracy": 0.5}}})
    label_classes.add(session, project, "coot")
    second = builders.a_snapshot(session, project, baselines={"majority": {"test": {"accuracy": 0.4}}})
    a, b = builders.a_run(session, project, first), builders.a_run(session, project, second)
    builders.with_answers(session, a, items[:3], [[0], [0], [1]], [sure(0, 2)] * 3)
    builders.with_answers(session, b, items[1:], [[0], [2], [1]], [sure(0, 3)] * 3)
    found = comparison.compare(session, project, [a.id, b.id])
    assert codes(found) == [
        "snapshots_differ",
        "classes_differ",
        "labels_changed",
        "labels_outdated",
        "few_test_items",
    ]
    assert '"coot"' in found["warnings"][1]["message"]
    assert found["agreement"][0]["items"] == 1
    assert found["agreement"][0]["relabeled"] == 1
    assert [each["name"] for each in found["classes"]] == ["heron", "duck", "coot"]
    assert found["per_class"][2]["f1"] == [None, 0]
    assert [each["name"] for each in found["baselines"]] == [
        f"Always the most frequent class (data {first.id})",
        f"Always the most frequent class (data {second.id})",
    ]


def test_a_renamed_class_goes_by_its_name_of_today_and_a_deleted_one_by_its_old(session):
    project = builders.a_project(session)
    a, _, _ = two_runs(session, project)
    heron = found_class(session, project, "heron")
    class_changes.change(session, project, {heron.id: {"name": "grey heron"}})
    session.delete(found_class(session, project, "duck"))
    session.flush()
    found = comparison.compare(session, project, [a.id])
    assert [each["name"] for each in found["classes"]] == ["grey heron", "duck"]


def found_class(session, project, name):
    session.expire(project)
    return next(each for each in project.classes if each.name == name)


def test_runs_that_failed_wait_or_have_no_figures_are_shown_beside_the_others(session):
    project = builders.a_project(session)
    a, _, _ = two_runs(session, project)
    failed = builders.a_failed_run(session, project, "The disk is full.")
    waiting = builders.a_run(session, project, name="Next", state=RunState.QUEUED, spec={})
    stopped = builders.a_run(session, project, name="Early end", state=RunState.STOPPED)
    found = comparison.compare(session, project, [failed.id, waiting.id, a.id, stopped.id])
    assert codes(found) == ["run_failed", "run_unfinished", "no_test_figures", "few_test_items"]
    assert found["warnings"][0]["message"] == "Broken failed: The disk is full."
    assert [bool(run["metrics"]) for run in found["runs"]] == [False, False, True, False]
    assert found["agreement"] == []
    json.dumps(found, allow_nan=False)


def test_twenty_runs_stand_side_by_side_and_one_more_is_refused(session):
    project = builders.a_project(session)
    ids = [builders.a_run(session, project, name=f"Run {each}").id for each in range(21)]
    assert len(comparison.compare(session, project, ids[:20])["runs"]) == 20
    with pytest.raises(errors.Invalid, match="21 runs are too many"):
        comparison.compare(session, project, ids)


def test_a_run_named_twice_is_shown_once(session):
    project = builders.a_project(session)
    run = builders.a_run(session, project)
    assert len(comparison.compare(session, project, [run.id, run.id])["runs"]) == 1


def test_figures_that_are_not_numbers_become_nothing(session):
    project = builders.a_project(session)
    run = builders.a_run(session, project, metrics={"test": {"accuracy": float("nan"), "n": 3}})
    found = comparison.compare(session, project, [run.id])
    assert found["runs"][0]["metrics"]["test"] == {"accuracy": None, "n": 3}


def test_the_list_of_runs_is_newest_first_and_light(session):
    project = builders.a_project(session)
    a, b, _ = two_runs(session, project)
    listed = rows.listed(session, project.id)
    assert [run.id for run in listed] == [b.id, a.id]
    assert listed[0].accuracy == pytest.approx(0.6)
    assert (listed[0].method, listed[0].base) == ("head", "bundled:minilm")


def test_the_counts_are_of_all_items_though_only_the_first_are_named(session, monkeypatch):
    monkeypatch.setattr(agreement, "MOST_IDS", 5)
    project = builders.a_project(session)
    items = builders.items(session, project, agreement.MOST_IDS + 50)
    run = builders.a_run(session, project, builders.a_snapshot(session, project))
    scores = np.tile(sure(1, 2), (len(items), 1))
    builders.with_answers(session, run, items, [[0]] * len(items), scores)
    mistakes = comparison.compare(session, project, [run.id])["runs"][0]["mistakes"]
    assert mistakes["count"] == len(items)
    assert len(mistakes["item_ids"]) == agreement.MOST_IDS


def test_the_api_answers_what_the_page_draws(home):
    with writing() as session:
        project = builders.a_project(session)
        a, b, _ = two_runs(session, project)
    client = TestClient(create())
    answer = client.get(f"/projects/{project.id}/compare", params={"runs": f"{a.id},{b.id}"})
    assert answer.status_code == 200
    with reading() as session:
        assert answer.json() == json.loads(json.dumps(comparison.compare(session, project, [a.id, b.id])))


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ("", 422, "No run is named."),
        ("1,x", 422, '"1,x" does not name runs.'),
        ("99999999999999999999", 422, "does not name runs"),
        ("-1", 422, "does not name runs"),
        ("77", 404, "There is no run 77"),
        ("other", 404, "There is no run"),
    ],
)
def test_the_api_says_what_is_wrong_with_the_runs_asked_for(home, asked, status, words):
    with writing() as session:
        project = builders.a_project(session)
        elsewhere = builders.a_run(session, builders.a_project(session, name="Other"))
    asked = str(elsewhere.id) if asked == "other" else asked
    answer = TestClient(create()).get(f"/projects/{project.id}/compare", params={"runs": asked})
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def test_an_unknown_project_is_not_found(home):
    assert TestClient(create()).get("/projects/5/compare?runs=1").status_code == 404
