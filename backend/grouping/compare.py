"""Who belongs to whom: candidates are compared exactly, and each item joins the first that it is like, or is one.

Needs numpy and Pillow only.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend import grouping
from backend.encoding.records import Values
from backend.grouping import kept, pairs, pictures, texts
from backend.grouping.pairs import Pairs, Rows
from backend.jobs.progress import Handle
from db import groups as rows
from db.models import Kind, Project
from db.session import reading

# Pairs that are compared between two words about progress.
PICTURE_PAIRS, TEXT_PAIRS = 20_000, 10_000
# Exactly compared with a text.
MOST_TEXTS = 6


@dataclass(frozen=True)
class Items:
    """In the order of their ids; groups: of each its group id, 0 for none."""

    ids: Rows
    hashes: list[bytes]
    groups: Rows


@dataclass(frozen=True)
class Search:
    """What can be compared: rows of items with their keys; from the place `new` on they are new. least: see leaders."""

    items: Items
    rows: Rows
    keys: NDArray[np.uint64]
    new: int
    least: float


def leaders(handle: Handle, project: Project, items: Items, first_new: int, least: float) -> Rows:
    """(n,) of each row the first row of its group, which is itself for those that are in none.

    Rows before `first_new` stay where they are. least: the likeness that a member and its first need.
    """
    found = np.arange(len(items.ids))
    has_group = np.flatnonzero(items.groups[:first_new])
    found[has_group] = np.searchsorted(items.ids, items.groups[has_group])
    if first_new == len(items.ids):
        return found
    keys, usable = kept.keys(project.kind, items.hashes)
    rows_of = np.flatnonzero(usable)
    search = Search(items, rows_of, keys[usable], int(np.searchsorted(rows_of, first_new)), least)
    candidates, likeness = (of_pictures, pictures_are) if project.kind == Kind.IMAGE else (of_texts, texts_are)
    join(found, candidates(handle, search), likeness, search, grouping.apart(project))
    return found


def join(
    found: Rows,
    candidates: Iterator[Pairs],
    likeness: Callable[[Search, Rows, Rows], Values],
    search: Search,
    never: Set[tuple[bytes, bytes]],
) -> None:
    """Give each right row the first that it is most like. Candidates come in the order of their right row."""
    size = grouping.HASH_LETTERS // 2
    starts = [each[:size] for each in search.items.hashes] if never else []
    best: dict[int, float] = {}
    for lefts, rights in candidates:
        # Only who is in nobody else's group can be the first of one: this is what keeps chains apart. Where many are
        # alike, hardly any pair is left to compare.
        is_first = found[lefts] == lefts
        left, right = lefts[is_first], rights[is_first]
        alike = likeness(search, left, right)
        enough = alike >= search.least
        for first, row, sure in zip(*(each[enough].tolist() for each in (left, right, alike)), strict=True):
            if found[first] != first or (never and (starts[first], starts[row]) in never):
                continue
            if sure > best.get(row, -1.0):
                best[row] = sure
                found[row] = first


def of_pictures(handle: Handle, search: Search) -> Iterator[Pairs]:
    waiting: list[Pairs] = []
    for left, right in pairs.by_bits(search.keys[:, 0], search.new, pictures.MOST_BITS):
        waiting.append((left, right))
        if sum(len(each) for each, _ in waiting) > PICTURE_PAIRS:
            yield in_order(search, waiting)
            waiting = []
        handle.report(int(right[-1]) if len(right) else search.new, len(search.rows), "Comparing.")
    if waiting:
        yield in_order(search, waiting)


def in_order(search: Search, waiting: list[Pairs]) -> Pairs:
    left, right = (np.concatenate(each) for each in zip(*waiting, strict=True))
    order = np.lexsort((left, right))
    return search.rows[left[order]], search.rows[right[order]]


def of_texts(handle: Handle, search: Search) -> Iterator[Pairs]:
    count = max(1, len(search.rows))
    both = np.empty(0, np.int64)
    for left, right in pairs.by_bands(search.keys, search.new):
        # Band by band, so that what several bands found is not held several times.
        both = pairs.once(np.concatenate([both, right * count + left]))
        handle.check_stop()
    for start in range(0, len(both), TEXT_PAIRS):
        some = both[start : start + TEXT_PAIRS]
        yield search.rows[some % count], search.rows[some // count]
        handle.report(start + len(some), len(both), "Comparing.", unit="pairs")


def pictures_are(search: Search, left: Rows, right: Rows) -> Values:
    """(n,) how alike the pictures of each pair are."""
    waves, (one, other) = signatures(Kind.IMAGE, search, left, right)
    return pictures.similarity(waves[one], waves[other])


def texts_are(search: Search, left: Rows, right: Rows) -> Values:
    """(n,) how alike the texts of each pair are; 0 where their sketches say that they are not."""
    sketches, (one, other) = signatures(Kind.TEXT, search, left, right)
    common = (sketches[one] == sketches[other]).mean(axis=1)
    likely = np.flatnonzero(common >= search.least - texts.SLACK)
    # Reading and cutting texts is what takes time: the few that are most alike by their sketches are enough.
    likely = likely[pairs.first_of_each(left[likely], right[likely], -common[likely], MOST_TEXTS)]
    every = pairs.once(np.concatenate([left[likely], right[likely]]))
    ids = search.items.ids[every].tolist()
    with reading() as session:
        written = rows.texts(session, ids)
    # One that was taken out of the bin for good meanwhile is like nothing.
    cut = dict(zip(every.tolist(), texts.cut([written.get(item_id, "") for item_id in ids]), strict=True))
    found = np.zeros(len(left), np.float32)
    found[likely] = [texts.shared(cut[left[at]], cut[right[at]]) for at in likely.tolist()]
    return found


def signatures(kind: str, search: Search, left: Rows, right: Rows) -> tuple[Values, tuple[Rows, Rows]]:
    """Of all rows of these pairs, and which of them belong to the left and to the right ones."""
    every = pairs.once(np.concatenate([left, right]))
    found = kept.signatures(kind, [search.items.hashes[row] for row in every.tolist()])
    return found, (np.searchsorted(every, left), np.searchsorted(every, right))
