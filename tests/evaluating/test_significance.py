"""The exact test against SciPy's and published examples; what is said of two runs."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, f1_score

from backend.evaluating import bootstrap, significance


def answers(*, both=0, only_a=0, only_b=0, neither=0):
    """Two classes; truth, a and b for so many items."""
    n = both + only_a + only_b + neither
    is_right = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [both, only_a, only_b, neither], axis=0).astype(bool)
    truth = np.arange(n) % 2
    tables = [np.eye(2, dtype=bool)[np.where(right, truth, 1 - truth)] for right in is_right.T]
    return np.eye(2, dtype=bool)[truth], *tables


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [
        # Airway hyper-responsiveness before and after stem cell transplantation, 21 children (Bentur et al. 2009), and
        # complete response before and after therapy (Cavo et al. 2012): exact conditional tests in Fagerland,
        # Lydersen & Laake, BMC Medical Research Methodology 13:91 (2013), and their R package contingencytables.
        (7, 1, 0.0703),
        (16, 6, 0.052479),
        # Support of a cabinet in January and April (Aoki, McNemar test in R): binom.test(c(35, 28)).
        (28, 35, 0.45),
    ],
)
def test_published_examples(only_a, only_b, p):
    assert significance.mcnemar(only_a, only_b) == pytest.approx(p, abs=6e-5 if p != 0.45 else 5e-3)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 3000))
def test_the_exact_test_is_scipys(only_a, only_b):
    expected = binomtest(only_a, only_a + only_b, 0.5).pvalue if only_a + only_b else 1.0
    assert significance.mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_a_million_items_are_no_matter():
    assert significance.mcnemar(500_000, 501_500) == pytest.approx(binomtest(500_000, 1_001_500).pvalue, rel=1e-6)
    assert significance.mcnemar(0, 1_000_000) == 0.0


def test_compare_counts_and_measures():
    truth, a, b = answers(both=150, only_a=10, only_b=30, neither=10)
    found = significance.compare(truth, a, b)
    assert (found["items"], found["only_a"], found["only_b"]) == (200, 10, 30)
    assert found["p"] == pytest.approx(binomtest(10, 40).pvalue)
    assert found["accuracy"]["a"] == accuracy_score(truth, a)
    assert found["accuracy"]["b"] == accuracy_score(truth, b)
    assert found["accuracy"]["difference"] == pytest.approx(0.1)
    assert found["f1_macro"]["a"] == pytest.approx(f1_score(truth, a, average="macro"))
    assert found["f1_macro"]["b"] == pytest.approx(f1_score(truth, b, average="macro"))
    assert (found["accuracy"]["low"], found["accuracy"]["high"]) == bootstrap.of_paired_shares(10, 30, 200)
    assert found["verdict"] == "better"
    assert significance.compare(truth, b, a)["verdict"] == "worse"


def test_an_item_of_several_classes_is_right_when_all_of_it_is():
    truth = np.array([[True, True], [True, False]])
    half = np.array([[True, False], [True, False]])
    found = significance.compare(truth, truth, half)
    assert (found["only_a"], found["only_b"]) == (1, 0)


def test_the_verdict_needs_both_the_test_and_the_interval():
    # 5 items all to one side: p = 0.0625, though the interval leaves out 0.
    found = significance.compare(*answers(both=95, only_b=5))
    assert found["p"] == pytest.approx(0.0625)
    assert found["verdict"] == "undecided"
    assert significance.compare(*answers(both=94, only_b=6, neither=0))["verdict"] == "better"


def test_runs_that_answer_alike_are_the_same():
    found = significance.compare(*answers(both=30, neither=10))
    assert (found["verdict"], found["p"], found["accuracy"]["difference"]) == ("same", 1.0, 0.0)
    assert significance.in_words(found, "A", "B") == "A and B answer alike on 40 test items."


def test_without_items_nothing_is_told():
    found = significance.compare(*(np.zeros((0, 3), bool),) * 3)
    assert found["items"] == 0
    assert found["verdict"] == "undecided"
    assert found["could_see"] is None
    assert set(found["accuracy"].values()) == set(found["f1_macro"].values()) == {None}
    assert "no test item in common" in significance.in_words(found, "A", "B")


def test_what_could_be_seen_solves_connors_sample_size():
    # Connor 1987: n = (1.96 sqrt(s) + 0.84 sqrt(s - d^2))^2 / d^2 pairs show d with 80 % power at share s unlike.
    share, difference = 0.25, 0.1
    n = (1.959964 * sqrt(share) + 0.841621 * sqrt(share - difference**2)) ** 2 / difference**2
    items = round(n)
    assert significance.could_see(items, round(share * items)) == pytest.approx(difference, abs=0.001)


def test_four_of_five_test_sets_show_what_could_be_seen():
    random, n, share = np.random.default_rng(0), 400, 0.2
    least = significance.could_see(n, int(share * n))
    draws = random.multinomial(n, [(share - least) / 2, (share + least) / 2, 1 - share], size=2000)
    shown = np.mean([significance.mcnemar(only_a, only_b) < 0.05 for only_a, only_b, _ in draws])
    # The exact test is a little weaker than the formula, which is of the asymptotic one.
    assert 0.74 <= shown <= 0.84


def test_what_could_be_seen_needs_no_item_to_be_unlike_and_falls_with_the_items():
    seen = [significance.could_see(n, 0) for n in (6, 20, 40, 200, 5000)]
    assert seen == sorted(seen, reverse=True)
    # The difference solves n d = (1.96 + 0.84 sqrt(1 - d))^2.
    assert seen[3] == pytest.approx(0.0388, abs=0.0001)
    assert 1 >= seen[0] > seen[-1] > 0
    assert significance.could_see(5, 2) is None


def test_better_in_words():
    found = {
        "items": 200,
        "verdict": "better",
        "p": 0.0312,
        "could_see": 0.04,
        "accuracy": {"difference": 0.035, "low": 0.005, "high": 0.065},
        "f1_macro": {"difference": 0.029, "low": -0.002, "high": 0.06},
    }
    assert significance.in_words(found, "A", "B") == (
        "B is better than A on 200 test items: +3.5 points of accuracy, interval +0.5 to +6.5 "
        "(exact McNemar p = 0.03); macro-F1 +2.9, interval -0.2 to +6.0."
    )
    assert "(exact McNemar p < 0.001)" in significance.in_words(found | {"p": 0.0}, "A", "B")
    assert "(exact McNemar p = 0.004)" in significance.in_words(found | {"p": 0.004}, "A", "B")


def test_undecided_in_words():
    found = {
        "items": 40,
        "verdict": "undecided",
        "p": 0.5,
        "could_see": 0.2,
        "accuracy": {"difference": 0.025, "low": -0.1, "high": 0.15},
        "f1_macro": {"difference": None, "low": None, "high": None},
    }
    assert significance.in_words(found, "A", "B") == (
        "B against A is too close to tell on 40 test items: +2.5 points, interval -10.0 to +15.0. "
        "So few items show only differences of about 20 points or more."
    )
    # A difference that could be seen is there, yet the test does not bear it out.
    assert "points or more" not in significance.in_words(found | {"could_see": 0.012}, "A", "B")
    assert "(exact McNemar p = 0.50)." in significance.in_words(found | {"could_see": 0.012}, "A", "B")
    assert significance.in_words(found | {"could_see": 0.031, "items": 4000}, "A", "B").endswith(
        "That many items show only differences of about 3.1 points or more."
    )
    assert "cannot show any" in significance.in_words(found | {"could_see": None, "items": 3}, "A", "B")


@pytest.mark.parametrize(
    "counts", [(0, 0, 1, 0), (1, 0, 0, 0), (3, 1, 1, 0), (100, 4, 9, 7), (0, 0, 0, 4), (9, 9, 0, 9)]
)
def test_every_finding_has_words(counts):
    found = significance.compare(*answers(**dict(zip(("both", "only_a", "only_b", "neither"), counts, strict=True))))
    words = significance.in_words(found, "A", "B")
    assert words.endswith(".")
    assert "nan" not in words
    assert "None" not in words
