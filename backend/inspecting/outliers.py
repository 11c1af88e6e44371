"""Labeled items unlike all others, and near-duplicates that were labeled differently. Needs numpy only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.inspecting.neighbours import Near

Floats = NDArray[np.floating[Any]]

# With fewer items nothing is unusual.
LEAST_ITEMS = 30
COUNTED = 10
# So many standard deviations above the median: one in a hundred of what is spread like a bell, to be looked through.
# 1.4826 makes a median deviation a standard one.
LIMIT, OF_MEDIAN_DEVIATION = 2.5, 1.4826
# Where nearly all items are copies of one another, the smallest difference would else be a large one.
LEAST_SPREAD = 0.005


def distances(near: Near) -> Floats:
    """(n,) the mean cosine distance of each item to the ten most like it.

    After Ramaswamy et al. 2000 and Kuan & Mueller 2022.
    """
    found: Floats = 1 - near.cosines[:, :COUNTED].astype(np.float64).mean(axis=1)
    return found


def strangeness(far: Floats) -> Floats:
    """(n,) 0 to 1, above 0.5 for an outlier: how far each distance lies above the median.

    In median deviations of those above it: distances are crowded below, where nothing is closer than a copy.
    """
    if len(far) < LEAST_ITEMS:
        return np.zeros(len(far))
    middle = np.median(far)
    spread = max(float(np.median(far[far >= middle] - middle)), LEAST_SPREAD)
    deviation = np.maximum(far - middle, 0) / (OF_MEDIAN_DEVIATION * spread)
    return np.asarray(deviation / (deviation + LIMIT))


def disagreeing(group_ids: NDArray[np.int64], has: NDArray[np.bool_], sure: Floats) -> list[tuple[int, int]]:
    """(row, twin) of near-duplicates whose labels differ: each row that is not labeled as most of its group, and one
    that is.

    group_ids: (n,) 0 where an item has no near-duplicates. has: (n, k) the labels. sure: (n,) what a model thinks of
    each label: it decides between as many against as many.
    """
    groups: dict[int, list[int]] = {}
    for row in np.flatnonzero(group_ids).tolist():
        groups.setdefault(int(group_ids[row]), []).append(row)
    found = []
    for rows in groups.values():
        camps: dict[bytes, list[int]] = {}
        for row in rows:
            camps.setdefault(has[row].tobytes(), []).append(row)
        most = max(camps.values(), key=lambda camp: (len(camp), sure[camp].sum(), -camp[0]))
        found += [(row, most[0]) for camp in camps.values() if camp is not most for row in camp]
    return found
