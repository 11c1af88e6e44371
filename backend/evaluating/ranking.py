"""How well the scores of one class put its items first: ROC and precision-recall, for every threshold at once.

numpy only, with the meaning that scikit-learn gives them: items of the same score change sides together. A score that
is not a number comes last. None where there are no items of the class or none of another: nothing can be put in order.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def roc(truth: ArrayLike, scores: ArrayLike) -> dict[str, Floats] | None:
    """{"false_positive", "true_positive": shares from 0 to 1, "thresholds": falling, the first infinite}.

    truth: (n,) bool, scores: (n,). One point for each distinct score, and the point where nothing is answered.
    """
    steps = _steps(truth, scores)
    if steps is None:
        return None
    thresholds, right, wrong = steps
    return {
        "false_positive": np.concatenate([[0.0], wrong / wrong[-1]]),
        "true_positive": np.concatenate([[0.0], right / right[-1]]),
        "thresholds": np.concatenate([[np.inf], thresholds]),
    }


def precision_recall(truth: ArrayLike, scores: ArrayLike) -> dict[str, Floats] | None:
    """{"precision", "recall", "thresholds": rising}: one point for each distinct score, and at the end, without a
    threshold, the point of precision 1 and recall 0.
    """
    steps = _steps(truth, scores)
    if steps is None:
        return None
    thresholds, right, wrong = steps
    return {
        "precision": np.concatenate([(right / (right + wrong))[::-1], [1.0]]),
        "recall": np.concatenate([(right / right[-1])[::-1], [0.0]]),
        "thresholds": thresholds[::-1],
    }


def average_precision(truth: ArrayLike, scores: ArrayLike) -> float | None:
    """Of what `precision_recall` gives."""
    found = precision_recall(truth, scores)
    return None if found is None else area_of_steps(found)


def area_of_steps(curve: Mapping[str, Floats]) -> float:
    """The area under the steps of a precision-recall curve: precision, weighted by what recall gains."""
    return float(-np.sum(np.diff(curve["recall"]) * curve["precision"][:-1]))


def auc(truth: ArrayLike, scores: ArrayLike) -> float | None:
    """Of what `roc` gives."""
    found = roc(truth, scores)
    return None if found is None else area_of_roc(found)


def area_of_roc(curve: Mapping[str, Floats]) -> float:
    """The area under a ROC curve: how often an item of the class scores above another, a tie counting half."""
    return float(np.trapezoid(curve["true_positive"], curve["false_positive"]))


def _steps(truth: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats, Floats] | None:
    """Distinct scores, falling, and how many items of the class and of others have at least that score."""
    is_class, table = np.asarray(truth, bool), np.asarray(scores, np.float64)
    if not is_class.any() or is_class.all():
        return None
    table = np.where(np.isnan(table), -np.inf, table)
    order = np.argsort(-table, kind="stable")
    is_class, table = is_class[order], table[order]
    last = np.flatnonzero(np.append(table[1:] != table[:-1], True))
    right = np.cumsum(is_class)[last].astype(np.float64)
    return table[last], right, last + 1.0 - right
