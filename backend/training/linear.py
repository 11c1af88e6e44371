"""A linear classifier on frozen features: logistic regression, its strength chosen by cross-validation.

Features are (n, d) float32, targets are lists of class positions, and the result is a weight matrix that any linear
layer can hold: softmax of the scores for one class an item, a sigmoid each when an item may have several.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.evaluating.metrics import as_table

Floats = NDArray[np.floating[Any]]

STRENGTHS = (0.1, 1.0, 10.0, 100.0)
# More rows do not change which strength is best, and cross-validation fits a model for each.
MOST_FOR_CHOOSING = 2000
FOLDS = 4
# Numbers times classes from which on one fold of held-out rows must do: each strength is one fit instead of four.
MUCH_FOR_CHOOSING = 200_000_000
# And from which on a fit is worth all cores.
MUCH_FOR_ONE_CORE = 1_000_000_000
# Of the rows that do not have a class so many are looked at, or so many for each that does.
MOST_WITHOUT, WITHOUT_EACH = 10_000, 20


@dataclass(frozen=True)
class Linear:
    """weight (k, d), bias (k,), and the inverse regularisation C that was chosen."""

    weight: Floats
    bias: Floats
    strength: float
    multi_label: bool

    def scores(self, features: Floats) -> Floats:
        """(n, k) probabilities; a row sums to 1 unless multi-label."""
        return as_probabilities(features @ self.weight.T + self.bias, multi_label=self.multi_label)


def as_probabilities(logits: Floats, *, multi_label: bool) -> Floats:
    if multi_label:
        return 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit(
    features: Floats,
    targets: Sequence[Sequence[int]],
    k: int,
    *,
    multi_label: bool,
    balanced: bool = False,
    seed: int = 0,
    only_strength: float | None = None,
) -> Linear:
    """Fit on standardised features and fold the standardisation into the weights.

    Dividing by one common spread rather than one a column keeps the geometry of the encoder.
    """
    middle = features.mean(axis=0)
    spread = max(float(np.sqrt(((features - middle) ** 2).mean())), 1e-12)
    table = as_table(targets, k)
    standard = (features - middle) / spread
    # In standardised units a row's length grows with the number of columns; C is given for rows of unit length.
    strengths = [each / features.shape[1] for each in STRENGTHS]
    strength = only_strength or choose(
        standard, table, strengths, multi_label=multi_label, balanced=balanced, seed=seed
    )
    weight, bias = solve(standard, table, strength, multi_label=multi_label, balanced=balanced)
    return Linear(weight / spread, bias - weight @ middle / spread, strength, multi_label)


def choose(
    features: Floats,
    table: NDArray[np.bool_],
    strengths: Sequence[float],
    *,
    multi_label: bool,
    balanced: bool,
    seed: int,
) -> float:
    """The strength with the lowest log loss on held-out folds."""
    order = np.random.default_rng(seed).permutation(len(features))[:MOST_FOR_CHOOSING]
    fold = folds(table[order])
    is_much = len(order) * features.shape[1] * table.shape[1] > MUCH_FOR_CHOOSING
    losses = []
    for strength in strengths:
        total = 0.0
        for number in range(1 if is_much else FOLDS):
            train, held = order[fold != number], order[fold == number]
            weight, bias = solve(features[train], table[train], strength, multi_label=multi_label, balanced=balanced)
            scores = as_probabilities(features[held] @ weight.T + bias, multi_label=multi_label)
            total += log_loss(table[held], scores, multi_label=multi_label)
        losses.append(total)
    return float(strengths[int(np.argmin(losses))])


def out_of_fold(
    features: Floats,
    targets: Sequence[Sequence[int]],
    k: int,
    strength: float,
    *,
    multi_label: bool,
    balanced: bool = False,
) -> Floats:
    """(n, k) scores of each row by a classifier of this strength that learned from the other folds."""
    fold = folds(as_table(targets, k))
    scores = np.zeros((len(features), k))
    for number in range(FOLDS):
        train, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if not (len(train) and len(held)):
            continue
        kept = [targets[row] for row in train.tolist()]
        how: dict[str, Any] = {"multi_label": multi_label, "balanced": balanced, "only_strength": strength}
        scores[held] = fit(features[train], kept, k, **how).scores(features[held])
    return scores


def folds(table: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A fold for each row, the rows of each class dealt out in turn."""
    first = np.where(table.any(axis=1), table.argmax(axis=1), -1)
    fold = np.empty(len(table), np.int64)
    dealt = 0
    for each in np.unique(first):
        rows = np.flatnonzero(first == each)
        fold[rows] = (np.arange(len(rows)) + dealt) % FOLDS
        dealt += len(rows)
    return fold


