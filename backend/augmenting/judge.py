"""Whether a changed item still looks like its class, by the vectors of the labeled items around it.

Two signs, on vectors of one encoder:
- it has gone far: the change is larger than the distance from the original to the nearest labeled item of another
  class, and most of the labeled items next to the sample are of other classes too. The distance alone marks whatever
  an encoder finds strange, such as a little grain on an even ground, wherever that leads;
- the learned head changes its mind. An item is judged by a head that never saw it: one that has learned the item by
  heart calls any change of it unsure.
How often each is right: tests/benchmarks/damage.py. Needs numpy and scipy; for workers and the assistant.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.encoding.vectors import Vectors
from backend.suggesting import head

# By how much the head must prefer the one class before, and the other after: less is a coin tossed twice.
MARGIN = 0.1
# Labeled items next to a sample that are asked.
NEIGHBOURS = 5
FOLDS = 3
# Projects whose heads are remembered.
KEPT = 4
_heads: OrderedDict[bytes, list[head.Head | None]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Known:
    """Labeled items that have a vector.

    hashes: (n,). vectors: (n, d), unit length. targets: (n, k) of 0 and 1. names: (k,). folds: (n,), the head that
    did not learn from the item; -1 where all had to, for its class has no other.
    """

    hashes: list[bytes]
    vectors: Vectors
    targets: NDArray[np.int8]
    names: list[str]
    multi_label: bool
    folds: NDArray[np.int64]
    heads: list[head.Head | None] = field(default_factory=list)

    @property
    def classes(self) -> int:
        """How many classes have an item here."""
        return int(self.targets.any(0).sum())


def known(
    hashes: list[bytes], vectors: Vectors, targets: NDArray[np.int8], names: list[str], *, multi_label: bool
) -> Known:
    return Known(hashes, vectors, targets, names, multi_label, folds_of(targets))


def folds_of(targets: NDArray[np.int8]) -> NDArray[np.int64]:
    """Each class dealt out evenly, and what has none."""
    folds = np.full(len(targets), -1)
    for column in (*targets.T, ~targets.any(1)):
        [rows] = np.nonzero(column)
        if len(rows) > 1:
            folds[rows] = np.arange(len(rows)) % FOLDS
    return folds


def learned(known: Known, check: Callable[[], None]) -> list[head.Head | None]:
    """For each fold the head that learned from the others; None where the labels are too few.

    Kept for as long as the labels are the same. check: called between two heads; what it raises ends this.
    """
    mark = hashlib.sha256(b"".join(known.hashes) + known.targets.tobytes() + known.vectors.tobytes()).digest()
    with _lock:
        if mark in _heads:
            _heads.move_to_end(mark)
            return _heads[mark]
    found = []
    for fold in range(FOLDS):
        check()
        rows = known.folds != fold
        about: dict[str, Any] = {"multi_label": known.multi_label, "unlabeled": known.vectors}
        found.append(head.fit(known.vectors[rows], known.targets[rows], None, **about) if rows.any() else None)
    with _lock:
        _heads[mark] = found
        while len(_heads) > KEPT:
            _heads.popitem(last=False)
    return found


@dataclass(frozen=True)
class Item:
    """What samples of an item are held against.

    vector: (d,), the original's. own: (k,) whether a class is its own; what the head says where it has no label, and
    None where there is no head either. near: (n,) which known items may be asked, all but itself. reach: from the
    original to the nearest item of another class; None when there is none. said: (k,) the head's probabilities.
    """

    vector: Vectors
    own: NDArray[np.bool_] | None
    near: NDArray[np.bool_]
    reach: float | None
    said: NDArray[np.float32] | None
    fold: int
    has_label: bool


def item(known: Known, content_hash: bytes, vector: Vectors, own: Sequence[int] | None) -> Item:
    """own: positions of its classes; None when nobody labeled it."""
    at = known.hashes.index(content_hash) if content_hash in known.hashes else None
    fold = int(known.folds[at]) if at is not None else -1
    said = says(known, vector[None], fold)
    classes = None
    if own is not None:
        classes = np.isin(np.arange(len(known.names)), own)
    elif said is not None:
        classes = said[0] > 0.5 if known.multi_label else np.arange(len(known.names)) == said[0].argmax()
    near = np.arange(len(known.hashes)) != (-1 if at is None else at)
    reach = None
    if classes is not None and (others := ~shares(known, classes) & near).any():
        reach = float(distances(known.vectors[others], vector).min())
    return Item(vector, classes, near, reach, None if said is None else said[0], fold, own is not None)


def shares(known: Known, classes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,): which known items have one of these classes; where there are none, which have none either."""
    found = known.targets[:, classes].any(1) if classes.any() else ~known.targets.any(1)
    return np.asarray(found, bool)


