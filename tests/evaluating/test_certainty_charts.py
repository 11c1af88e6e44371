"""How far scores can be trusted: the figures against scikit-learn, the charts, and the view "Certainty"."""

import json

import numpy as np
import pytest
from sklearn import metrics as sklearn

from backend.evaluating import certainty, certainty_charts, lines, threshold_charts
from backend.evaluating.answers import Answers
from db import projects as project_rows
from db.models import RunState
from db.session import reading, writing
from tests.evaluating import builders
from tests.evaluating.test_class_charts import HOSTILE, class_names, runs_of, words_on
from tests.pages import opened


def some_answers(n=400, k=5, seed=3, *, multi_label=False):
    """A run that is mostly right, and as sure as its scores say."""
    random = np.random.default_rng(seed)
    place = random.integers(0, k, n)
    truth = random.random((n, k)) < 0.3 if multi_label else np.eye(k, dtype=bool)[place]
    logits = random.normal(size=(n, k)) + 2 * truth
    scores = 1 / (1 + np.exp(-logits)) if multi_label else np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = scores >= 0.5 if multi_label else np.eye(k, dtype=bool)[scores.argmax(axis=1)]
    return Answers(multi_label, list(range(k)), np.arange(n), truth, [1], [scores.astype(np.float32)], [given])


def certainty_view(project, runs):
    return opened("pages.compare.page", project, view="certainty", runs=",".join(str(run.id) for run in runs))


@pytest.mark.parametrize("multi_label", [False, True])
def test_areas_are_those_of_scikit_learn(multi_label):
    answers = some_answers(multi_label=multi_label)
    truth, scores = answers.truth, answers.scores[0]
    macro, micro = certainty.ranked(answers, 0, "macro"), certainty.ranked(answers, 0, "micro")
    assert macro.average_precision == pytest.approx(sklearn.average_precision_score(truth, scores, average="macro"))
    assert macro.auc == pytest.approx(sklearn.roc_auc_score(truth, scores, average="macro"))
    assert micro.average_precision == pytest.approx(sklearn.average_precision_score(truth, scores, average="micro"))
    assert micro.auc == pytest.approx(sklearn.roc_auc_score(truth, scores, average="micro"))
    one = certainty.ranked(answers, 0, 2)
    assert one.average_precision == pytest.approx(sklearn.average_precision_score(truth[:, 2], scores[:, 2]))
    false, true, _ = sklearn.roc_curve(truth[:, 2], scores[:, 2], drop_intermediate=False)
    assert one.roc[0] == pytest.approx(false)
    assert one.roc[1] == pytest.approx(true)


def test_the_mean_curves_have_nearly_the_mean_areas():
    found = certainty.ranked(some_answers(n=2000), 0, "macro")
    assert np.trapezoid(found.roc[1], found.roc[0]) == pytest.approx(found.auc, abs=0.01)
    recall, precision = found.pr
    assert np.sum(np.diff(recall) * precision[1:]) == pytest.approx(found.average_precision, abs=0.01)


def test_a_class_without_items_is_in_no_mean_and_has_no_curve():
    answers = some_answers()
    answers.truth[answers.truth[:, 4], 4] = False
    assert certainty.ranked(answers, 0, "macro").classes == 4
    assert certainty.ranked(answers, 0, 4) is None
    assert certainty.ranked(answers, 0, 99) is None
    assert certainty.reliable(answers, 0, 99) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_thinned_curve_is_the_same_picture(seed):
    """At any place in a column of pixels the highest and the lowest are still there."""
    random = np.random.default_rng(seed)
    x, y = np.sort(random.random(10_000)), np.abs(np.sin(np.arange(10_000) / 3)) * random.random(10_000)
    few_x, few_y = certainty.thinned(x, y)
    assert len(few_x) <= 800
    assert few_x.tolist() == sorted(few_x)
    assert (few_x[0], few_y[0], few_x[-1], few_y[-1]) == (x[0], y[0], x[-1], y[-1])
    for column in range(200):
        whole, few = (y[(x * 200).astype(int) == column], few_y[(few_x * 200).astype(int) == column])
        assert (whole.min(), whole.max()) == (few.min(), few.max())
    assert certainty.thinned(x[:700], y[:700])[0] is not x
    assert len(certainty.thinned(x[:700], y[:700])[0]) == 700


def bin_of(confidence, share, n):
    return {"n": n, "confidence": confidence, "share": share, "share_low": share - 0.05, "share_high": share + 0.05}


def test_confidence_is_told_in_words():
    over = {"bins": [bin_of(0.9, 0.78, 200), bin_of(0.5, 0.48, 500)]}
    expected = "Of the answers at about 90% confidence, 78% are right: this run is too sure of itself."
    assert certainty.in_words(over) == expected
    assert "right more often than it says" in certainty.in_words({"bins": [bin_of(0.6, 0.8, 50)]})
    assert "taken at its word" in certainty.in_words({"bins": [bin_of(0.6, 0.62, 50)]})
    assert "too few" in certainty.in_words({"bins": [bin_of(0.6, 0.9, 3)]})