def log_loss(table: NDArray[np.bool_], scores: Floats, *, multi_label: bool) -> float:
    sure = np.clip(scores, 1e-12, 1 - 1e-12)
    if multi_label:
        return float(-np.where(table, np.log(sure), np.log1p(-sure)).sum())
    return float(-np.log(sure[table]).sum())


def solve(
    features: Floats, table: NDArray[np.bool_], strength: float, *, multi_label: bool, balanced: bool
) -> tuple[Floats, Floats]:
    """Weights (k, d) and biases (k,) for one strength. A class that never, or always, appears keeps its share only."""
    n, k = table.shape
    weight, bias = np.zeros((k, features.shape[1])), np.zeros(k)
    if multi_label:
        for column in range(k):
            share = (table[:, column].sum() + 0.5) / (n + 1)
            bias[column] = np.log(share / (1 - share))
            if 0 < table[:, column].sum() < n:
                rows, weights = one_against_rest(table[:, column], balanced=balanced)
                model = fitted(features[rows], table[rows, column], strength, weights)
                weight[column], bias[column] = model.coef_[0], model.intercept_[0]
        return weight, bias
    classes = table.argmax(axis=1)
    if (classes == classes[0]).all():
        # So few labels that this part of them has one class only.
        bias[:], bias[classes[0]] = -60, 0
        return weight, bias
    model = fitted(features, classes, strength, balanced_weights(classes) if balanced else None, k)
    if len(model.classes_) == 2:
        # scikit-learn keeps one row for two classes: half for one side and half against the other is the same.
        weight[model.classes_], bias[model.classes_] = (
            np.stack([-model.coef_[0], model.coef_[0]]) / 2,
            np.array([-model.intercept_[0], model.intercept_[0]]) / 2,
        )
    else:
        weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    bias[np.setdiff1d(np.arange(k), model.classes_)] = -60
    return weight, bias


def fitted(features: Floats, answers: NDArray[Any], strength: float, weights: Floats | None, k: int = 1) -> Any:
    """weights: (n,) how much each row counts; all alike when left out."""
    from sklearn.linear_model import LogisticRegression

    # Small matrices are slower on several threads, much slower beside a training.
    threads = 1 if features.size * k < MUCH_FOR_ONE_CORE else None
    with pools().limit(limits=threads, user_api="blas"):
        return LogisticRegression(C=strength, max_iter=500).fit(features, answers, weights)


@cache
def pools() -> Any:
    """The thread pools of this process. To look for them takes as long as a small fit."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_against_rest(has: NDArray[np.bool_], *, balanced: bool) -> tuple[NDArray[np.int64], Floats]:
    """The rows from which one class of several is learned, and how much each counts.

    Of very many rows without the class some stand for all (case-control sampling, weighted: King & Zeng 2001): a
    thousand classes of 100,000 items would else take an hour.
    """
    those, others = np.flatnonzero(has), np.flatnonzero(~has)
    most = max(MOST_WITHOUT, WITHOUT_EACH * len(those))
    kept = others if len(others) <= most else np.random.default_rng(len(those)).choice(others, most, replace=False)
    rows = np.sort(np.concatenate([those, kept]))
    weights = np.where(has[rows], 1.0, len(others) / len(kept))
    if balanced:
        weights *= np.where(has[rows], len(has) / (2 * len(those)), len(has) / (2 * len(others)))
    return rows, weights


def balanced_weights(classes: NDArray[np.int64]) -> Floats:
    """As scikit-learn balances: each class that is there counts as much as any other."""
    counts = np.bincount(classes)
    return np.asarray(len(classes) / ((counts > 0).sum() * counts[classes]))
