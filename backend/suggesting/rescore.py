"""Score a project's items anew after its classes or their words changed: from cached vectors, in one product.

Task of the assistant. Only the prompts of the classes are encoded. What comes out is a new set; the old one stays to
compare, and what a person decided is not touched.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from backend import projects
from backend.encoding import encode, vectors
from backend.encoding.vectors import Vectors
from backend.models import catalogue
from backend.suggesting import known, prior, prompts, sets, shape, stale, zero_shot
from backend.suggesting.protocol import Scores
from db import items, samples
from db import projects as project_rows
from db import suggestions as rows
from db.models import LabelClass, Project, SuggestionSet
from db.session import reading

# More missing vectors than this are a job's work: nobody should wait for them here.
FEW = 500
# Items whose vectors are in memory at once.
PIECE = 20_000


class TooManyMissing(Exception):
    """More than FEW items have no vector."""


def rescore(project_id: int, *, has_new_templates: bool = False) -> dict[str, Any]:
    """Make the newest zero-shot set anew, if there is one and it is not what it would be now.

    {"set_id", "job", "items", "seconds"}: set_id is None when nothing was made; job is then what to ask a job for,
    {"model", "templates", "top_classes", "instead_of"}, because vectors are missing or the model scores pairs, or None
    when there was nothing to do.
    """
    started = time.monotonic()
    with reading() as session:
        project = projects.get(session, project_id)
        classes = project_rows.classes(session, project_id)
        found = stale.newest(session, project, has_new_templates=has_new_templates)
    nothing: dict[str, Any] = {"set_id": None, "job": None, "items": 0, "seconds": 0.0}
    if found is None:
        return nothing
    old, templates = found
    how = catalogue.find(old.model).how
    catalogue.folder_of(old.model)
    used = _make(project, classes, old, templates) if how != "nli" else None
    if used is None:
        # Of a set that judged all classes, 0: all of them again.
        top = old.prompts.get("top_classes", 0) if how == "nli" else None
        asked = {"model": old.model, "templates": templates, "top_classes": top, "instead_of": old.id}
        return nothing | {"job": asked}
    sets.put_to_use(used, instead_of=old.id)
    with reading() as session:
        count, _ = rows.summary(session, used.id)
    return {"set_id": used.id, "job": None, "items": count, "seconds": round(time.monotonic() - started, 3)}


def tidy(project_id: int) -> dict[str, Any]:
    """Let go of the oldest sets. A task of its own: who waits for new suggestions does not wait for that."""
    sets.prune(project_id)
    return {}


def _make(
    project: Project, classes: Sequence[LabelClass], old: SuggestionSet, templates: Sequence[str]
) -> SuggestionSet | None:
    """A new set with a score for every item, not yet in use; None when too many items have no vector."""
    _clear(project.id)
    pieces = _scored(project, classes, old.model, templates)
    # While one piece is written, which is the disk's work, the next is scored.
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(next, pieces, None)
        used = None
        try:
            while piece := coming.result():
                coming = ahead.submit(next, pieces, None)
                if used is None:
                    said = prompts.as_json(classes, templates, catalogue.find(old.model).how)
                    used = sets.begin(project.id, "zero_shot", old.model, classes, said)
                sets.write(used, *piece)
        except TooManyMissing:
            if used is not None:
                sets.discard(used.id)
            return None
    return used


def _scored(
    project: Project, classes: Sequence[LabelClass], model_id: str, templates: Sequence[str]
) -> Iterator[tuple[list[int], Scores]]:
    """Pieces of the project: item ids and their scores (n, k). Raises TooManyMissing."""
    how = catalogue.find(model_id).how
    # Before the vectors are read: to load the model may show that others are the right ones.
    written = zero_shot.class_vectors(model_id, prompts.of(classes, templates, how))
    with reading() as session:
        sample = samples.hashes(session, project.id, shape.SAMPLE)
    seen, _ = _vectors(model_id, sample, FEW)
    judge = prior.of_vectors(model_id, written, multi_label=project.multi_label, seen=seen)
    pairs = known.items_of(project.id)
    may_miss = FEW
    for start in range(0, len(pairs), PIECE):
        some = pairs[start : start + PIECE]
        found, missing = _vectors(model_id, some, may_miss)
        may_miss -= missing
        yield [item_id for item_id, _ in some], judge(found)


def _vectors(model_id: str, pairs: Sequence[tuple[int, bytes]], may_miss: int) -> tuple[Vectors, int]:
    """The vectors of these items, (n, d), and how many were computed only now. Raises TooManyMissing."""
    hashes = [content_hash for _, content_hash in pairs]
    found, is_there = vectors.get(model_id, hashes)
    missing = [pairs[row] for row in np.flatnonzero(~is_there).tolist()]
    if len(missing) > may_miss:
        raise TooManyMissing
    if missing:
        with reading() as session:
            late = items.by_ids(session, [item_id for item_id, _ in missing])
        encode.ensure(model_id, [(item.content_hash, item.text) for item in late])
        found, _ = vectors.get(model_id, hashes)
    return found, len(missing)


def _clear(project_id: int) -> None:
    """Remove what an assistant that died has left unfinished. A job's set is the job's to go on with."""
    with reading() as session:
        left = [each for each in rows.unfinished(session, project_id) if each.engine == "zero_shot"]
    for each in left:
        if each.job_id is None:
            sets.discard(each.id)
