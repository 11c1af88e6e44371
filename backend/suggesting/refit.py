"""Refit the learned head on all labels and update the suggestions of what is not labeled yet.

Task of the assistant, called a moment after labels; also the last step of an embed job. The head's set is kept and
changed in place, so that a suggestion keeps its id while it learns.
"""

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import projects, suggesting
from backend.encoding import encode, vectors
from backend.encoding.vectors import Vectors
from backend.models import catalogue
from backend.suggesting import head, known, prior, sets, shape
from backend.suggesting.prior import Prior
from backend.suggesting.protocol import Scores
from db import items, labels, samples
from db import projects as project_rows
from db import suggestions as rows
from db.labels import Labeled
from db.models import LabelClass, Project, Status, SuggestionSet
from db.session import reading, writing

# More missing vectors than this are a job's work: nobody should wait for them here.
FEW = 500
# Of more items than this, nobody looks whether all have a vector with every label.
SMALL = 20_000
# Where fewer than one item in so many has a vector, they are found from the vectors, not by going through all items.
RARE = 10
# Scores that moved less than this are not written again.
MOVED = 0.005
# Rows that one refit writes, those that moved most first: with every label all of a large project moves a little, and
# labels must not wait for that. A new set is written whole.
MOST = 5_000
# Items whose vectors are in memory at once.
PIECE = 50_000
_lock = threading.Lock()


def refit(project_id: int) -> dict[str, Any]:
    """{"set_id", "labels", "changed", "left", "seconds"}; set_id is None while there is too little to learn from.

    left: how many suggestions moved but were not written yet; the next refit goes on with them.
    """
    with reading() as session:
        encoder_id = suggesting.encoder_of(session, projects.get(session, project_id))
    _encode_few(project_id, encoder_id)
    return learn(project_id, encoder_id)


def learn(project_id: int, encoder_id: str, *, is_chosen: bool = False) -> dict[str, Any]:
    """Fit on the vectors that are there, and write the suggestions that changed."""
    started = time.monotonic()
    with _lock:
        with reading() as session:
            project = projects.get(session, project_id)
            classes = project_rows.classes(session, project_id)
            labeled = labels.labeled(session, project_id)
        fitted = _fit(project, classes, labeled, encoder_id)
        if fitted is None:
            return {"set_id": None, "labels": len(labeled), "changed": 0, "left": 0, "seconds": 0.0}
        the_head, before = fitted
        todo = _without_label(project_id, encoder_id, labeled)
        item_ids, new = _score(the_head, before, encoder_id, todo, len(classes))
        about = {
            "labels": len(labeled),
            "prior_share": the_head.share,
            "temperature": round(the_head.temperature, 3),
            "has_learned": bool(the_head.weights.any()),
        }
        used = _head_set(project_id, classes, encoder_id, about)
        changed, left = _write_changed(used, item_ids, new)
        if used.finished_at is None or project.suggestion_set_id != used.id:
            sets.finish(used, is_chosen=is_chosen)
    seconds = round(time.monotonic() - started, 3)
    return {"set_id": used.id, "labels": len(labeled), "changed": changed, "left": left, "seconds": seconds}


def _fit(
    project: Project, classes: Sequence[LabelClass], labeled: Sequence[Labeled], encoder_id: str
) -> tuple[head.Head, Prior | None] | None:
    """The head and the prior it stands on; None while the labels are too few."""
    position = {each.id: row for row, each in enumerate(classes)}
    known = [each for each in labeled if project.multi_label or any(c in position for c in each.class_ids)]
    item_ids, found = _vectors_of(encoder_id, [(each.item_id, each.content_hash) for each in known])
    if not item_ids:
        return None
    there = set(item_ids)
    targets = np.zeros((len(item_ids), len(classes)))
    for row, each in enumerate(each for each in known if each.item_id in there):
        targets[row, [position[class_id] for class_id in each.class_ids if class_id in position]] = 1
    with reading() as session:
        sample = samples.hashes(session, project.id, shape.SAMPLE)
    sample_ids, seen = _vectors_of(encoder_id, sample)
    before = prior.of(project, classes, encoder_id)
    if before and not project.multi_label:
        before = prior.settled(before, sample_ids, seen)
    fitted = head.fit(
        found,
        targets,
        before(item_ids, found) if before else None,
        multi_label=project.multi_label,
        unlabeled=seen,
        unlabeled_prior=before(sample_ids, seen) if before else None,
    )
    return (fitted, before) if fitted else None


