"""Intervals against scikit-learn's figures, published ones, and what a simulation says they should hold."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from backend.evaluating import bootstrap, intervals, metrics


def one_hot(positions, k):
    return np.eye(k, dtype=bool)[positions]


def two_runs(random, n, k=4, right=(0.75, 0.82), alike=0.7):
    """Truth and the answers of two runs that are right on much the same items; mistakes fall on any other class."""
    truth = random.integers(0, k, n)
    luck = random.random(n)
    lucks = (luck, np.where(random.random(n) < alike, luck, random.random(n)))
    said = [
        np.where(each < share, truth, (truth + random.integers(1, k, n)) % k)
        for share, each in zip(right, lucks, strict=True)
    ]
    return one_hot(truth, k), one_hot(said[0], k), one_hot(said[1], k)


def a_table(n, k):
    return st.lists(st.lists(st.booleans(), min_size=k, max_size=k), min_size=n, max_size=n).map(np.array)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 5)).flatmap(lambda shape: st.tuples(a_table(*shape), a_table(*shape)))
)
def test_macro_f1_is_that_of_the_metrics(tables):
    truth, said = tables
    per_class = [{"id": each, "name": str(each)} for each in range(truth.shape[1])]
    targets = [np.flatnonzero(row).tolist() for row in truth]
    expected = metrics.evaluate(targets, said.astype(float), per_class, multi_label=True)["f1_macro"]
    found = bootstrap.f1_macro(truth, said)
    assert np.isnan(found) if expected is None else found == pytest.approx(expected)


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_interval_is_the_middle_of_what_scikit_learn_says_of_resampled_items(multi_label):
    random = np.random.default_rng(3)
    truth, said, _ = two_runs(random, 300)
    if multi_label:
        truth, said = truth | (random.random(truth.shape) < 0.2), said | (random.random(truth.shape) < 0.1)
    draws = [random.integers(0, 300, 300) for _ in range(600)]
    [found] = bootstrap.intervals(truth, [said], draws=1500)
    for average in ("macro", "micro") if multi_label else ("macro",):
        expected = np.quantile([f1_score(truth[each], said[each], average=average) for each in draws], (0.025, 0.975))
        # Two sets of draws differ by a few thousandths.
        assert found[f"f1_{average}"] == pytest.approx(expected, abs=0.012)


def test_the_interval_of_a_difference_is_of_the_same_draws_of_both():
    random = np.random.default_rng(4)
    truth, a, b = two_runs(random, 300, alike=0.95)
    draws = [random.integers(0, 300, 300) for _ in range(600)]
    differences = [
        f1_score(truth[each], b[each], average="macro") - f1_score(truth[each], a[each], average="macro")
        for each in draws
    ]
    found = bootstrap.differences(truth, a, b, draws=1500)
    assert found["f1_macro"] == pytest.approx(np.quantile(differences, (0.025, 0.975)), abs=0.01)


def test_accuracy_has_wilsons_interval_and_a_width_even_where_all_is_right():
    truth = one_hot(np.arange(10) % 2, 2)
    [found] = bootstrap.intervals(truth, [truth])
    assert found["accuracy"] == intervals.wilson(10, 10) == found["f1_micro"]
    assert found["accuracy"][0] < 0.75
    assert found["f1_macro"] == (1.0, 1.0)


def test_the_interval_of_paired_shares_is_the_published_one():
    # Complete response before and after therapy, 161 patients (Cavo et al. 2012), as the R package contingencytables
    # to Fagerland, Lydersen & Laake 2017 has it: the Wald interval with the adjustment of Bonett and Price.
    assert bootstrap.of_paired_shares(16, 6, 161) == pytest.approx((-0.1195, -0.0032), abs=5e-5)


def test_intervals_hold_the_truth_as_often_as_they_say():
    random, sets, n, k = np.random.default_rng(5), 400, 200, 4
    right = (0.75, 0.82)
    # Classes are as frequent as one another and mistakes fall evenly, so that F1 of each class is the accuracy.
    held = dict.fromkeys(("accuracy", "difference", "f1", "f1_difference"), 0)
    for number in range(sets):
        truth, a, b = two_runs(random, n, k, right)
        [alone] = bootstrap.intervals(truth, [a], draws=500, seed=number)
        both = bootstrap.differences(truth, a, b, draws=500, seed=number)
        spans = (alone["accuracy"], both["accuracy"], alone["f1_macro"], both["f1_macro"])
        truths = (right[0], right[1] - right[0]) * 2
        for name, (low, high), value in zip(held, spans, truths, strict=True):
            held[name] += low <= value <= high
    assert {name: 0.92 <= count / sets <= 0.98 for name, count in held.items()} == dict.fromkeys(held, True), held


def test_of_20_items_the_interval_of_a_difference_of_accuracy_is_rather_too_wide_than_too_narrow():
    random, held = np.random.default_rng(6), 0
    for number in range(400):
        both = bootstrap.differences(*two_runs(random, 20), draws=10, seed=number)["accuracy"]
        held += both[0] <= 0.07 <= both[1]
    assert held / 400 >= 0.95


@pytest.mark.parametrize("n", [0, 1, 5])
@pytest.mark.parametrize("k", [0, 1, 3])
def test_few_items_and_few_classes_are_answered_within_what_is_possible(n, k):
    truth = np.zeros((n, k), bool)
    if k:
        truth[:, 0] = True
    for span in bootstrap.intervals(truth, [truth, ~truth])[1].values():
        assert 0 <= span[0] <= span[1] <= 1
    for span in bootstrap.differences(truth, truth, ~truth).values():
        assert -1 <= span[0] <= span[1] <= 1


def test_the_same_seed_gives_the_same_intervals():
    truth, a, b = two_runs(np.random.default_rng(7), 100)
    assert bootstrap.differences(truth, a, b, seed=1) == bootstrap.differences(truth, a, b, seed=1)
    assert bootstrap.differences(truth, a, b, seed=1) != bootstrap.differences(truth, a, b, seed=2)


def test_many_items_runs_and_classes_take_seconds_not_minutes():
    random = np.random.default_rng(8)
    truth, a, _ = two_runs(random, 10_000, 150)
    runs = [np.roll(a, shift, axis=1) if shift % 3 == 0 else a for shift in range(20)]
    started = time.perf_counter()
    assert len(bootstrap.intervals(truth, runs)) == 20
    # 2 s on two cores; the rest is for a busy machine.
    assert time.perf_counter() - started < 30
