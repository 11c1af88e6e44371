"""What to label first, when little is known: items that stand for many others, and for others than those before.

`diverse` and `mixed` are tasks of the assistant. The choice is greedy facility location over the cached vectors: each
next item is the one that most raises, summed over a sample, the likeness of every item to its nearest chosen one. So a
typical item comes before an outlier, and nothing comes twice in other words; what is decided, or held by anybody,
counts as chosen before. The greedy choice is within 1 - 1/e of the best there is (Nemhauser et al. 1978); for choosing
what to label see Wei, Iyer & Bilmes 2015, "Submodularity in data subset selection and active learning". It was
measured against k-center greedy (Sener & Savarese 2018), k-means++ and TypiClust (Hacohen et al. 2022):
tests/benchmarks/diverse.py has the table.

An item without a vector cannot be compared. Where vectors are missing, the answer is filled up in random order.
"""

import heapq
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import projects, suggesting
from backend.encoding import vectors
from backend.encoding.vectors import Vectors
from db import leases
from db import projects as project_rows
from db import queue as rows
from db.models import Status
from db.queue import Part
from db.session import Session, reading

# Items to choose from and to stand for: the first by content hash, which is a random sample.
SAMPLE = 1_000
# Of what is decided or held, the newest: beyond these another order serves better.
DECIDED = 1_000
# From how many of the least sure those unlike each other are chosen: so many for each that is wanted, but no more than
# this share of what is to do. Of a small project all would be among the least sure.
POOL, POOL_SHARE = 8, 0.2


def diverse(project_id: int, limit: int, without: Collection[int] = (), holder: str = "") -> dict[str, Any]:
    """{"items": [ids]}: typical and spread-out items to do, filled up in random order where vectors are missing."""
    part = Part(project_id, limit, without, holder=holder)
    with reading() as session:
        encoder_id = suggesting.encoder_of(session, projects.get(session, project_id))
        chosen = _spread_out(session, part, encoder_id)
        return {"items": _merged([chosen], rows.shuffled(session, part), limit)}


def mixed(project_id: int, limit: int, without: Collection[int] = (), holder: str = "") -> dict[str, Any]:
    """{"items": [ids]}: of four, two that the model is least sure of, one diverse and one random, in turn.

    Those it is least sure of are unlike each other: chosen as above from up to eight times as many. The random ones
    keep the labels honest: only they say how good a model is over all items. Without suggestions there are only
    diverse and random ones, in turn.
    """
    part = Part(project_id, limit, without, holder=holder)
    with reading() as session:
        project = projects.get(session, project_id)
        encoder_id = suggesting.encoder_of(session, project)
        half = -(-limit // 2)
        spread = _spread_out(session, replace(part, limit=half), encoder_id)
        random = rows.shuffled(session, part)
        if project.suggestion_set_id is None:
            return {"items": _merged([spread, random], random, limit)}
        to_do = project_rows.status_counts(session, [project_id])[project_id].get(Status.TODO, 0)
        size = max(half, min(POOL * half, int(POOL_SHARE * to_do)))
        pool = rows.least_sure(session, replace(part, limit=size), project.suggestion_set_id)
        unsure = _unlike_each_other(session, pool, half, encoder_id)
        return {"items": _merged([unsure[0::2], spread, unsure[1::2], random], random, limit)}


def chosen(candidates: Vectors, before: Vectors, limit: int) -> list[int]:
    """Positions of up to `limit` candidates, in the order of the greedy choice.

    candidates: (n, d), unit length; each is also to be stood for. before: (m, d), what counts as chosen already.
    A gain only falls while more is chosen, so an old gain is a bound, and few are computed anew (Minoux 1978).
    """
    likeness = _likeness(candidates, candidates)
    best = _likeness(candidates, before).max(1) if len(before) else np.zeros(len(candidates), np.float32)
    gains = np.maximum(likeness - best, 0).sum(1)
    queue = [(-gain, row) for row, gain in enumerate(gains.tolist())]
    heapq.heapify(queue)
    found: list[int] = []
    while queue and len(found) < limit:
        _, row = heapq.heappop(queue)
        gain = float(np.maximum(likeness[row] - best, 0).sum())
        if queue and -gain > queue[0][0]:
            heapq.heappush(queue, (-gain, row))
            continue
        found.append(row)
        best = np.maximum(best, likeness[row])
    return found


def _likeness(one: Vectors, other: Vectors) -> NDArray[np.float32]:
    """The cosine, squared: what is nearly the same counts for more than what is a little alike."""
    return np.asarray(np.clip(one @ other.T, 0, 1) ** 2, np.float32)


def _spread_out(session: Session, part: Part, encoder_id: str) -> list[int]:
    ids, hashes = rows.hashes(session, replace(part, limit=SAMPLE))
    found, is_there = vectors.get(encoder_id, hashes)
    held = leases.held_by_others(session, part.project_id, part.holder)
    # One that was cleared or undone since is to do again.
    decided = set(rows.decided_last(session, part.project_id, DECIDED)).difference(ids)
    known = [*part.without, *held, *decided][: 2 * DECIDED]
    before, is_known = vectors.get(encoder_id, list(rows.hashes_of(session, known).values()))
    there = np.flatnonzero(is_there).tolist()
    order = chosen(found[is_there], before[is_known], part.limit)
    return [ids[there[position]] for position in order]


def _unlike_each_other(session: Session, pool: Sequence[int], limit: int, encoder_id: str) -> list[int]:
    """Up to `limit` of the pool; where vectors are missing, from its front."""
    by_id = rows.hashes_of(session, pool)
    found, is_there = vectors.get(encoder_id, [by_id[item_id] for item_id in pool])
    there = np.flatnonzero(is_there).tolist()
    order = chosen(found[is_there], found[:0], limit)
    return _merged([[pool[there[position]] for position in order]], pool, limit)


def _merged(streams: Iterable[Sequence[int]], rest: Sequence[int], limit: int) -> list[int]:
    """One of each stream in turn, each item once; what is missing comes from the rest."""
    in_turn = [item_id for each in zip_longest(*streams) for item_id in each if item_id is not None]
    return list(dict.fromkeys([*in_turn, *rest]))[:limit]
