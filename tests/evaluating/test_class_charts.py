"""Figures of classes and confusion matrices: the numbers, the charts, and the view "Classes"."""

import json

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from backend.evaluating import class_charts, comparison, confusion_charts, confusions, metrics
from backend.evaluating.answers import Answers
from db.models import RunState
from db.session import reading, writing
from tests.evaluating import builders
from tests.evaluating.builders import sure
from tests.pages import opened

HOSTILE = '<img src=x onerror="alert(1)"> **bold** $x$ %{x}'
RIGHT_TO_LEFT = "مالك الحزين الرمادي"
NAMES = [HOSTILE, RIGHT_TO_LEFT, "long " * 16]


def class_names(k):
    return [*NAMES, *(f"class {each}" for each in range(k))][:k]


def some_answers(truth, given, k=3, first_class=10):
    """One run that answers these positions of classes, the later items the surer."""
    scores = np.zeros((len(truth), k), np.float32)
    scores[np.arange(len(given)), given] = np.linspace(0.5, 0.9, len(given))
    table = np.eye(k, dtype=bool)
    ids = list(range(first_class, first_class + k))
    return Answers(False, ids, np.arange(100, 100 + len(truth)), table[truth], [1], [scores], [table[given]])


def runs_of(session, project, answered, *, multi_label=False, k=None):
    """A run for each list of answers, all on the same test items, whose truth goes round the classes."""
    snapshot = builders.a_snapshot(session, project)
    k = k or len(snapshot.classes)
    items = builders.items(session, project, len(answered[0]), HOSTILE)
    truth = [[each % k] for each in range(len(items))]
    runs = []
    for number, given in enumerate(answered):
        run = builders.a_run(session, project, snapshot, name=f"{HOSTILE} {number}")
        scores = np.array([sure(each, k) for each in given])
        runs.append(builders.with_answers(session, run, items, truth, scores, multi_label=multi_label))
    return runs


def classes_view(project, runs, **more):
    return opened("pages.compare.page", project, view="classes", runs=",".join(str(run.id) for run in runs), **more)


def words_on(app):
    return " ".join(each.value for each in [*app.markdown, *app.caption, *app.info, *app.subheader])


def test_a_confusion_matrix_is_that_of_scikit_learn_in_the_order_asked():
    random = np.random.default_rng(5)
    truth, given = random.integers(0, 3, 200), random.integers(0, 3, 200)
    found = confusions.counted(some_answers(truth, given), 0, [12, 99, 10, 11])
    expected = confusion_matrix(truth, given, labels=[2, 0, 1])
    assert found[np.ix_([0, 2, 3], [0, 2, 3])].tolist() == expected.tolist()
    assert not found[1].any()
    assert not found[:, 1].any()


def test_the_items_of_a_cell_are_as_many_as_it_says_the_surest_first():
    random = np.random.default_rng(5)
    truth, given = random.integers(0, 3, 60), random.integers(0, 3, 60)
    answers = some_answers(truth, given)
    found = confusions.cells(answers, 0)
    assert sum(found.values()) == 60
    mistakes = [n for (true, answered), n in found.items() if true != answered]
    assert list(found.values())[: len(mistakes)] == sorted(mistakes, reverse=True)
    for (true, answered), n in found.items():
        ids = confusions.items_in(answers, 0, (true, answered))
        assert len(ids) == n
        assert ids == sorted(100 + np.flatnonzero((truth == true - 10) & (given == answered - 10)), reverse=True)


def test_with_several_classes_an_item_a_cell_is_a_class_missed_or_answered_wrongly():
    truth = np.array([[1, 1], [1, 0], [0, 0], [0, 1]], bool)
    scores = np.array([[0.9, 0.2], [0.1, 0.8], [0.6, 0.7], [0.2, 0.9]], np.float32)
    answers = Answers(True, [7, 8], np.arange(4), truth, [1], [scores], [scores >= 0.5])
    assert confusions.cells(answers, 0) == {(None, 8): 2, (7, None): 1, (8, None): 1, (None, 7): 1}
    assert confusions.items_in(answers, 0, (None, 8)) == [1, 2]
    assert confusions.items_in(answers, 0, (7, None)) == [1]


