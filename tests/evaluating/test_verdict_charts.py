"""Differences from the first run: what is drawn, what many comparisons at once do to a p-value."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from backend.evaluating import verdict_charts


def a_verdict(b, verdict="better", p=0.01, difference=0.05, items=200):
    figure = {"a": 0.8, "b": 0.85, "difference": difference, "low": difference - 0.03, "high": difference + 0.04}
    found = {"a": 1, "b": b, "items": items, "only_a": 3, "only_b": 13, "p": p, "verdict": verdict, "words": f"{b}!"}
    return found | {"accuracy": figure, "f1_macro": figure}


NOTHING = {"a": None, "b": None, "difference": None, "low": None, "high": None}
RUNS = [{"id": number, "name": f"<b>run</b> {number}"} for number in range(1, 21)]


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        # R 4.3: p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm"), and of the rest alike.
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),
        ([0.03, 0.001, 0.5], [0.06, 0.003, 0.5]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([], []),
    ],
)
def test_p_values_are_corrected_as_holm_does(p_values, adjusted):
    assert verdict_charts.holm(p_values) == pytest.approx(adjusted)


@given(some.lists(some.floats(0, 1), max_size=20))
def test_a_corrected_p_value_is_never_lower_nor_above_one_and_keeps_its_place(p_values):
    adjusted = verdict_charts.holm(p_values)
    for p, q in zip(p_values, adjusted, strict=True):
        assert p <= q <= 1
    assert [adjusted[index] for index in sorted(range(len(p_values)), key=p_values.__getitem__)] == sorted(adjusted)


def test_fewer_runs_differ_when_all_comparisons_are_counted_together():
    verdicts = [a_verdict(2, p=0.001), a_verdict(3, p=0.04), a_verdict(4, verdict="undecided", p=0.3)]
    assert verdict_charts.differing(verdicts) == (2, 1)


def test_the_chart_shows_points_with_their_interval_and_a_line_at_zero():
    figure = verdict_charts.forest([a_verdict(2, difference=0.05)], RUNS)
    accuracy, f1 = figure.data
    assert list(accuracy.x) == list(f1.x) == pytest.approx([5])
    assert list(accuracy.error_x.array) == pytest.approx([4])
    assert list(accuracy.error_x.arrayminus) == pytest.approx([3])
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 0
    assert "points" in figure.layout.xaxis.title.text


def test_each_run_has_its_own_line_and_no_tag_of_a_name_is_read():
    figure = verdict_charts.forest([a_verdict(number) for number in range(2, 21)], RUNS)
    assert len(set(figure.layout.yaxis.ticktext)) == 19
    assert "<b>" not in figure.to_json()


def test_what_cannot_be_told_is_left_out_of_the_chart_and_said_in_the_table():
    nothing = a_verdict(2, verdict="undecided", p=1.0, items=0) | {"accuracy": NOTHING, "f1_macro": NOTHING}
    assert verdict_charts.forest([nothing], RUNS).layout.annotations[0].text == "No test items in common"
    [row] = verdict_charts.rows([nothing], RUNS)
    assert row["Verdict"] == "Nothing in common"
    assert row["Accuracy, points"] is None


def test_the_table_has_points_and_both_p_values():
    first, second = verdict_charts.rows([a_verdict(2, p=0.02), a_verdict(3, p=0.03)], RUNS)
    assert (first["Accuracy, points"], first["Accuracy, from"], first["Accuracy, to"]) == (5, 2, 9)
    assert (first["p"], first["p (Holm)"], second["p (Holm)"]) == pytest.approx((0.02, 0.04, 0.04))
