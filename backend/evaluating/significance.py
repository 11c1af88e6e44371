"""Whether one run is really better than another, judged on the same test items.

numpy only. Two questions, both asked of pairs: do the items that only one of the two got right fall too much to one
side (McNemar 1947, exact), and how far apart are accuracy and macro-F1 (intervals as `bootstrap` has them).
"""

from collections.abc import Mapping
from math import exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.evaluating import bootstrap

Bools = NDArray[np.bool_]

ALPHA = 0.05
_Z_ALPHA = 1.959964
# The 80 % point of the normal distribution: differences are said to be seen when four of five test sets show them.
_Z_POWER = 0.841621
# Fewer items cannot show anything: all six on one side is p = 0.03, all five p = 0.06.
FEWEST = 6
_FEW_POINTS = 5.0


def mcnemar(only_a: int, only_b: int) -> float:
    """The two-sided p-value that a coin falls so unevenly: of the items that one run alone got right, `only_a` and
    `only_b` are the two counts. 1 when there are none.

    The exact conditional test (McNemar 1947; Fagerland, Lydersen & Laake 2013, section 2), by sums of logarithms.
    """
    less, both = min(only_a, only_b), only_a + only_b
    if 2 * less == both:
        return 1.0
    steps = np.arange(1, less + 1, dtype=np.float64)
    logs = np.concatenate([[0.0], np.cumsum(np.log((both - steps + 1) / steps))])
    most = float(logs.max())
    return min(1.0, 2 * exp(most + log(float(np.exp(logs - most).sum())) - both * log(2)))


def compare(truth: Bools, a: Bools, b: Bools) -> dict[str, Any]:
    """Hold b against a. truth, a, b: (n, k); an item is right when all of it is.

    Returns {"items", "only_a", "only_b": right by one alone, "p": exact McNemar, "accuracy" and "f1_macro": {"a", "b",
    "difference", "low", "high"}, "verdict", "could_see"}. Accuracy decides the verdict: b is "better" or "worse" when
    p < 0.05 and the interval of the difference leaves out 0; "same" when they answer alike; else "undecided". Macro-F1
    is told beside it and decides nothing: its interval is too narrow in small test sets (see `bootstrap`).
    could_see: see there; None for fewer than six items. What cannot be said is None.
    """
    a_right, b_right = (a == truth).all(axis=1), (b == truth).all(axis=1)
    only_a, only_b = int((a_right & ~b_right).sum()), int((b_right & ~a_right).sum())
    n, p, spans = len(truth), mcnemar(only_a, only_b), bootstrap.differences(truth, a, b)
    shares = (float(a_right.mean()), float(b_right.mean())) if n else (np.nan, np.nan)
    accuracy = _figure(*shares, spans["accuracy"])
    return {
        "items": n,
        "only_a": only_a,
        "only_b": only_b,
        "p": p,
        "accuracy": accuracy,
        "f1_macro": _figure(bootstrap.f1_macro(truth, a), bootstrap.f1_macro(truth, b), spans["f1_macro"]),
        "verdict": "same" if n and (a == b).all() else _verdict(p, accuracy),
        "could_see": could_see(n, only_a + only_b),
    }


def could_see(items: int, unlike: int) -> float | None:
    """The smallest difference in accuracy (0 to 1) that so many items show in four of five test sets; None for none.

    unlike: the items that just one of the two got right. Their share s is taken as it is found, and the difference d
    solves n d^2 = (z_a sqrt(s) + z_b sqrt(s - d^2))^2 (Connor 1987). A difference cannot be larger than s: where it
    would be, s is taken to be as small as the difference. The exact test needs a little more than this says.
    """
    if items < FEWEST:
        return None
    share = unlike / items
    found = sqrt(share) * (_Z_ALPHA * sqrt(items) + _Z_POWER * sqrt(items - _Z_ALPHA**2 + _Z_POWER**2))
    found /= items + _Z_POWER**2
    return found if 0 < found <= share else _all_to_one_side(items)


def _all_to_one_side(items: int) -> float:
    """Connor's d where s is d: n d = (z_a + z_b sqrt(1 - d))^2, by halving."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if items * middle < (_Z_ALPHA + _Z_POWER * sqrt(1 - middle)) ** 2:
            low = middle
        else:
            high = middle
    return high


def in_words(found: Mapping[str, Any], a_name: str, b_name: str) -> str:
    """What `compare` found, in a sentence or two. Names are as people wrote them: make them plain before drawing."""
    n, accuracy = found["items"], found["accuracy"]
    if not n:
        return f"{a_name} and {b_name} have no test item in common, so nothing can be told."
    items = f"{n:,} test item{'s' if n > 1 else ''}"
    if found["verdict"] == "same":
        return f"{a_name} and {b_name} answer alike on {items}."
    p = f"exact McNemar p {_p(found['p'])}"
    if found["verdict"] in ("better", "worse"):
        first = f"{b_name} is {found['verdict']} than {a_name} on {items}: "
        return f"{first}{_points(accuracy)} of accuracy, {_span(accuracy)} ({p}){_f1_words(found['f1_macro'])}."
    first = f"{b_name} against {a_name} is too close to tell on {items}: "
    return f"{first}{_points(accuracy)}, {_span(accuracy)}{_why(found, p)}"


def _why(found: Mapping[str, Any], p: str) -> str:
    least = found["could_see"]
    if least is None:
        return f". Fewer than {FEWEST} items cannot show any difference."
    if abs(found["accuracy"]["difference"]) >= least:
        return f" ({p})."
    few = "So few items" if 100 * least >= _FEW_POINTS else "That many items"
    about = f"{100 * least:.0f}" if 100 * least >= _FEW_POINTS else f"{100 * least:.1f}"
    return f". {few} show only differences of about {about} points or more."


def _figure(a: float, b: float, span: bootstrap.Interval) -> dict[str, float | None]:
    if np.isnan(b - a):
        return dict.fromkeys(("a", "b", "difference", "low", "high"))
    return {"a": a, "b": b, "difference": b - a, "low": span[0], "high": span[1]}


def _verdict(p: float, accuracy: Mapping[str, float | None]) -> str:
    low, high = accuracy["low"], accuracy["high"]
    if low is None or high is None or p >= ALPHA or low <= 0 <= high:
        return "undecided"
    return "better" if low > 0 else "worse"


def _f1_words(f1: Mapping[str, float | None]) -> str:
    return "" if f1["difference"] is None else f"; macro-F1 {_signed(f1['difference'])}, {_span(f1)}"


def _points(figure: Mapping[str, Any]) -> str:
    return f"{_signed(figure['difference'])} points"


def _span(figure: Mapping[str, Any]) -> str:
    return f"interval {_signed(figure['low'])} to {_signed(figure['high'])}"


def _signed(share: float) -> str:
    """In points, with a sign; +0.0 and -0.0 are 0.0."""
    points = round(100 * share, 1)
    return f"{points:+.1f}" if points else "0.0"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}" if value < 0.01 else f"= {value:.2f}"