def test_the_difference_is_blue_where_the_second_run_is_better_and_orange_where_it_is_worse():
    a, b = np.array([[5, 3], [0, 4]]), np.array([[7, 1], [2, 2]])
    figure = confusion_charts.difference(a, b, ["heron", "egret"], titles=("old", "new"))
    heat, marks = figure.data
    # More right and fewer mistakes of the heron: better. Fewer right and more mistakes of the egret: worse.
    assert np.sign(heat.z).tolist() == [[1, 1], [-1, -1]]
    assert list(marks.text) == ["+2", "−2", "+2", "−2"]
    assert "3 by \u2068old\u2069, 1 by \u2068new\u2069" in heat.hovertext[0][1]
    assert heat.colorscale[0][1].startswith("rgba(213,94,0")
    assert heat.colorscale[-1][1].startswith("rgba(0,114,178")


def test_the_difference_of_shares_is_in_points_of_the_whole_class():
    a, b = np.array([[5, 5], [0, 10]]), np.array([[8, 2], [0, 10]])
    marks = confusion_charts.difference(a, b, ["heron", "egret"], "true", titles=("old", "new")).data[1]
    assert list(marks.text) == ["+30.0", "−30.0"]


def test_of_many_classes_those_in_the_most_mistakes_are_drawn_and_a_click_names_the_right_ones():
    counts = np.diag(np.full(150, 5))
    counts[140, 7] = 4
    counts[3, 140] = 2
    kept = confusion_charts.most_confused([counts], 3)
    assert kept == [3, 7, 140]
    heat, marks = confusion_charts.matrix(counts, class_names(150), "true", kept=kept).data
    assert np.asarray(heat.z)[2].tolist() == pytest.approx([0, 4 / 9, 5 / 9])
    clicked = {tuple(each) for each in marks.customdata}
    assert clicked == {(3, 3), (7, 7), (140, 140), (140, 7), (3, 140)}
    assert len(confusion_charts.matrix_rows(counts, class_names(150))) == 152


@pytest.mark.parametrize("k", [2, 10, 150])
def test_no_name_is_a_tag_in_a_difference(k):
    # As of runs that are mostly right: each class is taken for two others.
    counts = [sum(np.roll(np.eye(k, dtype=int), by, axis=1) for by in (0, step, 2 * step)) for step in (1, 3)]
    figure = confusion_charts.difference(*counts, class_names(k), titles=(HOSTILE, HOSTILE + "2"))
    written = json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
    assert "<img" not in written
    assert len(written) < 1_000_000


def test_runs_without_common_items_have_no_difference():
    nothing = confusion_charts.difference(np.zeros((2, 2)), np.ones((2, 2)), ["a", "b"], titles=("old", "new"))
    assert "no test items in common" in nothing.layout.annotations[0].text


def test_changes_are_in_points_against_the_first_run_and_the_worst_can_come_first():
    classes = [{"id": each, "name": f"class {each}", "color": "#000000"} for each in range(3)]
    tables = [
        metrics.evaluate([[0], [1], [2], [0]], np.eye(3)[given], classes, multi_label=False)
        for given in ([0, 1, 2, 0], [0, 0, 2, 0])
    ]
    runs = [{"id": 1, "name": "old", "metrics": {"test": tables[0]}}]
    runs += [{"id": 2, "name": "new", "metrics": {"test": tables[1]}}, {"id": 3, "name": "failed", "metrics": {}}]
    rows = class_charts.per_class_rows(runs, classes, figure="recall")
    assert [row["Change, new"] for row in rows] == [0, -100, 0]
    assert rows[0]["Change, failed"] is None
    by_run = [class_charts.rates_of(run) for run in runs]
    assert [each["id"] for each in class_charts.most_lost_first(classes, by_run, "f1")] == [1, 0, 2]
    assert [each["id"] for each in class_charts.lowest_first(classes, by_run, "f1")] == [1, 0, 2]
    assert list(class_charts.per_class(runs, classes, figure="precision").data[1].x) == pytest.approx([2 / 3, 0, 1])


