"""What the unlabeled items say about the classes: a Gaussian for each class, settled on a sample of all items.

Suggestions start from what is known (a zero-shot model, or a head that has seen a few labels), and then each class's
mean and share are estimated again from the items that look like it, a few times over; the classes have one covariance.
That is expectation maximisation, with a term that keeps every item near what was said of it before: TransCLIP (Zanella
et al. 2024) without its graph. With one covariance the answer is linear in the vector, so 100,000 items cost one
matrix product. Numpy; for workers and the assistant.

Accuracy on held-out items without any label, MiniLM, before and after: AG News 0.77 and 0.84, with bare class names
0.66 and 0.78; SMS spam 0.79 and 0.92; Banking77, all 77 classes, 0.62 and 0.67, 12 of them 0.87 and 0.95. It also
rose with a class that no item has (0.72 to 0.81, 0.77 to 0.87), with only one class there (0.92 to 1.00) and with one
class nine times as frequent as the others (0.74 to 0.88). It fell where there were four items a class (by 0.02), and
where the words say next to nothing (28 emotions, by 0.03): both are noticed, and what was said before stays.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Items to look at: more changed no figure by 0.01.
SAMPLE = 3_000
LEAST_SAMPLE = 50
LEAST_A_CLASS = 10
# Of the squared distance from their mean, of vectors of unit length: below it the items look all the same.
LEAST_SPREAD = 1e-6
# Directions in which the items differ most. With 16 or 32 Banking77 gained less; 128 was as good, and slower.
DIRECTIONS = 64
ROUNDS = 10
# How much of what was said before stays.
KEPT = 0.7
# Of the covariance, towards a round one.
ROUND = 0.5
# Of the Gaussians, which take 64 directions for independent evidence. At 1, frequent classes swallowed rare ones.
SOFT = 0.5
# Where the settled classes alone say something else for half of the items, one of the two is worthless.
LEAST_AGREEMENT = 0.5
TEMPERATURES = np.geomspace(0.5, 20, 40)


@dataclass(frozen=True)
class Space:
    """Where a sample lies: its mean (d,), its main directions (d, q), and the sample in them (m, q)."""

    mean: Array
    axes: Array
    sample: Array


@dataclass(frozen=True)
class Shape:
    """Logits are `(kept * log(before) + vectors @ weights + bias) / temperature`. weights: (d, k). bias: (k,)."""

    weights: Array
    bias: Array
    temperature: float


def is_enough(items: int, classes: int) -> bool:
    return items >= max(LEAST_SAMPLE, LEAST_A_CLASS * classes)


def is_spread(vectors: NDArray[Any]) -> bool:
    """Whether the items differ enough for a covariance."""
    return float(((vectors - vectors.mean(0)) ** 2).sum(1).mean()) > LEAST_SPREAD


def space(vectors: NDArray[Any]) -> Space:
    """vectors: (m, d). Directions by subspace iteration from a fixed start (Halko et al. 2011)."""
    mean = np.asarray(vectors.mean(0), np.float64)
    centred = np.asarray(vectors - mean, np.float64)
    count = min(DIRECTIONS, len(vectors) // 4, vectors.shape[1])
    found = np.random.default_rng(0).normal(size=(vectors.shape[1], min(count + 16, vectors.shape[1])))
    for _ in range(3):
        found, _ = np.linalg.qr(centred.T @ (centred @ found))
    _, turned = np.linalg.eigh((centred @ found).T @ (centred @ found))
    axes = found @ turned[:, ::-1][:, :count]
    return Space(mean, axes, centred @ axes)


def fit(vectors: NDArray[Any], before: NDArray[Any]) -> Shape | None:
    """From a sample of all items and what a zero-shot model says of it; None where that would be a guess.

    vectors: (m, d). before: (m, k) probabilities, rows sum to 1. The temperature makes the mean confidence as large
    as the share of items on which the settled classes alone agree with what was said before: with it the calibration
    error of items not in the sample was 0.02 to 0.11 on fourteen data sets and mixtures of their classes.
    """
    if not is_enough(len(vectors), before.shape[1]) or not is_spread(vectors):
        return None
    from threadpoolctl import threadpool_limits

    # Matrices this small are slower on several threads, much slower beside a training.
    with threadpool_limits(1, user_api="blas"):
        seen = space(vectors)
        logs = _logs(before)
        weights, bias = settle(seen, logs, SOFT)
        alone = vectors @ weights + bias
    agreement = float((alone.argmax(1) == before.argmax(1)).mean())
    if agreement < LEAST_AGREEMENT:
        return None
    z = KEPT * logs + alone
    confidence = [_softmax(z / temperature).max(1).mean() for temperature in TEMPERATURES]
    temperature = float(TEMPERATURES[np.abs(np.array(confidence) - agreement).argmin()])
    return Shape(weights, bias, temperature)


def scores(shape: Shape, vectors: NDArray[Any], before: NDArray[Any]) -> NDArray[np.float32]:
    """(n, k) probabilities. vectors: (n, d). before: (n, k), as the shape was fitted on."""
    # Of the vectors' own type: to turn 100,000 of them into another takes longer than the product.
    z = KEPT * _logs(before) + vectors @ shape.weights.astype(vectors.dtype) + shape.bias
    return _softmax(z / shape.temperature).astype(np.float32)


def settle(
    seen: Space,
    logits: Array,
    soft: float,
    *,
    labeled: tuple[Array, Array] | None = None,
    share: Array | float = 1.0,
) -> tuple[Array, Array]:
    """Weights (d, k) and bias (k,) of the Gaussians' log-odds, to be added to `KEPT * logits`.

    logits: (m, k), said before of the sample. labeled: vectors (n, d) and targets (n, k) times their weight beside an
    unlabeled item's 1. share: (m, 1), how much of an item belongs to these classes at all.
    """
    known = np.zeros((0, seen.sample.shape[1])) if labeled is None else (labeled[0] - seen.mean) @ seen.axes
    targets = np.zeros((0, logits.shape[1])) if labeled is None else labeled[1]
    points = np.concatenate([seen.sample, known])
    each = np.concatenate([np.broadcast_to(share, (len(seen.sample), 1)), targets.sum(1, keepdims=True)])
    scatter = (points * each).T @ points / each.sum()
    belongs = _softmax(logits) * share
    for _ in range(ROUNDS):
        all_of = np.concatenate([belongs, targets])
        count = all_of.sum(0)
        means = (all_of.T @ points) / (count[:, None] + 1)
        within = scatter - (means.T * count) @ means / each.sum()
        within = (1 - ROUND) * within + ROUND * np.trace(within) / len(within) * np.eye(len(within))
        weights = soft * np.linalg.solve(within, means.T)
        bias = -0.5 * np.einsum("kq,qk->k", means, weights)
        # From the sample alone: people label what they like, not what is frequent.
        bias += np.log((belongs.sum(0) + 1) / (belongs.sum() + len(bias)))
        belongs = _softmax(KEPT * logits + seen.sample @ weights + bias) * share
    found = seen.axes @ weights
    return found, bias - seen.mean @ found


def _logs(probabilities: NDArray[Any]) -> Array:
    # An end to certainty: a 0 could never be settled otherwise.
    return np.log(np.clip(np.asarray(probabilities, np.float64), 1e-4, 1))


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(1, keepdims=True))
    return np.asarray(e / e.sum(1, keepdims=True))
