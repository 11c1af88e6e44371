"""What a threshold costs: where the line is drawn between answering and not. numpy only.

From a threshold on, an item is answered: a score equal to it counts. A score that is not a number is never answered.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def of_class(truth: ArrayLike, scores: ArrayLike, *, at: ArrayLike | None = None) -> dict[str, NDArray[np.generic]]:
    """What each threshold of one class would do.

    truth: (n,) bool, scores: (n,). at: the thresholds to try, rising; each distinct score when left out. Returns
    arrays of the same length {"thresholds", "precision", "recall", "f1", "false_alarms": items answered that are not of
    the class, "missed": items of the class not answered}. As in metrics, precision is 0 where nothing is answered and
    recall is 0 where the class has no items.
    """
    is_class, table = np.asarray(truth, bool), np.asarray(scores, np.float64)
    known = ~np.isnan(table)
    lines = np.unique(table[known]) if at is None else np.asarray(at, np.float64)
    answered = _at_or_above(table[known], lines)
    right = _at_or_above(table[known & is_class], lines)
    support = np.full(len(lines), is_class.sum())
    return {
        "thresholds": lines,
        "precision": _share(right, answered),
        "recall": _share(right, support),
        "f1": _share(2 * right, answered + support),
        "false_alarms": answered - right,
        "missed": support - right,
    }


def coverage(confidence: ArrayLike, is_right: ArrayLike) -> dict[str, Floats]:
    """What is left of the mistakes when a run keeps quiet below a confidence.

    confidence: (n,), is_right: (n,) bool. Returns {"thresholds": each distinct confidence, rising, "answered": the
    share of all items at or above it, "right": the share of those that is right}: the risk-coverage curve (El-Yaniv &
    Wiener 2010).
    """
    said, right = np.asarray(confidence, np.float64), np.asarray(is_right, bool)
    known = ~np.isnan(said)
    lines = np.unique(said[known])
    answered = _at_or_above(said[known], lines)
    return {
        "thresholds": lines,
        "answered": answered / max(len(said), 1),
        "right": _share(_at_or_above(said[known & right], lines), answered),
    }


def _at_or_above(scores: Floats, lines: Floats) -> NDArray[np.int64]:
    return len(scores) - np.searchsorted(np.sort(scores), lines, side="left")


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
