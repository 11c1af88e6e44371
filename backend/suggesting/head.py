"""The learned head: a linear classifier on frozen vectors that starts from the zero-shot prior.

The logits are `share * prior + vectors @ weights + bias`. How strongly the weights are held back and what share the
prior keeps is chosen by cross-validation: with few labels the head is the prior, with many it stands alone. The idea
is Tip-Adapter's (Zhang et al. 2022) and LP++'s (Huang et al. 2024). What was learned must beat the prior by more than
chance would: so the head is rarely below it. With 8 or 16 labels that nobody drew at random it still can be, for what
is held out then says little of all items: on AG News 2 of 60 draws were below the zero-shot model, by up to 0.04.

Where unlabeled items are given, they do two things. Vectors are seen from their mean, which matters where all are
alike (MobileNetV2 on flowers, 8 labels: 0.32 without, 0.45 with). And what the labels say of them is settled as in
`shape`, if the labels left out in cross-validation say that this helps.
Numpy and scipy; for workers and the assistant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.suggesting import logistic, shape
from backend.suggesting.logistic import Array, Fit

# Of weights on vectors of unit length, strongest first: each fit starts from the one before.
PENALTIES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
# Of the prior's logits; the first wins a draw.
SHARES = (1.0, 0.5, 0.25, 0.0)
# With so many labels the strongest penalties never win.
MANY, FIRST_OF_MANY = 300, 2
FOLDS = 5
TEMPERATURES = np.geomspace(0.4, 6.0, 40)
# How far a temperature may lie from the expected one, in logs: a handful of labels says little about it.
TEMPERATURE_SPREAD = 0.4
# A settled head takes the directions of a vector for independent evidence, and is too sure.
SETTLED_TEMPERATURE = 2.0
# Of a label, beside an unlabeled item's 1, when the classes settle.
LABEL_WEIGHT = 10.0
# With so many labels the unlabeled items have nothing to add.
MOST_SETTLED = 2_000


@dataclass(frozen=True)
class Head:
    """What was learned. `taught` are the positions of the classes that have labels; the others keep the prior.

    weights: (d, taught). bias: (taught,). share: how much of the prior's logits counts. temperature: of all logits.
    spare: the probability of each untaught class where there is no prior.
    """

    weights: Array
    bias: Array
    share: float
    temperature: float
    taught: NDArray[np.int64]
    multi_label: bool
    spare: float = 0.0


@dataclass(frozen=True)
class _Given:
    """x: (n, d). y: (n, k). offset: (n, k), the prior's logits, zeros without one. fold: (n,)."""

    x: Array
    y: Array
    offset: Array
    fold: NDArray[np.int64]
    has_prior: bool
    multi_label: bool


@dataclass(frozen=True)
class _Pool:
    """The unlabeled sample. x: (m, d). offset: (m, k). room: (m, 1), the prior's share of the taught classes."""

    x: Array
    offset: Array
    room: Array
    space: shape.Space


@dataclass(frozen=True)
class _Found:
    """A share, a penalty (None where the prior stands alone), out-of-fold logits (n, k) and the fit of each fold."""

    share: float
    penalty: float | None
    z: Array
    fits: list[Fit]


def fit(
    vectors: NDArray[Any],
    targets: NDArray[Any],
    prior: NDArray[Any] | None,
    *,
    multi_label: bool,
    unlabeled: NDArray[Any] | None = None,
    unlabeled_prior: NDArray[Any] | None = None,
) -> Head | None:
    """Fit on labeled items, or None while the labels are too few to learn from.

    vectors: (n, d), unit length. targets: (n, k) of 0 and 1; one 1 a row unless multi-label. prior: (n, k)
    probabilities, or None. unlabeled: (m, d), a random sample of the project's items; a few thousand are enough.
    unlabeled_prior: (m, k), where there is a prior. All is chosen on out-of-fold log loss.
    """
    there = targets.sum(0)
    # A class of a multi-label project needs a "no" as well as a "yes".
    taught = np.flatnonzero((there > 0) & (there < len(targets)) if multi_label else there > 0)
    if len(taught) < (1 if multi_label else 2):
        return None
    from threadpoolctl import threadpool_limits

    rows = np.flatnonzero(targets[:, taught].sum(1) > 0) if not multi_label else np.arange(len(targets))
    mean, scale = _frame(unlabeled, vectors.shape[1])
    x = (np.asarray(vectors[rows], np.float64) - mean) * scale
    y = np.asarray(targets[np.ix_(rows, taught)], np.float64)
    offset = logits(prior[np.ix_(rows, taught)], multi_label) if prior is not None else np.zeros_like(y)
    given = _Given(x, y, offset, _folds(y), prior is not None, multi_label)
    # Matrices this small are slower on several threads, much slower beside a training.
    with threadpool_limits(1, user_api="blas"):
        pool = None
        if unlabeled is not None and not multi_label and len(x) <= MOST_SETTLED:
            pool = _pool((unlabeled - mean) * scale, unlabeled_prior, taught)
        weights, bias, share, temperature = _learn(given, pool)
    weights = weights * scale
    # Laplace's rule of succession, for a class that nobody has met yet.
    spare = 0.0 if multi_label else 1 / (len(x) + targets.shape[1])
    return Head(weights, bias - mean @ weights, share, temperature, taught, multi_label, spare)