@pytest.mark.parametrize("n", [1, 2, 20])
def test_charts_hold_any_number_of_runs_and_no_tag_of_a_name(n):
    answers = some_answers()
    runs = [{"id": number, "name": f"{HOSTILE} {number}"} for number in range(n)]
    ranks, bins = [certainty.ranked(answers, 0, "macro")] * n, [certainty.reliable(answers, 0)] * n
    covered = [lines.coverage(answers.confidence(0), answers.is_right(0))] * n
    figures = [
        certainty_charts.precision_recall(runs, ranks),
        certainty_charts.roc(runs, ranks),
        certainty_charts.reliability(runs, bins),
        certainty_charts.spread(runs, bins),
        threshold_charts.coverage(runs, covered, 0.8),
    ]
    for figure in figures:
        assert "<img" not in json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text
    assert len({figure.layout.height for figure in figures}) == 1
    assert "ECE" in figures[2].data[0].name
    assert "AP 0." in figures[0].data[0].name


def test_a_run_without_answers_keeps_its_place_among_the_colours_and_nothing_at_all_is_said():
    runs = [{"id": 1, "name": "failed"}, {"id": 2, "name": "good"}]
    answers = some_answers()
    rank, bins = certainty.ranked(answers, 0, "macro"), certainty.reliable(answers, 0)
    covered = lines.coverage(answers.confidence(0), answers.is_right(0))
    colors = {
        certainty_charts.roc(runs, [None, rank]).data[0].line.color,
        certainty_charts.reliability(runs, [None, bins]).data[0].line.color,
        threshold_charts.coverage(runs, [None, covered], 0.5).data[0].line.color,
    }
    assert colors == {certainty_charts.looks.run_color(1)}
    for nothing in (
        certainty_charts.precision_recall(runs, [None, None]),
        certainty_charts.roc(runs, [None, None]),
        certainty_charts.reliability(runs, [None, None]),
        certainty_charts.spread(runs, [None, None]),
        threshold_charts.coverage(runs, [None, None], 0.5),
    ):
        assert nothing.layout.annotations[0].text


def test_answering_only_when_sure_counts_what_is_left_to_a_person():
    answers = some_answers()
    confidence, right = answers.scores[0].max(axis=1), answers.truth[np.arange(400), answers.scores[0].argmax(axis=1)]
    found = certainty.answering(answers, 0, 0.8)
    sure = confidence >= 0.8
    expected = {"items": 400, "answered": sure.sum(), "right": (sure & right).sum(), "left": (~sure).sum()}
    assert found == expected
    covered = lines.coverage(confidence, right)
    least, answered = certainty.sure_enough(covered, 0.95)
    assert right[confidence >= least].mean() >= 0.95
    assert (confidence >= least).mean() == pytest.approx(answered)
    lower = covered["thresholds"][covered["thresholds"] < least]
    assert all(right[confidence >= each].mean() < 0.95 for each in lower)
    assert certainty.sure_enough(covered, 1.01) is None


@pytest.mark.parametrize(("n", "k"), [(1, 2), (2, 10), (2, 150), (20, 2)])
def test_the_view_draws_any_number_of_runs_and_classes(home, n, k):
    with writing() as session:
        project = builders.a_project(session, [f"{each} {name}"[:80] for each, name in enumerate(class_names(k))])
        given = [[(item + (item + run) % 2) % k for item in range(2 * k)] for run in range(n)]
        runs = runs_of(session, project, given)
    app = certainty_view(project, runs)
    assert len(app.get("plotly_chart")) == 5
    assert "<img" not in words_on(app).replace("\\<img", "")
    with reading() as session:
        first = project_rows.classes(session, project.id)[0].id
    app.selectbox(key=f"compare-curves-of-{project.id}").set_value(first).run()
    assert not app.exception
    assert "scores for this class" in words_on(app)


def test_a_slider_says_how_much_is_answered_and_how_much_is_left(home):
    with writing() as session:
        project = builders.a_project(session)
        [run] = runs_of(session, project, [[0, 1, 1, 0]])
    app = certainty_view(project, [run])
    # Its answers are all given with 90 %.
    app.slider(key="compare-sure").set_value(90).run()
    assert sure_table(app)["Left to a person"].tolist() == [0]
    assert sure_table(app)["Right of those"].tolist() == [50]
    app.slider(key="compare-sure").set_value(91).run()
    assert sure_table(app)["Left to a person"].tolist() == [4]
    assert "less than 95%" in words_on(app).replace("\\", "")


def sure_table(app):
    return next(each.value for each in app.dataframe if "Left to a person" in each.value.columns)


def test_runs_without_answers_leave_an_invitation_and_do_not_break_the_others(home):
    with writing() as session:
        project = builders.a_project(session)
        failed = builders.a_failed_run(session, project)
        waiting = builders.a_run(session, project, state=RunState.QUEUED, spec={}, name="")
        [good] = runs_of(session, project, [[0, 1, 1, 0]])
    assert "answers on test items yet" in words_on(certainty_view(project, [failed, waiting]))
    assert len(certainty_view(project, [failed, good, waiting]).get("plotly_chart")) == 5