def distances(vectors: Vectors, to: Vectors) -> Vectors:
    return np.asarray(np.linalg.norm(vectors - to, axis=1))


def says(known: Known, vectors: Vectors, fold: int) -> NDArray[np.float32] | None:
    """(m, k) probabilities by the head of this fold, or by all together for -1; None without any."""
    asked = known.heads if fold < 0 else known.heads[fold : fold + 1]
    found = [head.scores(each, vectors, None, len(known.names)) for each in asked if each is not None]
    return np.asarray(np.mean(found, axis=0), np.float32) if found else None


def cells(known: Known, item: Item, samples: Vectors) -> list[dict[str, Any] | None]:
    """For each sample (m, d) {"drift", "is_far", "was", "becomes"}; None where nothing can be said."""
    said = says(known, samples, item.fold)
    if item.reach is None and said is None:
        return [None] * len(samples)
    found: list[dict[str, Any] | None] = []
    for row, sample in enumerate(samples):
        drift = None
        if item.reach is not None:
            drift = float(np.linalg.norm(sample - item.vector)) / max(item.reach, 1e-6)
        is_far = drift is not None and drift > 1 and is_among_others(known, item, sample)
        was, becomes = flip(known, item, said[row]) if said is not None else (None, None)
        drift = drift if drift is None else round(min(drift, 99.0), 3)
        found.append({"drift": drift, "is_far": is_far, "was": was, "becomes": becomes})
    return found


def is_among_others(known: Known, item: Item, sample: Vectors) -> bool:
    """Whether most of the labeled items next to the sample have none of the original's classes."""
    assert item.own is not None
    own = shares(known, item.own)[item.near]
    # Of a class with two more items no more than four are asked: it could not win among five.
    count = max(1, min(NEIGHBOURS, 2 * int(own.sum())))
    nearest = np.argsort(distances(known.vectors[item.near], sample), kind="stable")[:count]
    return float(own[nearest].mean()) < 0.5


def flip(known: Known, item: Item, now: NDArray[np.float32]) -> tuple[str | None, str | None]:
    """What the head took the original for and takes the sample for, where that is clearly another thing.

    Where it was wrong about the original, by its label, its word counts for nothing. With several classes an item, it
    is the class of which it is most sure that it came or went: "not NAME" is the other side.
    """
    before = item.said
    assert before is not None
    if known.multi_label:
        knew = (before > 0.5) == item.own if item.has_label else np.ones(len(before), bool)
        crossed = knew & ((before > 0.5) != (now > 0.5)) & (np.minimum(abs(before - 0.5), abs(now - 0.5)) > MARGIN / 2)
        if not crossed.any():
            return None, None
        at = int(np.argmax(np.where(crossed, abs(now - before), -1)))
        name = known.names[at]
        return (name, f"not {name}") if before[at] > 0.5 else (f"not {name}", name)
    was, becomes = int(before.argmax()), int(now.argmax())
    if was == becomes or (item.own is not None and not item.own[was]):
        return None, None
    is_clear = min(before[was] - before[becomes], now[becomes] - now[was]) > MARGIN
    return (known.names[was], known.names[becomes]) if is_clear else (None, None)
