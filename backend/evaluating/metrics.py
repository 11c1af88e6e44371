"""How good the scores of a classifier are, as figures. numpy only, so that any process may ask.

The figures are those of scikit-learn: precision, recall and F1 of a class that was never predicted are 0, and a
macro figure is the mean over the classes that appear, be it among the answers or among the truth. What cannot be
said, such as an accuracy of no items, is None and never 0. Does not know runs, items or the database.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

THRESHOLD = 0.5
_SMALLEST = float(np.finfo(np.float64).eps)
_MACRO = {"f1_macro": "f1", "precision_macro": "precision", "recall_macro": "recall"}


def evaluate(
    targets: Sequence[Sequence[int]],
    scores: ArrayLike,
    classes: Sequence[Mapping[str, Any]],
    multi_label: bool,
    thresholds: ArrayLike | None = None,
) -> dict[str, Any]:
    """Hold scores against the truth.

    targets: for each of n items the positions of its classes; exactly one unless multi-label.
    scores: (n, k) probabilities; a row sums to 1 unless multi-label. classes: k of {"id", "name", …}.
    thresholds: multi-label only, one, k or (n, k): a class is answered from this score on; 0.5 when left out.
    Returns {"n", "accuracy", "f1_macro", "f1_micro", "precision_macro", "recall_macro", "log_loss", "per_class":
    [{"class_id", "name", "precision", "recall", "f1", "support"}], "confusion": rows true, columns answered}.
    Multi-label: accuracy is exact match, log_loss the mean over items and classes, and there is no confusion.
    A score that is not a number is an answer never given; an item without any is wrong.
    Raises ValueError when the shapes do not fit together.
    """
    n, k = len(targets), len(classes)
    table = np.asarray(scores, dtype=np.float64)
    if table.shape != (n, k) and table.size + n:
        raise ValueError(f"{n} items and {k} classes need scores of shape ({n}, {k}), not {table.shape}")
    table = table.reshape(n, k)
    truth = as_table(targets, k)
    if not multi_label and not (truth.sum(axis=1) == 1).all():
        raise ValueError("every item has exactly one class unless multi-label")
    given = answers(table, multi_label, thresholds)
    per_class = [
        {"class_id": each["id"], "name": each["name"], **_rates(truth[:, j], given[:, j])}
        for j, each in enumerate(classes)
    ]
    return {
        "n": n,
        "accuracy": float((truth == given).all(axis=1).mean()) if n else None,
        "f1_micro": _rates(truth.ravel(), given.ravel())["f1"],
        **{name: _mean(row[of] for row in per_class) for name, of in _MACRO.items()},
        "log_loss": _log_loss(truth, table, multi_label),
        "per_class": per_class,
        # An item without an answer is in no column.
        "confusion": None if multi_label else (truth.astype(int).T @ given.astype(int)).tolist(),
    }


def as_table(targets: Sequence[Sequence[int]], k: int) -> NDArray[np.bool_]:
    """(n, k) truth from lists of class positions."""
    truth = np.zeros((len(targets), k), dtype=bool)
    for row, positions in zip(truth, targets, strict=True):
        for position in positions:
            if not 0 <= position < k:
                raise ValueError(f"there is no class at position {position} of {k}")
            row[position] = True
    return truth


def answers(
    scores: NDArray[np.floating[Any]], multi_label: bool, thresholds: ArrayLike | None = None
) -> NDArray[np.bool_]:
    """(n, k): what the scores answer. Single-label: the best class, the first of equals."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    if multi_label:
        return known >= np.asarray(THRESHOLD if thresholds is None else thresholds)
    given = np.zeros(scores.shape, dtype=bool)
    if scores.shape[1]:
        given[np.arange(len(scores)), known.argmax(axis=1)] = True
    return given & (known > -np.inf)


def thresholds_of(figures: Mapping[str, Any] | None, class_ids: Sequence[int]) -> list[float]:
    """The thresholds that a run's metrics keep, in the order of `class_ids`; 0.5 where there is none."""
    known = {each["class_id"]: each["threshold"] for each in (figures or {}).get("thresholds") or ()}
    return [known.get(class_id, THRESHOLD) for class_id in class_ids]


def _rates(truth: NDArray[np.bool_], given: NDArray[np.bool_]) -> dict[str, Any]:
    right, answered, support = int((truth & given).sum()), int(given.sum()), int(truth.sum())
    if not answered + support:
        return {"precision": None, "recall": None, "f1": None, "support": 0}
    return {
        "precision": right / answered if answered else 0.0,
        "recall": right / support if support else 0.0,
        "f1": 2 * right / (answered + support),
        "support": support,
    }


def _mean(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _log_loss(truth: NDArray[np.bool_], scores: NDArray[np.float64], multi_label: bool) -> float | None:
    """In nats. None when any score is not a number: a loss over the rest would look better than it is."""
    if not scores.size or not np.isfinite(scores).all():
        return None
    sure = np.clip(scores, _SMALLEST, 1 - _SMALLEST)
    if multi_label:
        return float(-np.where(truth, np.log(sure), np.log1p(-sure)).mean())
    return float(-np.log(sure[truth]).mean())
