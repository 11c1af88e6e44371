"""Runs as lines across their settings, and one setting against a figure."""

import pytest

from backend.evaluating import looks, setting_charts

HOSTILE = '<b onload="x">balanced</b> %{x}'


def a_setting(values, name="epochs", words=None):
    return {"setting": name, "title": name.title(), "values": values, "words": words or [str(each) for each in values]}


def some_runs(n):
    return [
        {"id": number, "name": f"{HOSTILE} {'long ' * 20}", "metrics": {"test": {"f1_macro": 0.5 + number / 100}}}
        for number in range(n)
    ]


def test_numbers_are_placed_by_size():
    scale = setting_charts.scale_of(a_setting([3, 5, 10]))
    assert (scale.values, scale.ticks, scale.words) == ([3, 5, 10], [3, 5, 10], ["3", "5", "10"])


@pytest.mark.parametrize(
    ("name", "values", "is_log"),
    [
        ("learning_rate", [1e-5, 3e-5], True),
        ("head.learning_rate", [1e-5, 3e-5], True),
        ("batch_size", [8, 16], False),
        ("batch_size", [1, 64], True),
        ("warmup", [0.0, 0.1], False),
        ("weight_decay", [-1.0, 100.0], False),
    ],
)
def test_learning_rates_and_widely_different_numbers_are_placed_by_their_logarithm(name, values, is_log):
    assert setting_charts.scale_of(a_setting(values, name)).is_log == is_log


def test_ten_times_the_learning_rate_is_one_step_on_the_axis():
    low, middle, high = setting_charts.scale_of(a_setting([1e-5, 1e-4, 1e-3], "learning_rate")).values
    assert (middle - low, high - middle) == pytest.approx((1, 1))


def test_many_learning_rates_get_round_numbers_for_ticks():
    rates = [1e-5 * 1.7**each for each in range(12)]
    scale = setting_charts.scale_of(a_setting(rates, "learning_rate"))
    assert set(scale.words) <= {f"{step * 10.0**power:g}" for power in range(-6, 0) for step in (1, 2, 5)}
    assert all(min(scale.values) <= each <= max(scale.values) for each in scale.ticks)


def test_what_is_no_number_stands_in_a_row_with_what_is_not_set_last():
    setting = a_setting([10, None, 5, 10], words=["10", "–", "5", "10"])
    scale = setting_charts.scale_of(setting)
    assert (scale.words, scale.values) == (["5", "10", "–"], [1, 2, 0, 1])
    yes_or_no = setting_charts.scale_of(a_setting([True, False], words=["yes", "no"]))
    assert yes_or_no.is_words


def test_ticks_that_would_be_written_over_each_other_are_left_out():
    scale = setting_charts.scale_of(a_setting([1.0, 1.01, 2.0]))
    assert scale.ticks == [1.0, 2.0]


@pytest.mark.parametrize("count", [3, 20])
def test_a_line_a_run_from_its_name_over_the_settings_to_its_figure(count):
    runs = some_runs(count)
    settings = [a_setting(list(range(count))), a_setting([HOSTILE] * (count - 1) + ["none"], "class_weights")]
    figure = setting_charts.parallel(runs, settings)
    assert len(figure.data) == count
    assert all(len(trace.x) == 4 for trace in figure.data)
    assert len(set(figure.layout.yaxis.ticktext)) == count
    # The worst is drawn first and lowest, the best last and highest; all stays near the axes.
    assert (figure.data[0].y[-1], figure.data[-1].y[-1]) == (0, 1)
    low, high = figure.layout.yaxis.range
    assert all(low <= y <= high for trace in figure.data for y in trace.y)
    assert "<b" not in figure.to_json()


def test_runs_with_the_same_value_pass_it_beside_each_other():
    figure = setting_charts.parallel(some_runs(3), [a_setting(["none", "none", "balanced"], "class_weights")])
    assert len({trace.y[1] for trace in figure.data}) == 3


def test_more_settings_than_there_is_room_for_are_left_out():
    settings = [a_setting([1, 2, 3], f"setting_{number}") for number in range(12)]
    figure = setting_charts.parallel(some_runs(3), settings)
    assert len(figure.layout.xaxis.ticktext) == setting_charts.MOST_AXES + 2


def test_a_run_without_figures_is_left_out_and_the_others_keep_their_colours():
    runs = some_runs(3)
    runs[0] = {"id": 9, "name": "failed", "metrics": {}}
    settings = a_setting([1, 2, 3])
    assert len(setting_charts.parallel(runs, [settings]).data) == 2
    figure = setting_charts.scatter(runs, settings)
    assert [trace.marker.color for trace in figure.data] == [looks.run_color(1), looks.run_color(2)]


def test_the_scatter_has_the_interval_of_the_figure():
    runs = [run | {"intervals": {"f1_macro": (0.4, 0.9)}} for run in some_runs(3)]
    figure = setting_charts.scatter(runs, a_setting([1e-5, 1e-4, 1e-3], "learning_rate"))
    assert figure.layout.xaxis.title.text.endswith("(log scale)")
    assert [trace.error_y.array[0] for trace in figure.data] == pytest.approx([0.4, 0.39, 0.38])
    assert "<b" not in figure.to_json()


def test_without_any_figure_it_is_said():
    for figure in (setting_charts.parallel([], []), setting_charts.scatter([], a_setting([]))):
        assert figure.layout.annotations[0].text == "No figures on test items yet"


def test_the_table_has_the_settings_in_words():
    [first, *_] = setting_charts.rows(some_runs(2), [a_setting([True, False], words=["yes", "no"])])
    assert (first["Epochs"], first["Macro-F1"]) == ("yes", 0.5)