@pytest.mark.parametrize(("n", "k"), [(1, 2), (2, 10), (3, 150), (20, 2)])
def test_the_view_draws_any_number_of_runs_and_classes(home, n, k):
    with writing() as session:
        project = builders.a_project(session, [f"{each} {name}"[:80] for each, name in enumerate(class_names(k))])
        given = [[(item + (item + run) % 3 % 2) % k for item in range(2 * k)] for run in range(n)]
        runs = runs_of(session, project, given)
    app = classes_view(project, runs)
    assert "Class by class" in words_on(app)
    assert "What is taken for what" in words_on(app)
    assert ("What changed" in words_on(app)) == (n > 1)
    assert len(app.get("plotly_chart")) == 1 + min(n, 2) + (n > 1)
    assert "<img" not in words_on(app).replace("\\<img", "")


def test_a_cell_chosen_in_the_list_shows_its_items_and_a_button_for_them(home):
    with writing() as session:
        project = builders.a_project(session, ["heron", "egret"])
        [run] = runs_of(session, project, [[1, 1, 0, 0]])
    app = classes_view(project, [run])
    cell = app.selectbox(key="compare-cell")
    assert cell.options[0] == "1 item of heron taken for egret"
    app = cell.set_value((run.id, tuple(comparison_classes(project, run)))).run()
    assert not app.exception
    assert app.button(key="compare-cell-open").disabled is False
    assert app.button(key="compare-cell-open").label == "Go through them"


def comparison_classes(project, run):
    with reading() as session:
        return [each["id"] for each in comparison.compare(session, project, [run.id])["classes"]]


def all_classes(app):
    return [each for each in app.dataframe if "Recall, " in str(list(each.value.columns))][-1]


def test_figure_order_and_classes_can_be_chosen(home):
    with writing() as session:
        project = builders.a_project(session, [f"class {each}" for each in range(14)])
        right = [each % 14 for each in range(28)]
        runs = runs_of(session, project, [right, [0, 0, *right[2:]]])
    app = classes_view(project, runs)
    app.segmented_control(key="compare-class-figure").set_value("recall").run()
    app.segmented_control(key="compare-order-False").set_value("lost").run()
    table = all_classes(app)
    assert table.value["Class"].iloc[0] == "class 1"
    assert table.value.iloc[0][f"Change, {HOSTILE} 1"] == -50
    only = app.multiselect(key=f"compare-only-{project.id}")
    only.set_value([comparison_classes(project, runs[0])[3]]).run()
    table = all_classes(app)
    assert table.value["Class"].tolist() == ["class 3"]
    assert not app.exception


def test_with_several_classes_an_item_there_is_no_matrix_but_the_items_missed(home):
    with writing() as session:
        project = builders.a_project(session, ["heron", "egret"], multi_label=True)
        runs = runs_of(session, project, [[1, 1, 0, 1], [0, 1, 0, 1]], multi_label=True)
    app = classes_view(project, runs)
    assert "no matrix" in words_on(app)
    assert any("heron was missed" in option for option in app.selectbox(key="compare-cell").options)


def test_runs_without_answers_leave_an_invitation_and_do_not_break_the_others(home):
    with writing() as session:
        project = builders.a_project(session)
        failed = builders.a_failed_run(session, project)
        waiting = builders.a_run(session, project, state=RunState.QUEUED, spec={}, name="")
        [good] = runs_of(session, project, [[0, 1, 1, 0]])
    assert "figures on test items yet" in words_on(classes_view(project, [failed, waiting]))
    assert "What is taken for what" in words_on(classes_view(project, [failed, good, waiting]))
