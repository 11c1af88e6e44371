"""What the assistant remembers between two refits, so that a large project is not read again with every label.

Everything here is what the database says, and is read again as soon as that may have changed. Not shared with other
processes: they mark what they wrote, and a mark that is not the one remembered means to read.
"""

from collections.abc import Sequence
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from backend.suggesting.protocol import Scores
from db import projects
from db import suggestions as rows
from db.models import SuggestionSet
from db.session import reading, writing

# Of one project's scores. Larger ones are read each time.
MOST_BYTES = 100_000_000
MARK = "mark"
# One project each: people work on one at a time, and a million items take 100 MB.
_items: dict[int, tuple[tuple[int, int | None], list[tuple[int, bytes]]]] = {}
_scores: dict[int, tuple[str, NDArray[np.int64], Scores]] = {}


def items_of(project_id: int) -> list[tuple[int, bytes]]:
    """(item id, content hash) of the project's items, by id.

    An item's content never changes, and new items have new ids: how many there are and the last of them say whether
    any came or went.
    """
    with reading() as session:
        seen = projects.count_items(session, project_id), rows.last_item(session, project_id)
        if project_id not in _items or _items[project_id][0] != seen:
            _items.clear()
            _items[project_id] = seen, rows.hashes(session, project_id)
    return _items[project_id][1]


def scores_of(used: SuggestionSet, item_ids: NDArray[np.int64]) -> Scores:
    """(n, k): what the set says of these items, sorted by id; -1 where it says nothing."""
    count = len(used.class_ids)
    mark, known_ids, known = _scores.get(used.id, ("", np.empty(0, np.int64), np.empty((0, count), np.float32)))
    if mark != used.prompts.get(MARK):
        with reading() as session:
            packed = rows.scores(session, used.id)
        known_ids = np.array(sorted(packed), np.int64)
        joined = b"".join(packed[item_id] for item_id in known_ids.tolist())
        known = np.frombuffer(joined, np.float32).reshape(-1, count)
    return _at(known_ids, known, item_ids, count)


def _at(known_ids: NDArray[np.int64], known: Scores, item_ids: NDArray[np.int64], count: int) -> Scores:
    found = np.full((len(item_ids), count), -1, np.float32)
    if len(known_ids):
        at = np.minimum(np.searchsorted(known_ids, item_ids), len(known_ids) - 1)
        is_known = known_ids[at] == item_ids
        found[is_known] = known[at[is_known]]
    return found


def begin(used: SuggestionSet) -> str:
    """Say that the set is written from now on: what anybody remembers of it is no longer so. Returns the mark."""
    _scores.clear()
    mark = str(uuid4())
    with writing() as session:
        fresh = rows.get_set(session, used.id)
        if fresh is not None:
            fresh.prompts = {**fresh.prompts, MARK: mark}
    return mark


def keep(used: SuggestionSet, begun: str, item_ids: NDArray[np.int64], scores: Scores) -> None:
    """Remember what the set says of these items now, unless somebody else has begun to write it too.

    begun: what `begin` returned.
    """
    mark = str(uuid4())
    with writing() as session:
        fresh = rows.get_set(session, used.id)
        if fresh is None or fresh.prompts.get(MARK) != begun:
            return
        fresh.prompts = {**fresh.prompts, MARK: mark}
    if scores.nbytes <= MOST_BYTES:
        _scores[used.id] = mark, item_ids, scores


def without(pairs: Sequence[tuple[int, bytes]], item_ids: Sequence[int]) -> list[tuple[int, bytes]]:
    """The pairs of other items than these."""
    left_out = set(item_ids)
    return [pair for pair in pairs if pair[0] not in left_out]
