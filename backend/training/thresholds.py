"""For each class the score from which on it is answered, where an item may have several classes.

The threshold with the best F1 on items that the model did not learn from (SCut: Yang 2001; Fan & Lin 2007, "A study on
threshold selection for multi-label classification"). That overfits where a class has few such items, and where the
scores say nothing the best F1 is that of "always" (Lipton, Elkan & Narayanaswamy 2014, "Thresholding classifiers to
maximize F1 score"). So here

- it is found in many bootstrap draws of the items, and their mean, in log-odds, is taken (bagging, Breiman 1996): one
  item more or less no longer moves it far;
- the mean is shrunk towards 0.5, by half for a class with one item, by a sixth with five;
- a class that most items do not have is never answered always: such a draw counts as 0.5. Fan & Lin's "fbr" instead
  answers it never.

Mean F1 on new items in a simulation of well and badly calibrated scores, 0.5 / SCut / this: 0.51 / 0.53 / 0.54 with
one such item a class, 0.50 / 0.56 / 0.58 with five, 0.50 / 0.58 / 0.59 with twenty.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.evaluating.metrics import THRESHOLD, as_table
from backend.training.linear import Floats
from backend.training.outcome import Outcome
from backend.training.snapshots import Frozen
from db.models import Split

DRAWS = 30
SEED = 7
# With so many items that have the class, and that have it not, each draw finds the same.
MANY = 300
FURTHER = 20
# Below and above, log-odds only say how sure the model is of what is beyond doubt.
LOWEST = 1e-6


def of_outcome(data: Frozen, outcome: Outcome, scores: Floats) -> list[float] | None:
    """One for each class, by what the method held out, or else by the `scores` of the validation items.

    None where an item has one class.
    """
    if not data.multi_label:
        return None
    if outcome.held_out:
        return tuned(*outcome.held_out()).tolist()
    return tuned(data.parts[Split.VALIDATION].targets, scores).tolist()


def as_json(thresholds: Sequence[float], classes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As a run's metrics keep them."""
    return [
        {"class_id": each["id"], "threshold": threshold}
        for each, threshold in zip(classes, thresholds, strict=True)
    ]  # fmt: skip


def tuned(targets: Sequence[Sequence[int]], scores: Floats) -> Floats:
    """(k,) thresholds in (0, 1), from the positions of each item's classes and the scores (n, k) of these items.

    0.5 for a class that none or all of the items have. Scores that are not numbers are answers never given.
    """
    known = np.nan_to_num(np.asarray(scores, np.float64), nan=0.0)
    truth = as_table(targets, known.shape[1])
    if not len(truth):
        return np.full(known.shape[1], THRESHOLD)
    draws = np.random.default_rng(SEED).multinomial(len(truth), np.full(len(truth), 1 / len(truth)), DRAWS)
    return np.array([of_class(truth[:, place], known[:, place], draws) for place in range(known.shape[1])])


def of_class(truth: NDArray[np.bool_], scores: Floats, draws: NDArray[np.int64]) -> float:
    """The threshold of one class. draws: (b, n), how often each item is in each draw."""
    evidence = int(min(truth.sum(), (~truth).sum()))
    if not evidence:
        return THRESHOLD
    order = np.argsort(-scores, kind="stable")
    # Below the last item with the class F1 only falls; a few more rows, for where the next one lies.
    order = order[: int((scores >= scores[truth].min()).sum()) + FURTHER]
    used = np.ones((1, len(truth)), np.int64) if evidence >= MANY else draws[draws @ truth > 0]
    found = np.array([best(truth[order], scores[order], weights) for weights in used[:, order]])
    sure = np.clip(found, LOWEST, 1 - LOWEST)
    shrunk = np.log(sure / (1 - sure)).mean() * evidence / (evidence + 1) if len(sure) else 0.0
    return round(float(1 / (1 + np.exp(-shrunk))), 6)


def best(truth: NDArray[np.bool_], scores: Floats, weights: NDArray[np.int64]) -> float:
    """The threshold with the best F1, half way between two scores; of equals that nearest to 0.5.

    The rows are sorted, the highest score first. weights: how often each is there; some item with the class is.
    """
    there = np.flatnonzero(weights)
    has, known, counts = truth[there], scores[there], weights[there]
    right, answered = np.cumsum(counts * has), np.cumsum(counts)
    # Items of one score are answered together.
    ends = np.flatnonzero(np.append(known[1:] != known[:-1], True))
    between = (known[ends] + np.append(known[1:], 0.0)[ends]) / 2
    f1 = 2 * right[ends] / (answered[ends] + right[-1])
    is_best = f1 >= f1.max() - 1e-12
    chosen = int(np.where(is_best, np.abs(between - THRESHOLD), np.inf).argmin())
    is_always, is_rare = chosen == len(ends) - 1, 2 * truth.sum() < len(truth)
    return THRESHOLD if is_always and is_rare else float(between[chosen])
