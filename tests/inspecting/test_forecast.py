"""The law of learning: simulated curves are found again, and the intervals hold what they promise."""

import itertools

import numpy as np
import pytest

from backend.inspecting import forecast
from backend.inspecting.curves import Curve

SIZES = np.array([25, 35, 50, 71, 100, 141, 200])
ITEMS = 220
DRAWS = 200


def power_law(n, a, b, c):
    """Cortes et al. 1994."""
    return a - b * np.asarray(n, float) ** -c


def a_curve(measured, *, shared=0.0, own=0.0, sizes=SIZES, items=ITEMS, seed=0):
    """shared, own: standard errors of all points together and of each alone, as measuring would find them."""
    rng = np.random.default_rng(seed)
    moved = shared * rng.standard_normal((DRAWS, 1)) + 1e-5 * rng.standard_normal((DRAWS, len(sizes)))
    draws = np.concatenate([[measured], measured + moved])
    spread = np.full(len(sizes), 5 * own**2)
    return Curve(items, sizes, {"accuracy": draws}, {"accuracy": spread}, np.zeros((len(sizes), 2)), 5)


@pytest.mark.parametrize(("a", "b", "c"), [(0.9, 1.5, 0.5), (0.95, 1.0, 0.35), (0.8, 1.5, 0.7)])
def test_a_known_curve_is_found_again(a, b, c):
    law = forecast.fit(a_curve(power_law(SIZES, a, b, c)), "accuracy")
    for n in (ITEMS, 320, 440):
        assert np.median(law.curve(n)) == pytest.approx(power_law(n, a, b, c), abs=0.01)
    gain = forecast.told(law.gains(440))
    truth = power_law(440, a, b, c) - power_law(ITEMS, a, b, c)
    assert gain["value"] == pytest.approx(truth, abs=0.01)
    assert gain["low"] <= truth <= gain["high"]


def test_a_flat_curve_promises_next_to_nothing():
    law = forecast.fit(a_curve(np.full(len(SIZES), 0.83)), "accuracy")
    gain = forecast.told(law.gains(320))
    assert 0 <= gain["value"] < 0.005
    assert gain["high"] < 0.03


def test_more_labels_are_never_said_to_harm():
    falling = np.linspace(0.8, 0.7, len(SIZES))
    law = forecast.fit(a_curve(falling, shared=0.03, own=0.02), "accuracy")
    said = [law.curve(n) for n in (50, 100, 220, 320, 1000, 100_000)]
    assert all((after >= before - 1e-12).all() for before, after in itertools.pairwise(said))


@pytest.mark.parametrize("level", [0.0, 0.03, 0.97, 1.0])
def test_a_forecast_stays_between_none_and_all(level):
    law = forecast.fit(a_curve(np.full(len(SIZES), level), shared=0.05, own=0.03), "accuracy")
    for n in (ITEMS, 320, 10_000):
        told = forecast.told(law.values(n))
        assert 0 <= told["low"] <= told["value"] <= told["high"] <= 1
        assert level - 1 <= forecast.told(law.gains(n))["high"] <= 1


def test_noisy_points_give_a_wider_interval():
    measured = power_law(SIZES, 0.9, 1.5, 0.5)
    widths = []
    for own in (0.002, 0.01, 0.03):
        gain = forecast.told(forecast.fit(a_curve(measured, shared=0.02, own=own), "accuracy").gains(440))
        widths.append(gain["high"] - gain["low"])
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_what_the_items_have_in_common_moves_the_level_but_not_the_gain():
    measured = power_law(SIZES, 0.9, 1.5, 0.5)
    sure, unsure = (forecast.fit(a_curve(measured, shared=each, own=0.004), "accuracy") for each in (0.001, 0.04))
    width = {}
    for name, law in (("sure", sure), ("unsure", unsure)):
        level, gain = forecast.told(law.values(320)), forecast.told(law.gains(320))
        width[name] = (level["high"] - level["low"], gain["high"] - gain["low"])
    assert width["unsure"][0] > 2 * width["sure"][0]
    assert width["unsure"][1] < 1.5 * width["sure"][1]


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Curves of random laws, with errors of all points together and of each alone."""
    held = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        a, c = rng.uniform(0.75, 0.98), rng.uniform(0.3, 0.9)
        b = rng.uniform(0.1, 0.4) * SIZES[0] ** c
        shared, own = 0.02, 0.006
        measured = power_law(SIZES, a, b, c) + shared * rng.standard_normal() + own * rng.standard_normal(len(SIZES))
        law = forecast.fit(a_curve(measured, shared=shared, own=own, seed=seed), "accuracy", seed)
        level, gain = forecast.told(law.values(320)), forecast.told(law.gains(320))
        truth = power_law(320, a, b, c)
        rise = truth - power_law(ITEMS, a, b, c)
        held.append((level["low"] <= truth <= level["high"], gain["low"] <= rise <= gain["high"]))
    assert np.mean(held, axis=0).min() >= 0.93
