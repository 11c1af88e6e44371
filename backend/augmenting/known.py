"""The labeled items that samples are held against, with the vectors that are there anyway."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backend import suggesting
from backend.augmenting import judge
from backend.encoding import encode, vectors
from backend.models import catalogue as models
from db import examples, items, labels
from db import suggestions as sets
from db.models import LabelClass, Project
from db.session import Session, reading

# Item id -> content hash and class ids.
Labeled = dict[int, tuple[bytes, list[int]]]
# Of all classes together, and of one.
MOST, MOST_A_CLASS, LEAST_A_CLASS = 1_000, 100, 5
# Of a class with fewer vectors, so many are computed here, and so many of all classes together.
WANTED_A_CLASS, MOST_ENCODED = 6, 48


def encoder_of(session: Session, project: Project) -> str:
    """That of the suggestions in use, if they stand on vectors of a model that is here; else the project's."""
    used = sets.get_set(session, project.suggestion_set_id) if project.suggestion_set_id is not None else None
    if used and used.engine in ("head", "zero_shot") and models.is_here(used.model):
        model = models.find(used.model)
        if model.kind == project.kind and "encode" in model.tasks:
            return used.model
    return suggesting.encoder_of(session, project)


def chosen(session: Session, project: Project, classes: Sequence[LabelClass]) -> Labeled:
    """Some labeled items of each class."""
    most = min(MOST_A_CLASS, max(LEAST_A_CLASS, MOST // max(1, len(classes))))
    found = examples.of_classes(session, project.id, [each.id for each in classes], most)
    class_ids = labels.class_ids_of(session, list(found))
    return {item_id: (content_hash, class_ids.get(item_id, [])) for item_id, content_hash in found.items()}


def with_vectors(project: Project, classes: Sequence[LabelClass], found: Labeled, encoder_id: str) -> judge.Known:
    """Those that have a vector, and where a class has hardly any, a few more that get theirs now."""
    item_ids, hashes = list(found), [content_hash for content_hash, _ in found.values()]
    targets = np.zeros((len(found), len(classes)), np.int8)
    places = {each.id: place for place, each in enumerate(classes)}
    for row, (_, class_ids) in enumerate(found.values()):
        targets[row, [places[each] for each in class_ids if each in places]] = 1
    there, has_vector = vectors.get(encoder_id, hashes)
    if missing := wanted(targets, has_vector):
        with reading() as session:
            lacking = items.by_ids(session, [item_ids[row] for row in missing])
        contents = [(item.content_hash, item.text) for item in lacking]
        encode.ensure(encoder_id, contents)
        there, has_vector = vectors.get(encoder_id, hashes)
    kept = np.flatnonzero(has_vector)
    names = [each.name for each in classes]
    return judge.known(
        [hashes[row] for row in kept.tolist()], there[kept], targets[kept], names, multi_label=project.multi_label
    )


def wanted(targets: Any, has_vector: Any) -> list[int]:
    """The rows whose vectors are missed most: the first of each class, then the second, …"""
    ranked = []
    for column in targets.T:
        lacks = WANTED_A_CLASS - int((column.astype(bool) & has_vector).sum())
        ranked += list(enumerate(np.flatnonzero(column.astype(bool) & ~has_vector).tolist()[: max(0, lacks)]))
    return list(dict.fromkeys(row for _, row in sorted(ranked)))[:MOST_ENCODED]
