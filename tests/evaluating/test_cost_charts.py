"""What a figure costs: the line that nothing cheaper beats, and the cheapest within the best one's interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from backend.evaluating import cost_charts


def a_run(number, seconds, f1, span=None, **fields):
    figures = {"f1_macro": f1, "accuracy": f1}
    fields = {
        "id": number,
        "name": f"<b>run</b> {number}",
        "metrics": {"test": figures if f1 is not None else {}},
    } | fields
    return fields | {"seconds": seconds, "intervals": {"f1_macro": span} if span else None}


def test_the_line_joins_what_nothing_cheaper_beats():
    runs = [a_run(1, 10, 0.8), a_run(2, 5, 0.7), a_run(3, 7, 0.6), a_run(4, 100, 0.9), a_run(5, 10, 0.75)]
    assert cost_charts.frontier(runs, "seconds", "f1_macro") == [1, 0, 3]


@given(some.lists(some.tuples(some.integers(1, 9), some.integers(0, 9)), min_size=1, max_size=12))
def test_the_line_is_what_comparing_every_pair_gives(pairs):
    runs = [a_run(number, cost, value / 10) for number, (cost, value) in enumerate(pairs)]
    costs, values = (np.array(each) for each in zip(*pairs, strict=True))
    is_beaten = [
        bool(((costs <= c) & (values >= v) & ((costs < c) | (values > v))).any())
        for c, v in zip(costs, values, strict=True)
    ]
    undominated = {pair for pair, beaten in zip(pairs, is_beaten, strict=True) if not beaten}
    assert {pairs[place] for place in cost_charts.frontier(runs, "seconds", "f1_macro")} == undominated


def test_the_cheapest_within_the_interval_of_the_best_is_found():
    runs = [a_run(1, 100, 0.9, (0.85, 0.94)), a_run(2, 3, 0.7), a_run(3, 10, 0.86), a_run(4, 50, 0.89)]
    assert cost_charts.cheapest(runs, "seconds", "f1_macro") == (0, 2)


@pytest.mark.parametrize(
    "runs",
    [
        [a_run(1, 100, 0.9, (0.85, 0.94))],
        [a_run(1, 100, 0.9), a_run(2, 3, 0.89)],
        [a_run(1, 100, 0.9, (0.85, 0.94)), a_run(2, None, 0.89)],
        [a_run(1, 100, 0.9, (0.85, 0.94)), a_run(2, 5, None)],
    ],
    ids=["one run", "no interval", "no cost", "no figure"],
)
def test_where_nothing_can_be_said_of_the_cheapest_nothing_is(runs):
    assert cost_charts.cheapest(runs, "seconds", "f1_macro") is None


def test_costs_that_lie_far_apart_are_on_a_log_scale():
    assert cost_charts.tradeoff([a_run(1, 2, 0.8), a_run(2, 200, 0.9)], "seconds").layout.xaxis.type == "log"
    assert cost_charts.tradeoff([a_run(1, 20, 0.8), a_run(2, 200, 0.9)], "seconds").layout.xaxis.type is None


def test_axes_name_their_unit_and_no_tag_of_a_name_is_read():
    runs = [
        a_run(1, 20, 0.8, size_bytes=60_000),
        a_run(2, 2000, 0.9, (0.8, 0.95), size_bytes=90e6, parameters=22_000_000),
    ]
    assert cost_charts.tradeoff(runs, "seconds").layout.xaxis.title.text == "Time of training (min)"
    figure = cost_charts.tradeoff(runs, "size_bytes")
    assert figure.layout.xaxis.title.text == "Model size (MB)"
    assert "22,000,000 weights" in figure.to_json()
    assert "<b>" not in figure.to_json()


def test_where_no_cost_is_known_it_is_said():
    figure = cost_charts.tradeoff([a_run(1, None, 0.8)], "seconds")
    assert figure.layout.annotations[0].text == "Time of training is not known of these runs"


@pytest.mark.parametrize(
    ("cost", "value", "words"),
    [
        ("seconds", 12.5, "12.5 s"),
        ("seconds", 600, "10 min"),
        ("size_bytes", 60_000, "60 kB"),
        ("size_bytes", 90e6, "90 MB"),
        ("size_bytes", 1.5e9, "1.5 GB"),
        ("size_bytes", 500, "0.5 kB"),
    ],
)
def test_costs_are_said_with_their_unit(cost, value, words):
    assert cost_charts.in_words(cost, value) == words


def test_the_table_says_which_run_is_on_which_line():
    first, second = cost_charts.rows([a_run(1, 5, 0.8, size_bytes=2e6), a_run(2, 9, 0.7, size_bytes=1e6)])
    assert (first["Nothing quicker is better"], second["Nothing quicker is better"]) == (True, False)
    assert (first["Nothing smaller is better"], second["Nothing smaller is better"]) == (True, True)
    assert second["Model size (MB)"] == 1


def test_a_cost_that_is_the_same_in_words_tells_nothing_apart():
    runs = [a_run(1, 20.01, 0.8), a_run(2, 20.02, 0.9)]
    assert not cost_charts.tells_apart(runs, "seconds")
    assert not cost_charts.tells_apart(runs, "size_bytes")
    assert cost_charts.tells_apart([*runs, a_run(3, 25, 0.9)], "seconds")
