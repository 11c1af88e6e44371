"""Thresholds moved by hand: what they cost, kept with the run, its figures and its model, and taken back."""

import json

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sklearn import metrics as sklearn

from backend import errors, settings
from backend.api import app as api
from backend.evaluating import answers, comparison, threshold_charts
from backend.evaluating.answers import Told
from backend.training import artifact, runs, thresholds_of_run
from db import comparison as rows
from db import evaluations
from db.models import Evaluation, Prediction, Project, Run, RunState, Split
from db.session import reading, writing
from tests.evaluating import builders
from tests.evaluating.test_class_charts import HOSTILE, words_on
from tests.pages import opened

NAMES = ["joy", HOSTILE, "anger"]
ITEMS = 60


def scored(split):
    """Truth and scores of the items of a split."""
    random = np.random.default_rng(1 if split == Split.TEST else 2)
    truth = random.random((ITEMS, 3)) < [0.4, 0.2, 0.1]
    scores = 1 / (1 + np.exp(-(random.normal(size=(ITEMS, 3)) + 2 * truth - 1.2)))
    return truth, scores.astype(np.float32)


def a_finished_run(session, *, multi_label=True, tuned=(0.4, 0.3, 0.25)):
    """With predictions on validation and test items, thresholds, and a model that holds them."""
    project = builders.a_project(session, NAMES, multi_label=multi_label)
    snapshot = builders.a_snapshot(session, project)
    run = builders.a_run(session, project, snapshot)
    ids = [each["id"] for each in snapshot.classes]
    for split in (Split.VALIDATION, Split.TEST):
        truth, scores = scored(split)
        items = builders.items(session, project, ITEMS, f"{HOSTILE} {split.value}")
        for item, has, row in zip(items, truth, scores, strict=True):
            targets = [ids[place] for place in np.flatnonzero(has)]
            session.add(Prediction(
                run_id=run.id, item_id=item.id, split=split, target_ids=targets, class_id=ids[int(row.argmax())],
                confidence=float(row.max()), scores=row.tobytes(),
            ))  # fmt: skip
    run.metrics = {"train_seconds": 3.0, "thresholds": thresholds(ids, tuned), "test": {"f1_macro": 0.0, "n": ITEMS}}
    run.artifact = artifact.write(save_model, artifact.folder_of_run(run.id))
    artifact.put_thresholds(artifact.folder_of_run(run.id), tuned)
    session.flush()
    return project, run


def thresholds(ids, values):
    return [{"class_id": each, "threshold": value} for each, value in zip(ids, values, strict=True)]


def save_model(folder):
    (folder / "config.json").write_text("{}")
    (folder / artifact.CARD).write_text("# Head\n")


def again(run):
    with reading() as session:
        return runs.get(session, run.id)


def model_of(run):
    return settings.home() / run.artifact


def expected_f1(split, values):
    truth, scores = scored(split)
    return sklearn.f1_score(truth, scores >= np.array(values, np.float32), average="macro", zero_division=0)


def test_figures_follow_the_thresholds_and_so_does_the_model(home):
    with writing() as session:
        _, run = a_finished_run(session)
    found = thresholds_of_run.put(run.id, {"joy": 0.55, "anger": 0.1})
    new = again(run)
    for split in (Split.VALIDATION, Split.TEST):
        expected = expected_f1(split, [0.55, 0.3, 0.1])
        assert new.metrics[split.value]["f1_macro"] == pytest.approx(expected)
        assert found["metrics"][split.value]["f1_macro"] == pytest.approx(expected)
    assert new.metrics["train_seconds"] == 3.0
    assert artifact.thresholds_of(model_of(run)) == [0.55, 0.3, 0.1]
    card = (model_of(run) / artifact.CARD).read_text("utf-8")
    assert card.startswith("# Head\n")
    assert "| joy | 0.400 | 0.550 |" in card


