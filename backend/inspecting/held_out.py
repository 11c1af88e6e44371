"""What a linear classifier thinks of labels that it has not seen: it learned from the other labels. For workers."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.encoding.vectors import Vectors
from backend.training import dealing, linear

Floats = NDArray[np.floating[Any]]

FOLDS = 4
# Numbers times classes that one fit may go through, some seconds: more rows say little that these do not. Never fewer
# rows than so many a class.
MOST_NUMBERS, LEAST_EACH = 200_000_000, 4


def scores(
    vectors: Vectors,
    has: NDArray[np.bool_],
    group_ids: NDArray[np.int64],
    *,
    multi_label: bool,
    on_progress: Callable[[int, int], None],
) -> Floats:
    """(n, k) the scores of each row by a classifier that learned from other rows, none of its own group.

    vectors: (n, d). has: (n, k) the labels. group_ids: (n,) 0 where an item has no near-duplicates. Each class must
    have items of at least `FOLDS` different groups. The strength is chosen once, on a sample.
    """
    n, k = has.shape
    targets = [np.flatnonzero(row).tolist() for row in has]
    groups = {row: group or None for row, group in enumerate(group_ids.tolist())}
    fold = dealing.dealt(dealing.units_of(range(n), groups), targets, FOLDS, 0)
    order = np.random.default_rng(0).permutation(n)
    most = max(MOST_NUMBERS // (vectors.shape[1] * k), LEAST_EACH * k, linear.MOST_FOR_CHOOSING)

    def fitted(rows: NDArray[np.int64], strength: float | None) -> linear.Linear:
        learned = [targets[row] for row in rows.tolist()]
        return linear.fit(vectors[rows], learned, k, multi_label=multi_label, only_strength=strength)

    on_progress(0, FOLDS + 1)
    strength = fitted(order[: linear.MOST_FOR_CHOOSING], None).strength
    found: Floats = np.zeros((n, k))
    for number in range(FOLDS):
        on_progress(number + 1, FOLDS + 1)
        held = fold == number
        found[held] = fitted(order[~held[order]][:most], strength).scores(vectors[held])
    on_progress(FOLDS + 1, FOLDS + 1)
    return found
