"""What is thought of each label by what has not seen it. For workers.

Half a linear classifier learned from the other labels, half the labels of the items most like it: measured better than
either alone (tests/benchmarks/label_errors.py). Near-duplicates never judge one another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend import errors
from backend.evaluating.metrics import as_table
from backend.inspecting import confident, held_out, neighbours
from backend.inspecting.confident import Floats
from backend.inspecting.labeled import Seen
from backend.inspecting.neighbours import Near
from backend.jobs.progress import Handle
from backend.training import readiness


@dataclass(frozen=True)
class Judged:
    """n labeled items, k classes. has, scores: (n, k), scores being 0 where nothing could be judged.

    rows, columns: positions of the items and classes that could be. sure: (n,) 0 to 1, what is thought of each item's
    label as a whole; 0.5 where it could not be judged. near, counts: the neighbours, and which of them count.
    group_ids: (n,) near-duplicates that were kept apart, 0 where an item has none.
    """

    seen: Seen
    near: Near
    counts: NDArray[np.bool_]
    group_ids: NDArray[np.int64]
    has: NDArray[np.bool_]
    scores: Floats
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    sure: Floats
    multi_label: bool

    def part(self, rows: NDArray[np.int64]) -> tuple[Floats, NDArray[np.bool_]]:
        """(scores, has) of these items and the judged classes."""
        cells = np.ix_(rows, self.columns)
        return self.scores[cells], self.has[cells]


def judge(handle: Handle, seen: Seen, *, multi_label: bool, knows_groups: bool) -> Judged:
    """knows_groups: near-duplicates were looked for; else those count that lie very near. Raises TooFewLabels."""
    has = as_table(seen.targets, len(seen.class_ids))
    nobody = np.zeros(len(seen), np.int64)
    check(len(seen), enough(has, nobody, multi_label=multi_label), multi_label=multi_label)
    near = neighbours.nearest(
        seen.vectors, lambda done, total: handle.report(done, total, "Comparing each item with those like it.")
    )
    group_ids = seen.group_ids if knows_groups else neighbours.nearly_the_same(near)
    columns = enough(has, group_ids, multi_label=multi_label)
    check(len(seen), columns, multi_label=multi_label)
    rows = np.arange(len(seen)) if multi_label else np.flatnonzero(has[:, columns].any(axis=1))
    linear = held_out.scores(
        seen.vectors[rows],
        has[np.ix_(rows, columns)],
        group_ids[rows],
        multi_label=multi_label,
        on_progress=lambda done, total: handle.report(done, total, "Learning from parts of the labels.", unit="parts"),
    )
    counts = neighbours.counting(near, group_ids)
    alike = neighbours.agreement(near, has[:, columns], counts)[rows]
    scores, sure = np.zeros(has.shape), np.full(len(seen), 0.5)
    scores[np.ix_(rows, columns)] = (linear + alike) / 2
    sure[rows] = as_a_whole((linear + alike) / 2, has[np.ix_(rows, columns)], multi_label=multi_label)
    return Judged(seen, near, counts, group_ids, has, scores, rows, columns, sure, multi_label)


def as_a_whole(scores: Floats, has: NDArray[np.bool_], *, multi_label: bool) -> Floats:
    if multi_label:
        return 1 - confident.wrongness_of_several(scores, has)
    return confident.self_confidence(scores, has.argmax(axis=1))


def enough(has: NDArray[np.bool_], group_ids: NDArray[np.int64], *, multi_label: bool) -> NDArray[np.int64]:
    """Positions of the classes with labels enough to be judged, copies counting once; if several, also without it."""
    first = group_ids == 0
    first[np.unique(group_ids, return_index=True)[1]] = True
    counts = has[first].sum(axis=0)
    is_enough = counts >= readiness.MINIMUM
    if multi_label:
        is_enough &= first.sum() - counts >= readiness.MINIMUM
    return np.flatnonzero(is_enough)


def check(items: int, columns: NDArray[np.int64], *, multi_label: bool) -> None:
    least = readiness.least_classes(multi_label=multi_label)
    if len(columns) >= least and items > neighbours.LEAST:
        return
    needed = "a class" if least == 1 else "each of two classes"
    has = "1 class has" if len(columns) == 1 else f"{len(columns) or 'none of the'} classes have"
    raise errors.TooFewLabels(
        f"It takes {readiness.MINIMUM} different items in {needed} to tell which labels are wrong; {has} that many.",
        "Label more items on the Label page.",
    )