def test_the_thresholds_of_training_are_kept_through_several_moves_and_taken_back(home):
    with writing() as session:
        _, run = a_finished_run(session)
    thresholds_of_run.put(run.id, {"joy": 0.55})
    thresholds_of_run.put(run.id, {"joy": 0.7, "anger": 0.9})
    kept = again(run).metrics["thresholds"]
    assert [each["threshold"] for each in kept] == [0.7, 0.3, 0.9]
    assert [each["tuned"] for each in kept] == [0.4, 0.3, 0.25]
    thresholds_of_run.put(run.id, None)
    new = again(run)
    assert new.metrics["thresholds"] == thresholds([each["class_id"] for each in kept], (0.4, 0.3, 0.25))
    assert new.metrics["test"]["f1_macro"] == pytest.approx(expected_f1(Split.TEST, [0.4, 0.3, 0.25]))
    assert artifact.thresholds_of(model_of(run)) == [0.4, 0.3, 0.25]
    assert (model_of(run) / artifact.CARD).read_text("utf-8") == "# Head\n"


def test_a_judgement_by_todays_labels_with_the_thresholds_of_before_is_forgotten(home):
    with writing() as session:
        _, run = a_finished_run(session)
        session.add(Evaluation(run_id=run.id, class_ids=[], metrics={"n": 1}, fingerprint="x"))
    thresholds_of_run.put(run.id, {"joy": 0.55})
    with reading() as session:
        assert evaluations.of_runs(session, [run.id]) == {}


@pytest.mark.parametrize(
    ("asked", "word"),
    [({"sorrow": 0.5}, "sorrow"), ({"joy": 1.2}, "1.2"), ({"joy": float("nan")}, "nan"), ({"joy": -0.1}, "-0.1")],
)
def test_what_makes_no_sense_changes_nothing(home, asked, word):
    with writing() as session:
        _, run = a_finished_run(session)
    with pytest.raises(errors.Invalid, match=word):
        thresholds_of_run.put(run.id, {"anger": 0.9} | asked)
    assert again(run).metrics == run.metrics
    assert artifact.thresholds_of(model_of(run)) == [0.4, 0.3, 0.25]


def test_a_run_whose_model_was_cleaned_away_moves_its_thresholds_all_the_same(home):
    with writing() as session:
        _, run = a_finished_run(session)
        session.get_one(Run, run.id).artifact = None
    thresholds_of_run.put(run.id, {"joy": 0.55})
    assert again(run).metrics["thresholds"][0]["threshold"] == 0.55


def test_where_an_item_has_one_class_or_the_run_is_at_work_there_is_nothing_to_move(home):
    with writing() as session:
        _, run = a_finished_run(session)
        session.get_one(Run, run.id).state = RunState.RUNNING
        other = builders.a_run(session, builders.a_project(session, name="Other"))
        empty = builders.a_run(session, builders.a_project(session, name="Empty", multi_label=True))
    for one, error in ((run, errors.Conflict), (other, errors.Invalid), (empty, errors.Conflict)):
        with pytest.raises(error):
            thresholds_of_run.put(one.id, {"joy": 0.5})


def test_over_http_a_class_goes_by_its_name_or_its_number(home):
    with writing() as session:
        _, run = a_finished_run(session)
    client = TestClient(api.create())
    number = again(run).metrics["thresholds"][2]["class_id"]
    answer = client.post(f"/runs/{run.id}/thresholds", json={"thresholds": {"joy": 0.55, str(number): 0.1}})
    assert answer.status_code == 200
    assert [each["threshold"] for each in answer.json()["thresholds"]] == [0.55, 0.3, 0.1]
    assert [each["tuned"] for each in answer.json()["thresholds"]] == [0.4, 0.3, 0.25]
    assert client.post(f"/runs/{run.id}/thresholds", json={"thresholds": {"sorrow": 0.5}}).status_code == 422
    back = client.post(f"/runs/{run.id}/thresholds", json={"thresholds": None}).json()
    assert [each["threshold"] for each in back["thresholds"]] == [0.4, 0.3, 0.25]
    assert client.post("/runs/999/thresholds", json={"thresholds": None}).status_code == 404


def test_what_a_threshold_costs_is_counted_as_scikit_learn_does(home):
    with writing() as session:
        project, run = a_finished_run(session)
    with reading() as session:
        lines = thresholds_of_run.lines_of(session, session.get_one(Project, project.id), again(run))
    truth, scores = scored(Split.VALIDATION)
    class_id = lines.classes[0]["id"]
    found = threshold_charts.costs(lines.said[Split.VALIDATION], class_id)
    for place in (0, 60, 100, 180):
        given = scores[:, 0] >= threshold_charts.GRID[place]
        (_, wrong), (missed, _) = sklearn.confusion_matrix(truth[:, 0], given, labels=[False, True])
        assert (found["false_alarms"][place], found["missed"][place]) == (wrong, missed)
        assert found["f1"][place] == pytest.approx(sklearn.f1_score(truth[:, 0], given, zero_division=0))
    best = threshold_charts.best(found)
    assert found["f1"][np.flatnonzero(best == threshold_charts.GRID)[0]] == found["f1"].max()
    told = threshold_charts.at(lines.said[Split.VALIDATION], class_id, 0.5)
    given = scores[:, 0] >= 0.5
    assert told["False alarms"] == f"{(given & ~truth[:, 0]).sum()} of {(~truth[:, 0]).sum()}"
    assert told["Missed"] == f"{(truth[:, 0] & ~given).sum()} of {truth[:, 0].sum()}"


