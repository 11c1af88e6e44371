"""Confident learning: how many labels are likely wrong, which they are, and what they should be.

After Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels" (JAIR 70). Scores
must come from a model that has not seen the label that it judges. Knows nothing of items, models or the database.

n labels, k classes. scores: (n, k), what the model thinks of each. given: (n,) positions of the given classes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Positions = NDArray[np.int64]

# Of a class that nobody gave: no score reaches it.
NEVER = 2.0
# How much the worst class of several counts against the next one (Thyagarajan et al. 2022).
WORST_COUNTS = 0.8


def thresholds(scores: Floats, given: Positions) -> Floats:
    """(k,) how sure the model is of a class on average where that class was given; `NEVER` where nobody gave it."""
    k = scores.shape[1]
    counts = np.bincount(given, minlength=k)
    sums = np.bincount(given, weights=self_confidence(scores, given), minlength=k)
    return np.where(counts > 0, sums / np.maximum(counts, 1), NEVER)


def looks_like(scores: Floats, given: Positions) -> Positions:
    """(n,) the likeliest of the classes whose threshold a row's score reaches; -1 where it reaches none."""
    reached = np.where(scores >= thresholds(scores, given), scores, -1.0)
    return np.where(reached.max(axis=1) >= 0, reached.argmax(axis=1), -1)


def confident_joint(scores: Floats, given: Positions) -> NDArray[np.int64]:
    """(k, k) labels that were given as the class of the row and look like the class of the column."""
    k = scores.shape[1]
    alike = looks_like(scores, given)
    counted = alike >= 0
    joint = np.zeros((k, k), np.int64)
    np.add.at(joint, (given[counted], alike[counted]), 1)
    return joint


def calibrated(joint: NDArray[np.int64], counts: NDArray[np.int64]) -> Floats:
    """(k, k) the confident joint with each row scaled to the labels of its class, those that look like none too.

    counts: (k,) labels of each class. A class with labels that all look like none is taken as right.
    """
    sums = joint.sum(axis=1)
    scaled: Floats = joint * (counts / np.maximum(sums, 1))[:, None]
    empty = np.flatnonzero(sums == 0)
    scaled[empty, empty] = counts[empty]
    return scaled


def wrong_in(joint: NDArray[Any]) -> float:
    """How many labels of a joint are of another class than they look like."""
    return float(joint.sum() - np.trace(joint))


def self_confidence(scores: Floats, given: Positions) -> Floats:
    """(n,) what the model thinks of the class that was given."""
    found: Floats = scores[np.arange(len(given)), given]
    return found


def agreed(scores: Floats, has: NDArray[np.bool_]) -> Floats:
    """(n, k) of several classes an item: what the model thinks of each answer, has the class or has it not."""
    return np.where(has, scores, 1 - scores)


def wrong_answers(scores: Floats, has: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, k) of several classes an item, each class against the rest: which answers look like the other one.

    The other must also be the likelier: of a rare class a low score already looks like it.
    """
    is_wrong = np.zeros(has.shape, bool)
    for column in range(has.shape[1]):
        given = has[:, column].astype(np.int64)
        alike = looks_like(np.stack([1 - scores[:, column], scores[:, column]], axis=1), given)
        is_wrong[:, column] = (alike >= 0) & (alike != given)
    return is_wrong & (agreed(scores, has) < 0.5)


def wrongness_of_several(scores: Floats, has: NDArray[np.bool_]) -> Floats:
    """(n,) as `wrongness`, of several classes an item: the least certain of its answers counts most.

    An exponential moving average over the answers, the surest first (Thyagarajan et al. 2022, "Identifying incorrect
    annotations in multi-label classification data").
    """
    lowest = np.sort(agreed(scores, has), axis=1)
    weights = WORST_COUNTS * (1 - WORST_COUNTS) ** np.arange(lowest.shape[1])
    weights[-1] = 1 - weights[:-1].sum()
    found: Floats = 1 - lowest @ weights
    return found
