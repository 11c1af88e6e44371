"""What whole sets of suggestions say: how sure they are, and where two of them differ.

Counted on all items up to EXACT of them, and beyond on a random sample, the same at each call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import errors
from backend.evaluating.intervals import of_share
from backend.suggesting import sets
from db import projects, suggestions
from db import suggesters as rows
from db.models import Project, SuggestionSet
from db.session import Session

EXACT = 100_000
BINS = 20
# Sets are let go when there are more; one that is kept for being in use may come on top.
MOST_SETS = 10


@dataclass(frozen=True)
class Said:
    """What one set says: item ids in their order, and the class of each; of how many items in all, and how surely.

    Of a sample, `items` is an estimate.
    """

    item_ids: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    items: int
    mean_confidence: float | None
    is_sample: bool


def kept_sets(session: Session, project: Project) -> Sequence[SuggestionSet]:
    """The finished ones, newest first."""
    return suggestions.sets(session, project.id, limit=MOST_SETS)


def histogram(session: Session, project: Project, set_id: int) -> dict[str, Any]:
    """{"items", "mean", "by_class": {class id: [items in each of BINS]}} of the confidences, on a random sample."""
    said = rows.of_sample(session, project.id, set_id)
    confidence = np.array([each.confidence for each in said])
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    class_ids, column = np.unique(np.array([each.class_id for each in said], np.int64), return_inverse=True)
    counts = np.zeros((len(class_ids), BINS), np.int64)
    np.add.at(counts, (column, place), 1)
    return {
        "items": len(said),
        "mean": round(float(confidence.mean()), 4) if len(said) else None,
        "by_class": {class_id: counts[row].tolist() for row, class_id in enumerate(class_ids.tolist())},
    }


def pairs(said: Mapping[int, Said]) -> list[dict[str, Any]]:
    """Of every two sets on how many items they differ: {"a", "b", "items", "differ", "is_sample"}."""
    found = []
    for a, b in combinations(said, 2):
        one, other = _of_both(said[a], said[b])
        differ = of_share(int((one != other).sum()), len(one))
        found.append({"a": a, "b": b, "items": len(one), "differ": differ, "is_sample": said[a].is_sample})
    return found


def compare(session: Session, project: Project, a: int, b: int) -> dict[str, Any]:
    """Two sets, class against class: {"a", "b", "items", "differ", "is_sample", "class_ids", "matrix"}.

    A row of the matrix is what the first says, a column what the second says. Raises NotFound.
    """
    for set_id in (a, b):
        sets.of_project(session, project, set_id)
    first, second = said_of(session, project, a), said_of(session, project, b)
    one, other = _of_both(first, second)
    in_use = np.union1d(one, other)
    class_ids = [each.id for each in projects.classes(session, project.id)]
    # Archived classes that an older set still names come last.
    class_ids += [each for each in in_use.tolist() if each not in class_ids]
    matrix = np.zeros((len(class_ids), len(class_ids)), np.int64)
    position = {class_id: place for place, class_id in enumerate(class_ids)}
    place_of = np.array([position[each] for each in in_use.tolist()], np.int64)
    np.add.at(matrix, (place_of[np.searchsorted(in_use, one)], place_of[np.searchsorted(in_use, other)]), 1)
    differ = of_share(int((one != other).sum()), len(one))
    told = {"a": a, "b": b, "items": len(one), "differ": differ, "is_sample": first.is_sample}
    return told | {"class_ids": class_ids, "matrix": matrix.tolist()}


def two_ids(text: str) -> tuple[int, int]:
    """ "3,7" -> 3 and 7. Raises Invalid."""
    ids = [each.strip() for each in text.split(",")]
    if len(ids) != 2 or ids[0] == ids[1] or not all(each.isdecimal() and len(each) < 19 for each in ids):
        raise errors.Invalid(f'"{text}" does not name two sets of suggestions.', "Name them by their numbers: 3,7.")
    return int(ids[0]), int(ids[1])


def said_of(session: Session, project: Project, set_id: int) -> Said:
    """What the set says of all items, or of the sample."""
    total = projects.count_items(session, project.id)
    if total > EXACT:
        found = rows.of_sample(session, project.id, set_id)
        both = np.array([(each.item_id, each.class_id) for each in found], np.int64).reshape(-1, 2)
        sure = float(np.mean([each.confidence for each in found])) if found else None
        items = round(total * len(found) / min(total, rows.SAMPLE))
        return Said(both[:, 0], both[:, 1], items, sure, is_sample=True)
    items, sure = suggestions.summary(session, set_id)
    listed = rows.item_ids_by_class(session, set_id)
    parts = [np.fromstring(item_ids, np.int64, sep=",") for item_ids in listed.values()]
    item_ids = np.concatenate([*parts, np.zeros(0, np.int64)])
    class_ids = np.repeat(np.array(list(listed), np.int64), [len(part) for part in parts])
    order = np.argsort(item_ids, kind="stable")
    return Said(item_ids[order], class_ids[order], items, sure, is_sample=False)


def _of_both(one: Said, other: Said) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The classes that each says of the items of which both say something, side by side."""
    if np.array_equal(one.item_ids, other.item_ids):
        return one.class_ids, other.class_ids
    _, in_one, in_other = np.intersect1d(one.item_ids, other.item_ids, assume_unique=True, return_indices=True)
    return one.class_ids[in_one], other.class_ids[in_other]
