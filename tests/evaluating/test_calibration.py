"""Bins and calibration error against worked examples and scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from backend.evaluating import calibration, intervals


def test_bins_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    confidence = random.random(2000)
    is_right = random.random(2000) < confidence**2
    share, mean = calibration_curve(is_right, confidence, n_bins=10, strategy="uniform")
    found = calibration.reliability(confidence, is_right)["bins"]
    assert [each["share"] for each in found] == pytest.approx(share)
    assert [each["confidence"] for each in found] == pytest.approx(mean)
    assert sum(each["n"] for each in found) == 2000
    for each in found:
        right = round(each["share"] * each["n"])
        assert (each["share_low"], each["share_high"]) == intervals.wilson(right, each["n"])


def test_the_calibration_error_is_the_weighted_gap_of_guo_et_al():
    # Guo et al. 2017, equation 3. 4 items of confidence 0.9, 2 right: gap 0.4; 6 of 0.6, 3 right: gap 0.1.
    confidence = [0.9] * 4 + [0.6] * 6
    is_right = [True, True, False, False] + [True] * 3 + [False] * 3
    assert calibration.reliability(confidence, is_right)["ece"] == pytest.approx(0.4 * 0.4 + 0.6 * 0.1)


def test_a_bin_holds_its_high_end_and_the_first_holds_0():
    found = calibration.reliability([0.0, 0.5, 0.51, 1.0], [True] * 4, bins=2)["bins"]
    assert [each["n"] for each in found] == [2, 2]


def test_empty_bins_and_no_items_say_nothing():
    found = calibration.reliability([0.95], [True])
    assert [each["n"] for each in found["bins"]] == [0] * 9 + [1]
    assert found["bins"][0]["share"] is None
    assert calibration.reliability([], [])["ece"] is None
    assert calibration.reliability([float("nan")], [True])["ece"] is None