def scores(head: Head, vectors: NDArray[Any], prior: NDArray[Any] | None, classes: int) -> NDArray[np.float32]:
    """(n, classes) probabilities; they sum to 1 unless multi-label. Untaught classes keep what the prior gives them."""
    known = prior[:, head.taught] if prior is not None else None
    found = np.full((len(vectors), classes), head.spare) if prior is None else np.array(prior, np.float64)
    offset = head.share * logits(known, head.multi_label) if known is not None else 0.0
    # Of the vectors' own type: to turn 100,000 of them into another takes longer than the product.
    z = (offset + vectors @ head.weights.astype(vectors.dtype) + head.bias) / head.temperature
    taught = logistic.probabilities(z, head.multi_label)
    # What the prior gives to classes without a label is not the head's to deal out.
    room: Array | float = 1.0
    if not head.multi_label:
        room = known.sum(1, keepdims=True) if known is not None else 1 - head.spare * (classes - len(head.taught))
    found[:, head.taught] = taught * room
    return found.astype(np.float32)


def logits(probabilities: NDArray[Any], multi_label: bool) -> Array:
    """The logits that give these probabilities, with an end to certainty: one wrong 0 must not outweigh all labels."""
    p = np.clip(np.asarray(probabilities, np.float64), 1e-4, 1 - 1e-4)
    if multi_label:
        return np.asarray(np.log(p) - np.log1p(-p))
    logs = np.log(p)
    return np.asarray(logs - logs.mean(1, keepdims=True))


def _frame(unlabeled: NDArray[Any] | None, d: int) -> tuple[Array, float]:
    """What to take off every vector, and the scale that makes the rest of length one again, on average."""
    if unlabeled is None or len(unlabeled) < shape.LEAST_SAMPLE:
        return np.zeros(d), 1.0
    mean = np.asarray(unlabeled.mean(0), np.float64)
    return mean, 1 / max(float(np.linalg.norm(unlabeled - mean, axis=1).mean()), 1e-3)


def _pool(x: Array, prior: NDArray[Any] | None, taught: NDArray[np.int64]) -> _Pool | None:
    if not shape.is_enough(len(x), len(taught)) or not shape.is_spread(x):
        return None
    if prior is None:
        return _Pool(x, np.zeros((len(x), len(taught))), np.ones((len(x), 1)), shape.space(x))
    known = prior[:, taught]
    return _Pool(x, logits(known, multi_label=False), known.sum(1, keepdims=True), shape.space(x))


def _learn(given: _Given, pool: _Pool | None) -> tuple[Array, Array, float, float]:
    """Weights, bias, the prior's share and the temperature."""
    found = _choose(given)
    weights, bias = _whole(given, found)
    alone, temperature = _temperature(found.z, given, 1.0)
    if pool is None:
        return weights, bias, found.share, temperature
    settled = np.empty_like(found.z)
    for each, one in enumerate(found.fits):
        inside, outside = given.fold != each, given.fold == each
        more = _settled(given, pool, found.share, one, inside)
        settled[outside] = shape.KEPT * found.z[outside] + given.x[outside] @ more[0] + more[1]
    together, warmer = _temperature(settled, given, SETTLED_TEMPERATURE)
    if together >= alone:
        return weights, bias, found.share, temperature
    more = _settled(given, pool, found.share, (weights, bias), np.ones(len(given.x), bool))
    return shape.KEPT * weights + more[0], shape.KEPT * bias + more[1], shape.KEPT * found.share, warmer


