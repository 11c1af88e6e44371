"""The test items that tell two runs apart, or one run's mistakes: picked, narrowed, and put in an order.

numpy over `answers.Answers`; a row is an item's place in there. Of two runs the first is the one that the other is held
against: what the other "fixed" it had answered wrongly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from backend.evaluating.answers import Answers

Rows = NDArray[np.int64]


class Order(StrEnum):
    # The run that is wrong, most confident first.
    SUREST = "surest"
    # By the true class, and the surest first within each.
    CLASS = "class"
    # Where the scores of the two runs are furthest from each other.
    APART = "apart"


@dataclass(frozen=True)
class Gallery:
    """place: the run, by its place in the table, whose wrong answers these are."""

    rows: Rows
    place: int


def of_pair(table: Answers) -> dict[str, Gallery]:
    """{"fixed", "broken", "both_wrong"} of two runs on the items that both answered."""
    first, second = table.is_right(0), table.is_right(1)
    return {
        "fixed": Gallery(np.flatnonzero(~first & second), 0),
        "broken": Gallery(np.flatnonzero(first & ~second), 1),
        "both_wrong": Gallery(np.flatnonzero(~first & ~second), 1),
    }


def mistakes(table: Answers) -> Gallery:
    """Of the first run."""
    return Gallery(np.flatnonzero(~table.is_right(0)), 0)


def true_classes(table: Answers, gallery: Gallery) -> dict[int, int]:
    """Class id -> how many of the gallery's items have it, in the order of the classes; without those that none has."""
    return _counts(table.class_ids, table.truth[gallery.rows])


def answered_classes(table: Answers, gallery: Gallery) -> dict[int, int]:
    """As `true_classes`, of what the run answered whose wrong answers these are."""
    return _counts(table.class_ids, table.given[gallery.place][gallery.rows])


def narrowed(table: Answers, gallery: Gallery, *, true: int | None = None, answered: int | None = None) -> Gallery:
    """Those with this true class, and those of which the run answered this one."""
    rows = gallery.rows
    for class_id, of in ((true, table.truth), (answered, table.given[gallery.place])):
        if class_id is not None:
            rows = rows[of[rows, table.class_ids.index(class_id)]]
    return Gallery(rows, gallery.place)


def item_ids(table: Answers, gallery: Gallery, order: Order = Order.SUREST) -> list[int]:
    """In this order; what is equal in it by id."""
    rows = gallery.rows
    surest = -table.confidence(gallery.place)[rows]
    keys = {
        Order.SUREST: (surest,),
        Order.CLASS: (surest, _first_class(table, rows)),
        Order.APART: (surest, -_apart(table, rows)),
    }[order]
    # The last key counts first.
    found: list[int] = table.item_ids[rows][np.lexsort((table.item_ids[rows], *keys))].tolist()
    return found


def notes(
    table: Answers, item_ids: Sequence[int], run_names: Sequence[str], class_names: Mapping[int, str]
) -> dict[int, str]:
    """Item id -> "Head 1 says duck 97 %, Head 2 says heron 61 %; labeled heron". run_names: of the table's runs."""
    place_of = {item_id: row for row, item_id in enumerate(table.item_ids.tolist())}
    return {item_id: _note(table, place_of[item_id], run_names, class_names) for item_id in item_ids}


def _note(table: Answers, row: int, run_names: Sequence[str], class_names: Mapping[int, str]) -> str:
    def name(column: int) -> str:
        return class_names.get(table.class_ids[column], "a class that is gone")

    said = []
    for run_name, given, scores in zip(run_names, table.given, table.scores, strict=True):
        answers = [
            f"{name(column)} {100 * scores[row, column]:.0f} %" for column in np.flatnonzero(given[row]).tolist()
        ]
        said.append(f"{run_name} says {' and '.join(answers) or 'none of the classes'}")
    label = " and ".join(name(column) for column in np.flatnonzero(table.truth[row]).tolist())
    return f"{', '.join(said)}; labeled {label or 'with none'}"


def _counts(class_ids: Sequence[int], of: NDArray[np.bool_]) -> dict[int, int]:
    counts = of.sum(axis=0).tolist()
    return {class_id: count for class_id, count in zip(class_ids, counts, strict=True) if count}


def _first_class(table: Answers, rows: Rows) -> Rows:
    """The place of each item's first true class; behind all others where it has none."""
    truth = table.truth[rows]
    none = np.full((len(rows), 1), True)
    return np.asarray(np.hstack([truth, none]).argmax(axis=1))


def _apart(table: Answers, rows: Rows) -> NDArray[np.float64]:
    """How far the scores of the first two runs are from each other: 0 the same, with one class an item at most 1 (the
    total variation distance); 0 with one run."""
    if len(table.scores) < 2:
        return np.zeros(len(rows))
    first, second = (scores[rows].astype(np.float64) for scores in table.scores[:2])
    return np.asarray(np.abs(first - second).sum(axis=1) / 2)
