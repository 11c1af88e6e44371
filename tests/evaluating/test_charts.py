"""Charts with few and many runs and classes, and with names that want to be more than text."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from backend.evaluating import charts, looks, metrics
from backend.evaluating.class_charts import MOST_CLASSES

HOSTILE = '<b onload="x">heron</b> & <a href="javascript:alert(1)">%{x}</a>'
RIGHT_TO_LEFT = "مالك الحزين الرمادي"
COUNTS_OF_RUNS = [1, 2, 20]


def some_classes(k):
    names = [HOSTILE, RIGHT_TO_LEFT, "long " * 16, *(f"class {each}" for each in range(k))][:k]
    return [{"id": each, "name": name, "color": looks.RUN_COLORS[each % 7]} for each, name in enumerate(names)]


def a_point(step, epoch):
    return {"step": step, "epoch": epoch, "seconds": 20.0 * step, "value": 1 / step}


def some_runs(n, k=3):
    generator = np.random.default_rng(0)
    classes = some_classes(k)
    targets = [[each % k] for each in range(3 * k)]
    return [
        {
            "id": number,
            "name": HOSTILE,
            "metrics": {"test": metrics.evaluate(targets, generator.random((3 * k, k)), classes, multi_label=False)},
            "intervals": {"accuracy": (0.1, 0.9), "f1_macro": (0.2, 0.8)},
            "curves": {
                "train/loss": [a_point(step, step / 10) for step in range(1, 40)],
                "validation/loss": [a_point(step, None) for step in (10, 20, 30)],
            },
        }
        for number in range(1, n + 1)
    ]


def every_chart(runs, classes):
    return [
        charts.curves(runs, "loss", smoothing=0.6),
        charts.curves(runs, "loss", by="seconds", is_log=True),
        charts.metric_bars(runs, baselines=[{"id": "b", "name": HOSTILE, "metrics": runs[0]["metrics"]}]),
        charts.per_class(runs, classes),
        *(charts.confusion(runs[0]["metrics"]["test"], by, title=HOSTILE) for by in ("count", "true", "predicted")),
    ]


@pytest.mark.parametrize("runs", COUNTS_OF_RUNS)
@pytest.mark.parametrize("k", [2, 10, 150])
def test_charts_hold_any_number_of_runs_and_classes_and_no_tag_of_a_name(runs, k):
    for figure in every_chart(some_runs(runs, k), some_classes(k)):
        assert isinstance(figure, go.Figure)
        written = json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
        for tag in ("<b ", "<a ", "</b>", "</a>"):
            assert tag not in written


def test_the_axes_say_what_they_measure():
    for figure in every_chart(some_runs(2), some_classes(3)):
        assert figure.layout.yaxis.title.text or figure.layout.xaxis.title.text
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"


def test_charts_of_one_row_are_equally_high():
    runs = some_runs(2)
    heights = {charts.curves(runs, what).layout.height for what in ("loss", "f1_macro")}
    assert heights | {charts.metric_bars(runs).layout.height} == {looks.HEIGHT_PX}


def test_train_and_validation_are_told_apart_and_a_run_keeps_its_colour():
    figure = charts.curves(some_runs(2), "loss")
    assert [trace.line.dash for trace in figure.data] == ["dot", "solid", "dot", "solid"]
    assert figure.data[0].line.color == figure.data[1].line.color != figure.data[2].line.color


def test_twenty_runs_are_told_apart_by_colour_and_symbol():
    looked = {(looks.run_color(each), looks.run_symbol(each)) for each in range(20)}
    assert len(looked) == 20


def test_a_run_without_figures_does_not_change_the_colours_of_the_others():
    runs = some_runs(3)
    runs[0] = {"id": 1, "name": "failed", "metrics": {}, "curves": {}}
    for figure in (charts.per_class(runs, some_classes(3)), charts.metric_bars(runs)):
        assert [trace.marker.color for trace in figure.data] == [looks.run_color(1), looks.run_color(2)]


def test_one_run_shows_its_classes_in_their_own_colours():
    classes = some_classes(3)
    [bars] = charts.per_class(some_runs(1), classes).data
    assert list(bars.marker.color) == [each["color"] for each in classes]


def test_beyond_thirty_classes_the_hardest_are_drawn_and_all_are_in_the_table():
    runs, classes = some_runs(1, 150), some_classes(150)
    [bars] = charts.per_class(runs, classes).data
    assert len(bars.x) == MOST_CLASSES
    rows = charts.per_class_rows(runs, classes)
    assert len(rows) == 150
    assert max(bars.x) <= sorted(row[f"F1, {HOSTILE}"] for row in rows)[MOST_CLASSES]


def test_nothing_to_draw_is_said_in_the_charts_place():
    nothing = [{"id": 1, "name": "new"}]
    figures = [
        charts.curves(nothing, "loss"),
        charts.metric_bars(nothing),
        charts.per_class(nothing, []),
        charts.confusion(None),
        charts.confusion({"confusion": None, "per_class": []}),
        charts.confusion(metrics.evaluate([], [], some_classes(2), multi_label=False)),
    ]
    for figure in figures:
        assert figure.layout.annotations[0].text


def test_the_confusion_matrix_shows_counts_or_shares():
    scores = np.eye(2)[[0, 0, 1, 0]]
    found = metrics.evaluate([[0], [0], [0], [1]], scores, some_classes(2), multi_label=False)
    assert charts.confusion(found).data[0].z.tolist() == [[2, 1], [1, 0]]
    assert charts.confusion(found, "true").data[0].z == pytest.approx(np.array([[2 / 3, 1 / 3], [1, 0]]))
    assert charts.confusion(found, "predicted").data[0].z == pytest.approx(np.array([[2 / 3, 1], [1 / 3, 0]]))
    assert charts.confusion_rows(found)[0]["Items"] == 1


def test_two_long_names_that_read_the_same_get_their_numbers():
    runs = [
        {"id": 7, "name": "a very long name of a run, first"},
        {"id": 8, "name": "a very long name of a run, second"},
    ]
    assert looks.names_of(runs) == [run["name"] for run in runs]
    assert looks.names_of(runs, 20) == ["a very long name… #7", "a very long name… #8"]


@pytest.mark.parametrize(
    ("name", "length", "expected"),
    [
        ("heron", 5, "heron"),
        ("heron", 4, "her…"),
        ("ab\u0301cd", 4, "ab\u0301…"),
        ("ab\u0301cd", 3, "a…"),
        ("ab\u0301\u0302c", 4, "a…"),
        ("two words", 5, "two…"),
    ],
)
def test_names_are_cut_between_letters(name, length, expected):
    assert looks.cut(name, length) == expected


def test_smoothing_starts_at_the_first_value_and_keeps_a_constant_curve():
    assert charts.smooth([2.0, 2.0, 2.0], 0.9) == pytest.approx([2, 2, 2])
    # Kingma & Ba: m2 = (0.5 * 0.5 * 1 + 0.5 * 3) / (1 - 0.5 ** 2).
    assert charts.smooth([1.0, 3.0], 0.5) == pytest.approx([1, (0.25 + 1.5) / 0.75])
    assert charts.smooth([1.0, 3.0], 0) == [1, 3]


def test_curves_along_the_time_say_its_unit_and_start_where_the_run_began():
    figure = charts.curves(some_runs(1), "loss", by="seconds")
    assert figure.layout.xaxis.title.text == "Time since its first point (min)"
    # 39 steps of 20 seconds are 13 minutes.
    assert (figure.data[0].x[0], figure.data[0].x[-1]) == pytest.approx((20 / 60, 13))


@pytest.mark.parametrize(("seconds", "unit"), [(0, "s"), (299, "s"), (300, "min"), (10_799, "min"), (10_800, "h")])
def test_times_are_in_a_unit_that_leaves_small_numbers(seconds, unit):
    assert charts.time_unit(seconds)[0] == unit


@pytest.mark.parametrize("count", COUNTS_OF_RUNS)
def test_a_run_is_once_in_the_legend_and_leaves_it_with_both_its_curves(count):
    figure = charts.curves(some_runs(count), "loss")
    shown = [trace.legendgroup for trace in figure.data if trace.showlegend]
    assert sorted(shown) == sorted({trace.legendgroup for trace in figure.data})
    assert len(shown) == count


def test_many_names_stand_beside_the_curves_and_not_on_them():
    assert charts.curves(some_runs(20), "loss").layout.legend.orientation == "v"
    assert charts.curves(some_runs(2), "loss").layout.legend.orientation == "h"


def test_smoothing_changes_what_is_drawn_and_not_what_is_said():
    smooth, plain = (charts.curves(some_runs(1), "loss", smoothing=weight).data[0] for weight in (0.9, 0))
    assert list(smooth.customdata) == list(plain.customdata) == list(plain.y)
    assert list(smooth.y) != list(plain.y)


def test_bars_reach_to_the_ends_of_their_interval():
    [run] = some_runs(1)
    [bars] = charts.metric_bars([run]).data
    ends = [run["intervals"]["accuracy"], run["intervals"]["f1_macro"]]
    assert [y + up for y, up in zip(bars.y, bars.error_y.array, strict=True)] == pytest.approx([e[1] for e in ends])
    down = zip(bars.y, bars.error_y.arrayminus, strict=True)
    assert [y - less for y, less in down] == pytest.approx([e[0] for e in ends])


@pytest.mark.parametrize("intervals", [None, {}, {"accuracy": None}, {"accuracy": (float("nan"), float("nan"))}])
def test_without_an_interval_there_is_a_bar_and_no_error_bar(intervals):
    [bars] = charts.metric_bars([some_runs(1)[0] | {"intervals": intervals}]).data
    assert bars.error_y.array is None
    assert len(bars.y) == 2


def test_the_table_behind_the_bars_has_the_ends_of_the_intervals():
    [row] = charts.metric_rows(some_runs(1))
    assert (row["Accuracy, from"], row["Accuracy, to"]) == (0.1, 0.9)
    assert not any(name.endswith(", from") for name in charts.metric_rows(some_runs(1), split="validation")[0])