def _settled(given: _Given, pool: _Pool, share: float, one: Fit, rows: NDArray[np.bool_]) -> Fit:
    said = share * pool.offset + pool.x @ one[0] + one[1]
    labeled = given.x[rows], given.y[rows] * LABEL_WEIGHT
    return shape.settle(pool.space, said, 1.0, labeled=labeled, share=pool.room)


def _whole(given: _Given, found: _Found) -> Fit:
    if found.penalty is None:
        return np.zeros((given.x.shape[1], given.y.shape[1])), np.zeros(given.y.shape[1])
    offset = found.share * given.offset
    return logistic.minimise(given.x, given.y, offset, found.penalty, multi_label=given.multi_label)


def _choose(given: _Given) -> _Found:
    """What has the least out-of-fold log loss; the prior alone, unless it is worse by more than its standard error."""
    none = np.zeros((given.x.shape[1], given.y.shape[1])), np.zeros(given.y.shape[1])
    alone = _Found(1.0, None, given.offset, [none] * (int(given.fold.max()) + 1))
    best, least, around = alone, np.inf, range(FIRST_OF_MANY * (len(given.x) >= MANY), len(PENALTIES))
    for share in SHARES if given.has_prior else SHARES[-1:]:
        loss, at, found = _along(given, share, around, [None] * len(alone.fits))
        # Along the shares too the loss falls and then rises.
        if loss >= least:
            break
        # With less of the prior, the penalty that is best is about the same or the next lower one.
        best, least, around = found, loss, range(at, min(at + 2, len(PENALTIES)))
    if not given.has_prior:
        return best
    worse = _losses(alone.z, given) - _losses(best.z, given)
    return alone if worse.mean() <= worse.std() / np.sqrt(len(worse)) else best


def _along(given: _Given, share: float, penalties: range, starts: list[Fit | None]) -> tuple[float, int, _Found]:
    """The least loss along the penalties, which of them had it, and what was found there."""
    least, at, best = np.inf, penalties[0], None
    for each in penalties:
        found = _out_of_fold(given, share, PENALTIES[each], starts)
        loss = float(_losses(found.z, given).mean())
        # The loss falls and then rises: what comes after is worse still, and slow.
        if best is not None and loss > least:
            break
        least, at, best, starts = loss, each, found, list(found.fits)
    assert best is not None
    return least, at, best


def _out_of_fold(given: _Given, share: float, penalty: float, starts: Sequence[Fit | None]) -> _Found:
    z, fits = np.empty_like(given.y), []
    offset = share * given.offset
    for each, start in enumerate(starts):
        inside, outside = given.fold != each, given.fold == each
        x, y = given.x[inside], given.y[inside]
        weights, bias = logistic.minimise(x, y, offset[inside], penalty, start, multi_label=given.multi_label)
        z[outside] = offset[outside] + given.x[outside] @ weights + bias
        fits.append((weights, bias))
    return _Found(share, penalty, z, fits)


def _losses(z: Array, given: _Given) -> Array:
    """(n,): the log loss of each item."""
    if given.multi_label:
        return np.asarray((np.logaddexp(0, z) - given.y * z).sum(1))
    top = z.max(1, keepdims=True)
    return np.asarray(np.log(np.exp(z - top).sum(1)) + top[:, 0] - (given.y * z).sum(1))


def _folds(y: Array) -> NDArray[np.int64]:
    """A fold for each row, the classes dealt out evenly, the same at every fit."""
    order = np.lexsort((np.arange(len(y)), y.argmax(1)))
    fold = np.empty(len(y), np.int64)
    fold[order] = np.arange(len(y)) % min(FOLDS, len(y))
    return fold


def _temperature(z: Array, given: _Given, expected: float) -> tuple[float, float]:
    """The least mean log loss of the logits over a temperature, and that temperature."""
    away = 0.5 * (np.log(TEMPERATURES / expected) / TEMPERATURE_SPREAD) ** 2 / len(z)
    losses = [float(_losses(z / temperature, given).mean()) for temperature in TEMPERATURES]
    best = int(np.argmin(np.array(losses) + away))
    return losses[best], float(TEMPERATURES[best])