def test_the_chart_marks_where_the_threshold_is_and_where_it_would_be_best(home):
    truth, scores = scored(Split.TEST)
    table = answers.Answers(True, [1, 2, 3], np.arange(ITEMS), truth, [1], [scores], [scores >= 0.5])
    found = {"validation": threshold_charts.costs(table, 1), "test": threshold_charts.costs(table, 1)}
    figure = threshold_charts.of_class(found, {"Slider": 0.5, "Now": 0.4, "Best F1": 0.35})
    assert [trace.name for trace in figure.data][-3:] == ["Slider 0.500", "Now 0.400", "Best F1 0.350"]
    assert sum(trace.showlegend is not False for trace in figure.data) == 6
    assert "<img" not in json.dumps(json.loads(figure.to_json()))
    assert threshold_charts.of_class({"test": None}, {"Now": 0.4}).layout.annotations[0].text


def test_a_run_answers_by_its_new_thresholds_everywhere(home):
    with writing() as session:
        project, run = a_finished_run(session)
    thresholds_of_run.put(run.id, {"joy": 0.99, HOSTILE: 0.99, "anger": 0.99})
    with reading() as session:
        new = runs.get(session, run.id)
        [table] = comparison.tables(session, session.get_one(Project, project.id), [run.id]).values()
        said = rows.answers(session, run.id)
    assert len(said) == ITEMS
    assert isinstance(Told(new, [], [], {}, said), Told)
    assert not table.given[0].any()


def view(project, run):
    return opened("pages.compare.page", project, view="certainty", runs=str(run.id))


def test_a_slider_changes_the_figures_and_the_threshold_is_used_and_reset(home):
    with writing() as session:
        project, run = a_finished_run(session)
    thresholds_of_run.put(run.id, None)
    app = view(project, run)
    assert app.metric[0].value == f"{expected_f1(Split.VALIDATION, [0.4, 0.3, 0.25]):.3f}"
    assert app.button(key="compare-lines-use").disabled
    slider = next(each for each in app.slider if each.label == "Answered from this score on")
    assert slider.value == 0.4
    slider.set_value(0.7).run()
    assert app.metric[0].value == f"{expected_f1(Split.VALIDATION, [0.7, 0.3, 0.25]):.3f}"
    assert "1 moved, not in use yet" in words_on(app)
    app.button(key="compare-lines-use").click().run()
    assert not app.exception
    assert again(run).metrics["thresholds"][0]["threshold"] == 0.7
    app = view(project, run)
    assert "moved by hand" in words_on(app)
    app.button(key="compare-lines-reset").click().run()
    assert not app.exception
    assert again(run).metrics["thresholds"][0] == {
        "class_id": run.metrics["thresholds"][0]["class_id"], "threshold": 0.4,
    }  # fmt: skip


def test_what_was_moved_stays_while_another_class_is_looked_at_and_can_be_discarded(home):
    with writing() as session:
        project, run = a_finished_run(session)
    thresholds_of_run.put(run.id, None)
    app = view(project, run)
    next(each for each in app.slider if each.label == "Answered from this score on").set_value(0.7).run()
    last = run.metrics["thresholds"][2]["class_id"]
    app.selectbox(key=f"compare-line-class-{run.id}").set_value(last).run()
    app.button(key="compare-line-best").click().run()
    assert "2 moved" in words_on(app)
    assert again(run).metrics["thresholds"][0]["threshold"] == 0.4
    app.button(key="compare-lines-discard").click().run()
    assert "those of the training" in words_on(app)
    assert app.metric[0].value == f"{expected_f1(Split.VALIDATION, [0.4, 0.3, 0.25]):.3f}"
    assert not app.exception
