"""Which items to compare at all, without comparing each with each. Rows are numbered in the order of the items' ids.

All yield arrays (left, right) of rows, left < right, right not below `first_new`. Needs numpy only.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Pairs = tuple[Rows, Rows]

# Hashes that are compared at once: what they differ in fits a core's cache.
TALL, WIDE = 32, 8_192
# For each row so many of its nearest, and so many of the first among those that are near: who came first is the centre
# of a group, and in a crowd of copies it need not be among the nearest.
NEAREST, FIRST = 16, 16
NEAR_BITS = 10
# In a bucket up to so many rows all are compared; in a larger one each with the first few.
SMALL_BUCKET, FIRST_IN_BUCKET = 16, 8


def by_bits(hashes: NDArray[np.uint64], first_new: int, most: int) -> Iterator[Pairs]:
    """Rows whose 64 bits differ in at most `most`. Looks at each pair: 0.7 ns of one core, exact, and no memory."""
    starts = range(first_new, len(hashes), TALL)

    def block(start: int) -> Pairs:
        return _near(hashes, start, min(start + TALL, len(hashes)), most)

    # numpy lets go of the interpreter while it compares.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(block, starts)


def _near(hashes: NDArray[np.uint64], start: int, end: int, most: int) -> Pairs:
    lefts, rights, bits = [], [], []
    rows = hashes[start:end, None]
    for at in range(0, end, WIDE):
        apart = np.bitwise_count(rows ^ hashes[None, at : min(at + WIDE, end)])
        found = np.flatnonzero(apart <= most)
        row, column = np.divmod(found, apart.shape[1])
        lefts.append(column + at)
        rights.append(row + start)
        bits.append(apart.ravel()[found])
    left, right, apart = np.concatenate(lefts), np.concatenate(rights), np.concatenate(bits)
    is_before = left < right
    left, right, apart = left[is_before], right[is_before], apart[is_before]
    nearest = first_of_each(left, right, apart, NEAREST)
    near = np.flatnonzero(apart <= NEAR_BITS)
    chosen = once(np.concatenate([nearest, near[first_of_each(left[near], right[near], left[near], FIRST)]]))
    return left[chosen], right[chosen]


def first_of_each(left: Rows, right: Rows, by: NDArray[Any], most: int) -> Rows:
    """Where the first `most` of each right row are, in the order of `by`."""
    order = np.lexsort((left, by, right))
    ordered = right[order]
    rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return order[rank < most]


def by_bands(keys: NDArray[np.uint64], first_new: int) -> Iterator[Pairs]:
    """Rows that share a key of some band; keys: (n, bands). A pair may come from several bands."""
    for band in keys.T:
        order = np.argsort(band, kind="stable").astype(np.int64)
        ordered = band[order]
        # Of each row: where its bucket begins, and how many are in it.
        begins = np.searchsorted(ordered, ordered)
        sizes = np.searchsorted(ordered, ordered, side="right") - begins
        place = np.arange(len(order)) - begins
        lefts, rights = [], []
        for step in range(SMALL_BUCKET - 1):
            # With the row `step` places behind the beginning of its bucket.
            is_asked = (place > step) & ((sizes <= SMALL_BUCKET) | (step < FIRST_IN_BUCKET)) & (order >= first_new)
            lefts.append(order[begins[is_asked] + step])
            rights.append(order[is_asked])
        yield np.concatenate(lefts), np.concatenate(rights)


def once(numbers: Rows) -> Rows:
    """Each number once, sorted. numpy's own way hashes, which took ten times as long on a million pairs."""
    ordered = np.sort(numbers)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered
