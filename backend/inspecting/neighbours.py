"""Of each labeled item those most like it, what their labels say of it, and which are nearly the same. For workers.

n items, k classes. Vectors are of unit length: the closer to 1 their product, the more alike two items are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.encoding.vectors import Vectors

Floats = NDArray[np.floating[Any]]

# Every item is compared with every other one up to so many; with more, each with a sample, for the same work.
EXACT = 20_000
MOST_PAIRS = 5 * EXACT**2 // 2
CHUNK = 1_000
# Measured (tests/benchmarks/label_errors.py): more say better what an item is, as long as they are a small part of all.
MOST, LEAST, SHARE = 50, 5, 0.1
# How much less a neighbour says that lies further away: a cosine less by 0.1 counts 1 / e.
NEARNESS = 10.0
# From this cosine on two items are nearly the same; where all lie close, when much closer than neighbours usually are.
SAME, MUCH_CLOSER = 0.97, 4.0


@dataclass(frozen=True)
class Near:
    """rows: (n, m) positions of the items most like each, the most like first. cosines: (n, m) how like."""

    rows: NDArray[np.int64]
    cosines: NDArray[np.float32]


def nearest(vectors: Vectors, on_progress: Callable[[int, int], None] | None = None) -> Near:
    """The m = 5 to 50 most like each of n > 1 items, itself left out; of a sample when there are very many."""
    n = len(vectors)
    others = np.arange(n)
    if n > EXACT:
        others = np.sort(np.random.default_rng(0).choice(n, max(LEAST * 2, MOST_PAIRS // n), replace=False))
    m = min(MOST, max(LEAST, int(SHARE * n)), n - 1, len(others) - 1)
    # -1 for those that are not among the others: they cannot meet themselves.
    place = np.full(n, -1)
    place[others] = np.arange(len(others))
    table = np.ascontiguousarray(vectors[others].T)
    rows, cosines = np.empty((n, m), np.int64), np.empty((n, m), np.float32)
    for start in range(0, n, CHUNK):
        alike = vectors[start : start + CHUNK] @ table
        its_own = place[start : start + CHUNK]
        there = np.flatnonzero(its_own >= 0)
        alike[there, its_own[there]] = -2.0
        best = np.argpartition(-alike, m - 1, axis=1)[:, :m]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(alike, best, 1), axis=1, kind="stable"), 1)
        rows[start : start + CHUNK] = others[best]
        cosines[start : start + CHUNK] = np.take_along_axis(alike, best, 1)
        if on_progress:
            on_progress(min(start + CHUNK, n), n)
    return Near(rows, cosines)


def nearly_the_same(near: Near) -> NDArray[np.int64]:
    """(n,) a number above 0 that near-duplicates share; 0 for an item that has none. For want of a search for them.

    Where all items lie close, as those of a descriptor of colours do, a pair must also be much closer than an item
    usually is to the one most like it.
    """
    usual = float(np.median(1 - near.cosines[:, 0]))
    least = max(SAME, 1 - usual / MUCH_CLOSER)
    n = len(near.rows)
    leader = np.arange(n)

    def led(row: int) -> int:
        while leader[row] != row:
            leader[row] = leader[leader[row]]
            row = int(leader[row])
        return row

    for row, place in np.argwhere(near.cosines >= least).tolist():
        one, other = led(row), led(int(near.rows[row, place]))
        leader[max(one, other)] = min(one, other)
    leaders = np.array([led(row) for row in range(n)])
    has_others = np.bincount(leaders, minlength=n) > 1
    return np.where(has_others[leaders], leaders + 1, 0)


def counting(near: Near, group_ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n, m) which neighbours count: not those of an item's own group, which would vouch for their own mistake."""
    own = group_ids[:, None]
    return (group_ids[near.rows] != own) | (own == 0)


def agreement(near: Near, has: NDArray[np.bool_], counts: NDArray[np.bool_]) -> Floats:
    """(n, k) the share of the neighbours that have each class, nearer ones counting more.

    has: (n, k) the labels. counts: (n, m) of `counting`. An item without any neighbour has the shares of all labels.
    """
    weights = np.exp(NEARNESS * (near.cosines - near.cosines[:, :1]).astype(np.float64)) * counts
    sums = weights.sum(axis=1, keepdims=True)
    found: Floats = np.zeros(has.shape)
    # A column at a time: all at once would be m times the table.
    for column in range(near.rows.shape[1]):
        found += weights[:, column, None] * has[near.rows[:, column]]
    return np.where(sums > 0, found / np.maximum(sums, 1e-12), has.mean(axis=0))
