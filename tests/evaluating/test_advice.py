"""Each advice is given when its reason is there, and not when it is not."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend.api import app as api
from backend.evaluating.advice import advice
from db import inspections
from db.models import (
    Action,
    Annotator,
    Decision,
    Inspection,
    Job,
    JobKind,
    JobState,
    Label,
    LabelEvent,
    RunMetric,
    Split,
    Status,
    SuggestionSet,
)  # fmt: skip
from db.session import writing
from tests.evaluating import builders
from tests.evaluating.builders import sure
from tests.pages import opened


def given(session, project):
    session.flush()
    return {each["code"]: each for each in advice(session, project)}


def labeled(session, project, *counts, to_do=0):
    """So many labeled items of each class, in their order, and so many to do."""
    found = []
    for number, (each, count) in enumerate(zip(project.classes, counts, strict=True)):
        of_class = builders.items(session, project, count, f"of {number}")
        for item in of_class:
            item.status = Status.LABELED
            session.add(Label(item_id=item.id, class_id=each.id))
        found.append(of_class)
    builders.items(session, project, to_do, "to do")
    session.flush()
    return found


def a_birds(session, *counts, to_do=0, **fields):
    project = builders.a_project(session, **fields)
    session.refresh(project)
    return project, labeled(session, project, *counts, to_do=to_do)


def a_judged_run(session, project, items, truth, said, **fields):
    """A finished run with these answers: positions of classes, and a confidence that is one for all."""
    confidence = fields.pop("confidence", 0.9)
    multi_label = project.multi_label
    snapshot = builders.a_snapshot(
        session,
        project,
        baselines=fields.pop("baselines", {}),
        counts={"train": {str(each.id): 20 for each in project.classes}},
    )
    run = builders.a_run(session, project, snapshot, **fields)
    scores = np.array([sure(each, len(project.classes), confidence) for each in said])
    return builders.with_answers(session, run, items, [[each] for each in truth], scores, multi_label=multi_label)


def found(session, project, kind, result):
    return inspections.add(session, Inspection(project_id=project.id, kind=kind, result=result))


def a_group_job(session, project):
    session.add(Job(project_id=project.id, kind=JobKind.GROUP, lane="compute", state=JobState.DONE, spec={}))


def decided(session, project, items, moment):
    who = Annotator(name="ada")
    session.add(who)
    session.flush()
    decision = Decision(project_id=project.id, annotator_id=who.id)
    session.add(decision)
    session.flush()
    for item in items:
        session.add(
            LabelEvent(
                event_id=f"event {item.id}",
                project_id=project.id,
                item_id=item.id,
                annotator_id=who.id,
                decision_id=decision.id,
                action=Action.LABEL,
                created_at=moment,
            )
        )
    session.flush()


def without_classes(session, project):
    session.refresh(project)
    for each in project.classes:
        each.archived = True
    session.flush()
    return project


def test_an_empty_project_needs_data_and_one_without_classes_needs_those(session):
    project = builders.a_project(session)
    assert list(given(session, project)) == ["no_items"]
    [binned] = builders.items(session, project, 1)
    binned.status = Status.DELETED
    assert list(given(session, project)) == ["no_items"]
    unnamed = without_classes(session, builders.a_project(session, name="Unnamed"))
    builders.items(session, unnamed, 3)
    assert list(given(session, unnamed)) == ["no_classes"]


def test_without_labels_the_first_are_asked_for(session):
    project, _ = a_birds(session, 0, 0, to_do=9)
    assert list(given(session, project)) == ["no_labels", "no_suggestions"]


def test_a_class_below_the_minimum_is_named_with_a_button_for_it(session):
    project, _ = a_birds(session, 3, 12, to_do=5)
    told = given(session, project)
    assert "“heron” has too few labels" in told["few_labels"]["title"]
    assert told["few_labels"]["figures"]["classes"][0]["labels"] == 3
    assert told["few_labels"]["action"]["page"] == "label"
    assert "no_run" not in told
    project.suggestion_set_id = a_set(session, project).id
    assert given(session, project)["few_labels"]["action"]["query"] == {"order": "class:heron"}
    project.settings = {"blind": True}
    assert given(session, project)["few_labels"]["action"]["query"] == {"order": "uncertain"}


def a_set(session, project):
    made = SuggestionSet(project_id=project.id, engine="head", model="bundled:minilm", class_ids=[])
    session.add(made)
    session.flush()
    return made


def test_a_rare_class_is_named(session):
    project, _ = a_birds(session, 5, 60)
    assert given(session, project)["imbalance"]["figures"] == {"ratio": 12.0, "smallest": 5, "largest": 60}
    even, _ = a_birds(session, 20, 60, name="Even")
    assert "imbalance" not in given(session, even)


def test_with_labels_and_no_run_a_first_is_proposed(session):
    project, _ = a_birds(session, 5, 5)
    assert given(session, project)["no_run"]["action"]["page"] == "train"
    builders.a_failed_run(session, project)
    assert "no_run" not in given(session, project)


def test_near_duplicates_are_looked_for_and_told_of_where_they_lie_in_several_splits(session):
    project, ((one, other, *_), _) = a_birds(session, 30, 30)
    assert given(session, project)["near_duplicates"]["action"] == {
        "words": "Find near-duplicates",
        "job": "near_duplicates",
    }
    a_group_job(session, project)
    assert not {"near_duplicates", "across_splits"} & given(session, project).keys()
    one.group_id = other.group_id = one.id
    one.split, other.split = Split.TRAIN, Split.TEST
    told = given(session, project)["across_splits"]
    assert told["figures"] == {"groups": 1}
    assert told["action"]["tab"] == "Near-duplicates"


def test_label_errors_are_looked_for_and_those_nobody_looked_at_are_counted(session):
    project, ((one, other, *_), _) = a_birds(session, 30, 30)
    assert given(session, project)["label_errors_not_looked"]["action"]["job"] == "label_errors"
    heron, duck = (each.id for each in project.classes)
    told = {"kind": "label", "given": [heron], "proposed": [duck], "twin": None}
    found(session, project, "label_errors", {"found": [told | {"item_id": each.id} for each in (one, other)]})
    assert given(session, project)["label_errors"]["figures"] == {"doubts": 2}
    decided(session, project, [one], datetime.now(UTC))
    assert given(session, project)["label_errors"]["figures"] == {"doubts": 1}
    other.status = Status.DELETED
    assert "label_errors" not in given(session, project)


def test_a_forecast_is_proposed_and_then_followed(session):
    project, _ = a_birds(session, 30, 30, to_do=10)
    assert given(session, project)["no_forecast"]["action"]["job"] == "learning_curve"
    rising = {"forecasts": [{"more": 100, "accuracy": {"gain": {"value": 0.021, "low": 0.005, "high": 0.04}}}]}
    found(session, project, "learning_curve", rising)
    assert "+2.1 points" in given(session, project)["more_labels"]["title"]
    flat = {"forecasts": [{"more": 100, "accuracy": {"gain": {"value": 0.001, "low": -0.002, "high": 0.004}}}]}
    found(session, project, "learning_curve", flat)
    run = a_judged_run(session, project, builders.items(session, project, 2, "test"), [0, 1], [0, 1])
    told = given(session, project)
    assert "more_labels" not in told
    assert told["labels_are_enough"]["action"]["query"] == {"view": "items", "runs": run.id}


def test_classes_that_are_taken_for_each_other_come_with_those_items(session):
    project, _ = a_birds(session, 5, 5)
    items = builders.items(session, project, 10, "test")
    truth, said = [0] * 5 + [1] * 5, [0, 0, 1, 1, 1, 1, 1, 1, 1, 0]
    a_judged_run(session, project, items, truth, said)
    told = given(session, project)["confused"]
    assert told["figures"]["mistaken"] == 4
    assert told["figures"]["items"] == 10
    assert told["action"]["worklist"] == [items[each].id for each in (2, 3, 4, 9)]


def test_a_small_test_set_is_told_with_what_it_can_tell(session):
    project, _ = a_birds(session, 5, 5)
    a_judged_run(session, project, builders.items(session, project, 25, "test"), [0] * 25, [0] * 25)
    # 1.96 * sqrt(0.5 * 0.5 / 25), the normal approximation of the binomial.
    assert given(session, project)["few_test_items"]["figures"] == {"items": 25, "points": 19.6}


def test_a_large_test_set_of_sure_and_right_answers_gives_no_doubt(session):
    project, _ = a_birds(session, 5, 5)
    truth = [each % 2 for each in range(120)]
    a_judged_run(session, project, builders.items(session, project, 120, "test"), truth, truth, confidence=0.97)
    assert not {"few_test_items", "calibration", "confused", "outdated", "overfitting"} & given(session, project).keys()


def test_a_confidence_that_misleads_is_told(session):
    project, _ = a_birds(session, 5, 5)
    truth = [each % 2 for each in range(120)]
    said = [1 - each if row % 3 == 0 else each for row, each in enumerate(truth)]
    a_judged_run(session, project, builders.items(session, project, 120, "test"), truth, said, confidence=0.99)
    # Two thirds are right, and it is 99 % sure.
    assert given(session, project)["calibration"]["figures"]["ece"] == pytest.approx(0.99 - 2 / 3, abs=1e-3)


@pytest.mark.parametrize(("decisions", "is_told"), [(19, False), (20, True)])
def test_a_run_is_dated_after_twenty_decisions(session, decisions, is_told):
    project, (herons, _) = a_birds(session, 30, 5)
    run = a_judged_run(session, project, herons[:2], [0, 0], [0, 0])
    decided(session, project, herons[:decisions], datetime.now(UTC) + timedelta(minutes=1))
    told = given(session, project)
    assert ("outdated" in told) == is_told
    if is_told:
        assert told["outdated"]["action"]["query"] == {"clone": run.id}


@pytest.mark.parametrize(("method", "is_told"), [("full", True), ("head", False)])
def test_a_run_below_the_baseline_is_told_unless_it_is_of_the_same_kind(session, method, is_told):
    project, _ = a_birds(session, 5, 5)
    a_judged_run(
        session,
        project,
        builders.items(session, project, 4, "test"),
        [0, 1, 0, 1],
        [0, 1, 1, 1],
        spec={"method": method},
        baselines={"logistic_regression": {"test": {"f1_macro": 0.95}}},
    )
    assert ("below_baseline" in given(session, project)) == is_told


def test_a_training_that_went_on_for_too_long_is_told(session):
    project, _ = a_birds(session, 5, 5)
    run = a_judged_run(session, project, builders.items(session, project, 2, "test"), [0, 1], [0, 1])
    builders.with_curve(session, run, "validation/loss", [1.0, 0.4, 0.41])
    assert "overfitting" not in given(session, project)
    session.add(RunMetric(run_id=run.id, name="validation/loss", step=40, epoch=2.0, value=0.6))
    assert given(session, project)["overfitting"]["figures"] == {"lowest": 0.4, "last": 0.6, "epoch": 1.0}


def test_of_the_runs_on_the_newest_data_the_best_counts(session):
    project, _ = a_birds(session, 5, 5)
    items = builders.items(session, project, 4, "test")
    best = a_judged_run(session, project, items, [0, 1, 0, 1], [0, 1, 0, 1], name="Good")
    snapshot_id = best.snapshot_id
    worse = builders.a_run(session, project, name="Worse", metrics={"test": {"n": 4, "f1_macro": 0.2}})
    worse.snapshot_id = snapshot_id
    decided(session, project, builders.items(session, project, 20, "more"), datetime.now(UTC) + timedelta(minutes=1))
    assert "“Good”" in given(session, project)["outdated"]["words"]


def test_what_waits_can_be_gone_through(session):
    project, ((one, *_), (other, *_)) = a_birds(session, 30, 30)
    one.status, other.status = Status.FLAGGED, Status.SKIPPED
    told = given(session, project)
    assert told["flagged"]["action"]["worklist"] == [one.id]
    assert told["skipped"]["action"]["worklist"] == [other.id]


def test_the_items_that_are_left_come_in_a_useful_order(session):
    project, _ = a_birds(session, 30, 30, to_do=7)
    assert given(session, project)["left_to_label"]["action"]["query"] == {"order": "mixed"}
    project.suggestion_set_id = a_set(session, project).id
    told = given(session, project)
    assert told["left_to_label"]["action"]["query"] == {"order": "uncertain"}
    assert "no_suggestions" not in told


def test_several_classes_an_item_break_nothing(session):
    project, _ = a_birds(session, 30, 30, multi_label=True, to_do=3)
    a_judged_run(session, project, builders.items(session, project, 4, "test"), [0, 1, 0, 1], [1, 1, 0, 0])
    assert "confused" not in given(session, project)


def test_a_run_without_a_snapshot_or_figures_breaks_nothing(session):
    project, _ = a_birds(session, 30, 30)
    builders.a_run(session, project)
    assert "few_test_items" not in given(session, project)


def test_the_api_gives_the_same(home):
    with writing() as session:
        project, _ = a_birds(session, 3, 12)
        codes = list(given(session, project))
    answer = TestClient(api.create(), base_url="http://127.0.0.1").get(f"/projects/{project.id}/advice")
    assert answer.status_code == 200
    assert [each["code"] for each in answer.json()["items"]] == codes


def on_page(project):
    return opened("pages.compare.page", project, view="next")


def test_the_page_says_how_many_labels_a_forecast_needs(home):
    with writing() as session:
        project, _ = a_birds(session, 3, 4, to_do=2)
    app = on_page(project)
    assert "at least 20 labeled items, and there are 7" in app.info[0].value.replace("\\", "")
    assert {"Label items", "Label more of “heron”"} <= {each.label for each in app.button}


A_FORECAST = {
    "items": 60,
    "classes": 2,
    "points": [
        {"n": n, "accuracy": 0.7, "accuracy_low": 0.6, "accuracy_high": 0.8, "f1_macro": 0.65, "f1_macro_low": 0.5,
         "f1_macro_high": 0.8}
        for n in (10, 30, 54)
    ],
    "fit": {
        figure: {"curve": [{"n": n, "value": 0.75, "low": 0.7, "high": 0.8} for n in (10, 60, 160)]}
        for figure in ("accuracy", "f1_macro")
    },
    "forecasts": [
        {"more": more, "n": 60 + more}
        | {
            figure: {"value": 0.8, "low": 0.7, "high": 0.9, "gain": {"value": 0.02, "low": 0.005, "high": 0.04}}
            for figure in ("accuracy", "f1_macro")
        }
        for more in (50, 60, 100)
    ],
    "by_class": [{"class_id": 1, "name": "<b>heron</b>", "labels": 30, "recall": 0.8, "before": 0.6}],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["text", "image"])
def test_the_page_draws_the_forecast_and_its_sentence(home, kind):
    with writing() as session:
        project, _ = a_birds(session, 30, 30, kind=kind)
        found(session, project, "learning_curve", A_FORECAST)
    app = on_page(project)
    words = " ".join(each.value.replace("\\", "") for each in app.markdown)
    assert "100 more labels: about +2.0 points of accuracy (between +0.5 and +4.0)" in words
    assert len(app.get("plotly_chart")) == 1
    assert "Forecast again" in {each.label for each in app.button}


def test_where_an_item_may_have_several_classes_macro_f1_comes_first(home):
    with writing() as session:
        project, _ = a_birds(session, 30, 30, multi_label=True, to_do=1)
        found(session, project, "learning_curve", A_FORECAST)
    app = on_page(project)
    words = " ".join(each.value.replace("\\", "") for each in app.markdown)
    assert "100 more labels: about +2.0 points of Macro-F1" in words
    assert any("rough guide" in each.value for each in app.caption)


def test_the_button_queues_the_forecast_and_its_card_shows(home):
    with writing() as session:
        project, _ = a_birds(session, 30, 30)
    app = on_page(project)
    app.button(key="next-forecast").click().run()
    assert not app.exception
    assert any("Forecast what more labels bring" in each.value for each in app.markdown)
    assert "next-forecast" not in {each.key for each in app.button}


@pytest.mark.parametrize("classes", [(), ("only",), ("heron", "duck")], ids=["none", "one", "two"])
@pytest.mark.parametrize("multi_label", [False, True], ids=["one-label", "several-labels"])
def test_the_page_opens_on_a_project_with_next_to_nothing(home, classes, multi_label):
    with writing() as session:
        project = builders.a_project(session, classes or ("gone",), multi_label=multi_label)
        builders.items(session, project, 3)
        if not classes:
            without_classes(session, project)
    assert on_page(project).subheader[0].value == "What more labels would bring"
