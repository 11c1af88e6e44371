"""What is taken for what, counted, and which items it is: on what `answers` gives. numpy only.

A cell is (true class id, answered class id). Where an item may have several classes nothing is taken for another: there
(class id, None) is the class missed, and (None, class id) the class answered wrongly.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.evaluating.answers import Answers

Cell = tuple[int | None, int | None]
Counts = NDArray[np.int64]


def counted(answers: Answers, place: int, class_ids: Sequence[int]) -> Counts:
    """(k, k) for these classes, rows true and columns answered; one that the runs do not know is empty."""
    # As numbers with a point: only these are multiplied at speed, and counts of items are exact in them.
    own = answers.truth.T.astype(np.float32) @ answers.given[place].astype(np.float32)
    position = {class_id: at for at, class_id in enumerate(class_ids)}
    at = [position[class_id] for class_id in answers.class_ids]
    found = np.zeros((len(class_ids), len(class_ids)), np.int64)
    found[np.ix_(at, at)] = np.rint(own)
    return found


def cells(answers: Answers, place: int) -> dict[Cell, int]:
    """How many items are in each cell that has any: mistakes first, the most frequent before the others."""
    ids = answers.class_ids
    found: dict[Cell, int] = {}
    if answers.multi_label:
        missed = (answers.truth & ~answers.given[place]).sum(axis=0)
        wrong = (answers.given[place] & ~answers.truth).sum(axis=0)
        found = {(class_id, None): int(n) for class_id, n in zip(ids, missed, strict=True)}
        found |= {(None, class_id): int(n) for class_id, n in zip(ids, wrong, strict=True)}
    else:
        counts = counted(answers, place, ids)
        found = {
            (ids[i], ids[j]): int(counts[i, j])
            for i, j in zip(*(each.tolist() for each in counts.nonzero()), strict=True)
        }
    order = sorted((cell for cell in found if found[cell]), key=lambda cell: (cell[0] == cell[1], -found[cell]))
    return {cell: found[cell] for cell in order}


def items_in(answers: Answers, place: int, cell: Cell) -> list[int]:
    """Ids of the items in a cell, those that the run at this place was surest of first."""
    true, answered = (None if each is None else answers.class_ids.index(each) for each in cell)
    is_in = np.ones(len(answers), bool)
    if true is not None:
        is_in &= answers.truth[:, true]
    if answered is not None:
        is_in &= answers.given[place][:, answered]
    if true is None:
        is_in &= ~answers.truth[:, answered]
    if answered is None:
        is_in &= ~answers.given[place][:, true]
    rows = np.flatnonzero(is_in)
    # A class that was missed is the worse mistake the less the run thought of it.
    sure = -answers.scores[place][:, true] if answered is None else answers.scores[place][:, answered]
    found: list[int] = answers.item_ids[rows[np.argsort(-sure[rows], kind="stable")]].tolist()
    return found
