"""The learned head: a linear classifier on frozen vectors that starts from the zero-shot prior.

The logits are `share * prior + vectors @ weights + bias`. How strongly the weights are held back and what share the
prior keeps is chosen by cross-validation: with few labels the head is the prior, with many it stands alone. The idea
is Tip-Adapter's (Zhang et al. 2022) and LP++'s (Huang et al. 2024). On AG News with MiniLM it was never below the
prior at any number of labels; a share learned together with the weights was, from 256 labels on.
Numpy and scipy; for workers and the assistant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Weights (d, k) and bias (k,).
Fit = tuple[Array, Array]

# Of weights on vectors of unit length, strongest first: each fit starts from the one before.
PENALTIES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
# Of the prior's logits; the first wins a draw.
SHARES = (1.0, 0.5, 0.25, 0.0)
FOLDS = 5
# Out-of-fold scores of a handful of labels say little about calibration.
TEMPERATURES = np.geomspace(0.4, 3.0, 25)
LABELS_FOR_TEMPERATURE = 20


@dataclass(frozen=True)
class Head:
    """What was learned. `taught` are the positions of the classes that have labels; the others keep the prior.

    weights: (d, taught). bias: (taught,). share: how much of the prior's logits counts. temperature: of all logits.
    """

    weights: Array
    bias: Array
    share: float
    temperature: float
    taught: NDArray[np.int64]
    multi_label: bool


def fit(vectors: NDArray[Any], targets: NDArray[Any], prior: NDArray[Any] | None, *, multi_label: bool) -> Head | None:
    """Fit on labeled items, or None while the labels are too few to learn from.

    vectors: (n, d), unit length. targets: (n, k) of 0 and 1; one 1 a row unless multi-label. prior: (n, k)
    probabilities, or None. Share, penalty and temperature are chosen on out-of-fold log loss.
    """
    there = targets.sum(0)
    # A class of a multi-label project needs a "no" as well as a "yes".
    taught = np.flatnonzero((there > 0) & (there < len(targets)) if multi_label else there > 0)
    if len(taught) < (1 if multi_label else 2):
        return None
    from threadpoolctl import threadpool_limits

    rows = np.flatnonzero(targets[:, taught].sum(1) > 0) if not multi_label else np.arange(len(targets))
    x = np.asarray(vectors[rows], np.float64)
    y = np.asarray(targets[np.ix_(rows, taught)], np.float64)
    offset = logits(prior[np.ix_(rows, taught)], multi_label) if prior is not None else np.zeros_like(y)
    # Matrices this small are slower on several threads, much slower beside a training.
    with threadpool_limits(1, user_api="blas"):
        share, penalty, out_of_fold = _choose(x, y, offset, SHARES if prior is not None else (0.0,), multi_label)
        weights, bias = _minimise(x, y, share * offset, penalty, multi_label=multi_label)
    temperature = _temperature(out_of_fold, y, multi_label) if len(rows) >= LABELS_FOR_TEMPERATURE else 1.0
    return Head(weights, bias, share, temperature, taught, multi_label)


def scores(head: Head, vectors: NDArray[Any], prior: NDArray[Any] | None, classes: int) -> NDArray[np.float32]:
    """(n, classes) probabilities; they sum to 1 unless multi-label. Untaught classes keep what the prior gives them."""
    known = prior[:, head.taught] if prior is not None else None
    found = np.zeros((len(vectors), classes)) if prior is None else np.array(prior, np.float64)
    offset = head.share * logits(known, head.multi_label) if known is not None else 0.0
    z = (offset + vectors @ head.weights + head.bias) / head.temperature
    taught = _probabilities(z, head.multi_label)
    # What the prior gives to classes without a label is not the head's to deal out.
    room = known.sum(1, keepdims=True) if known is not None and not head.multi_label else 1.0
    found[:, head.taught] = taught * room
    return found.astype(np.float32)


def logits(probabilities: NDArray[Any], multi_label: bool) -> Array:
    """The logits that give these probabilities, with an end to certainty: one wrong 0 must not outweigh all labels."""
    p = np.clip(np.asarray(probabilities, np.float64), 1e-4, 1 - 1e-4)
    if multi_label:
        return np.asarray(np.log(p) - np.log1p(-p))
    logs = np.log(p)
    return np.asarray(logs - logs.mean(1, keepdims=True))


def _probabilities(z: Array, multi_label: bool) -> Array:
    if multi_label:
        return np.asarray(1 / (1 + np.exp(-np.clip(z, -60, 60))))
    e = np.exp(z - z.max(1, keepdims=True))
    return np.asarray(e / e.sum(1, keepdims=True))


def _log_loss(z: Array, y: Array, multi_label: bool) -> float:
    if multi_label:
        return float((np.logaddexp(0, z) - y * z).sum(1).mean())
    top = z.max(1, keepdims=True)
    return float((np.log(np.exp(z - top).sum(1)) + top[:, 0] - (y * z).sum(1)).mean())


def _choose(
    x: Array, y: Array, offset: Array, shares: Sequence[float], multi_label: bool
) -> tuple[float, float, Array]:
    """The share and penalty with the least out-of-fold log loss, and the logits that gave it, (n, k)."""
    found: list[tuple[float, float, float, Array]] = []
    for share in shares:
        for penalty, z in zip(PENALTIES, _out_of_fold(x, y, share * offset, multi_label), strict=False):
            loss = _log_loss(z, y, multi_label)
            is_worse = bool(found) and found[-1][1] == share and loss > found[-1][0]
            found.append((loss, share, penalty, z))
            # Along the penalties the loss falls and then rises: what comes after is worse still, and slow.
            if is_worse:
                break
    _, share, penalty, z = min(found, key=lambda each: each[0])
    return share, penalty, z


def _out_of_fold(x: Array, y: Array, offset: Array, multi_label: bool) -> Iterator[Array]:
    """For each penalty the logits of every row from a fit without it."""
    fold = _folds(y)
    before: list[Fit | None] = [None] * (int(fold.max()) + 1)
    for penalty in PENALTIES:
        z = np.empty_like(y)
        for each, start in enumerate(before):
            inside, outside = fold != each, fold == each
            weights, bias = _minimise(x[inside], y[inside], offset[inside], penalty, start, multi_label=multi_label)
            z[outside] = offset[outside] + x[outside] @ weights + bias
            before[each] = weights, bias
        yield z


def _folds(y: Array) -> NDArray[np.int64]:
    """A fold for each row, the classes dealt out evenly, the same at every fit."""
    order = np.lexsort((np.arange(len(y)), y.argmax(1)))
    fold = np.empty(len(y), np.int64)
    fold[order] = np.arange(len(y)) % min(FOLDS, len(y))
    return fold


def _minimise(x: Array, y: Array, offset: Array, penalty: float, start: Fit | None = None, *, multi_label: bool) -> Fit:
    """Weights and bias with the least penalised log loss."""
    from scipy.optimize import minimize

    d, k = x.shape[1], y.shape[1]
    weights, bias = start or (np.zeros((d, k)), np.zeros(k))

    def loss(flat: Array) -> tuple[float, Array]:
        weights, bias = flat[: d * k].reshape(d, k), flat[d * k :]
        z = offset + x @ weights + bias
        wrong = (_probabilities(z, multi_label) - y) / len(x)
        value = _log_loss(z, y, multi_label) + 0.5 * penalty * float(flat @ flat)
        return value, np.concatenate([(x.T @ wrong + penalty * weights).ravel(), wrong.sum(0) + penalty * bias])

    options = {"maxiter": 200, "ftol": 1e-5}
    flat = minimize(loss, np.concatenate([weights.ravel(), bias]), jac=True, method="L-BFGS-B", options=options).x
    return flat[: d * k].reshape(d, k), flat[d * k :]


def _temperature(z: Array, y: Array, multi_label: bool) -> float:
    losses = [_log_loss(z / temperature, y, multi_label) for temperature in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])