def _score(
    the_head: head.Head, before: Prior | None, encoder_id: str, pairs: Sequence[tuple[int, bytes]], count: int
) -> tuple[NDArray[np.int64], Scores]:
    """The items that have a vector, and their scores (n, count). In pieces: a million vectors are 1.5 GB."""
    ids: list[int] = []
    found = [np.empty((0, count), np.float32)]
    for start in range(0, len(pairs), PIECE):
        item_ids, some = _vectors_of(encoder_id, pairs[start : start + PIECE])
        ids += item_ids
        if item_ids:
            found.append(head.scores(the_head, some, before(item_ids, some) if before else None, count))
    return np.array(ids, np.int64), np.concatenate(found)


def _without_label(project_id: int, encoder_id: str, labeled: Sequence[Labeled]) -> list[tuple[int, bytes]]:
    """(item id, content hash) of the items that can have a suggestion: without a label, and with a vector or all."""
    with reading() as session:
        total = project_rows.count_items(session, project_id)
        hashes = vectors.hashes(encoder_id)
        if RARE * len(hashes) > total:
            return known.without(known.items_of(project_id), [each.item_id for each in labeled])
        found = items.by_hashes(session, project_id, hashes)
    return sorted((item_id, each) for each, (item_id, status) in found.items() if status != Status.LABELED)


def _vectors_of(encoder_id: str, pairs: Sequence[tuple[int, bytes]]) -> tuple[list[int], Vectors]:
    """The items that have a vector, and the vectors."""
    found, is_there = vectors.get(encoder_id, [content_hash for _, content_hash in pairs])
    return [pairs[row][0] for row in np.flatnonzero(is_there).tolist()], found[is_there]


def _encode_few(project_id: int, encoder_id: str) -> None:
    """Compute missing vectors: some of the labeled items', and of a small project all."""
    with reading() as session:
        if project_rows.count_items(session, project_id) <= SMALL:
            pairs = rows.hashes(session, project_id)
        else:
            pairs = [(each.item_id, each.content_hash) for each in labels.labeled(session, project_id)]
    _, is_there = vectors.get(encoder_id, [content_hash for _, content_hash in pairs])
    missing = [pairs[row][0] for row in np.flatnonzero(~is_there).tolist()]
    if len(missing) >= FEW:
        with reading() as session:
            first = {each.item_id for each in labels.labeled(session, project_id)}
        missing = [each for each in missing if each in first][:FEW]
    if not missing:
        return
    with reading() as session:
        contents = [(item.content_hash, item.text) for item in items.by_ids(session, missing)]
    encode.ensure(encoder_id, contents)


def _head_set(project_id: int, classes: Sequence[LabelClass], encoder_id: str, about: dict[str, Any]) -> SuggestionSet:
    """The set that learns along: the one there is, or a new one when the classes or the encoder are others."""
    with writing() as session:
        used = rows.newest(session, project_id, "head")
        is_same = used and used.class_ids == [each.id for each in classes] and used.model == encoder_id
        if used and is_same and used.revision == catalogue.revision_of(encoder_id):
            used.prompts = about | {known.MARK: used.prompts.get(known.MARK)}
            return used
        left = [each.id for each in rows.unfinished(session, project_id) if each.engine == "head"]
    for set_id in left:
        sets.discard(set_id)
    return sets.begin(project_id, "head", encoder_id, classes, about)


def _write_changed(used: SuggestionSet, item_ids: NDArray[np.int64], new: Scores) -> tuple[int, int]:
    """How many suggestions were written, and how many that moved were left for the next time."""
    now = known.scores_of(used, item_ids)
    move = np.abs(new - now).max(1, initial=0)
    moved = np.flatnonzero(move > MOVED)
    chosen = moved if used.finished_at is None else np.sort(moved[np.argsort(-move[moved], kind="stable")[:MOST]])
    if len(chosen):
        begun = known.begin(used)
        sets.write(used, item_ids[chosen].tolist(), new[chosen])
        now[chosen] = new[chosen]
        known.keep(used, begun, item_ids, now)
    return len(chosen), len(moved) - len(chosen)
