"""Labeled projects with mistakes in them. Vectors are put into the cache, so that no model has to be loaded: those of a
class lie around one point, each class far from the others.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import numpy as np

from backend import blobs, inspecting, projects
from backend.encoding import default_encoder, vectors
from backend.encoding.vectors import Vectors
from backend.inspecting import job
from backend.jobs.progress import Handle
from backend.labeling import labels
from db import inspections, jobs
from db.models import Inspection, Item, Job, JobState, Project
from db.session import reading, writing
from tests.suggesting.builders import a_shape

DIMENSIONS = 384
NAMES = ("bird", "cat", "dog")
Found = dict[str, Any]


def points(names: Sequence[str] = NAMES) -> dict[str, Vectors]:
    """Of each class the point that its items lie around."""
    return {
        name: np.asarray(np.random.default_rng(zlib.crc32(name.encode())).normal(size=DIMENSIONS)) for name in names
    }


def near(point: Vectors, seed: int, spread: float = 1.0) -> Vectors:
    moved = point + spread * np.random.default_rng(seed).normal(size=DIMENSIONS)
    return np.asarray(moved / np.linalg.norm(moved), np.float32)


def a_project(kind: str = "text", names: Sequence[str] = NAMES, *, multi_label: bool = False) -> Project:
    with writing() as session:
        return projects.create(session, f"Pets {uuid4()}", kind, class_names=names, multi_label=multi_label)


def add(project: Project, said: Sequence[tuple[Vectors, Sequence[str]]], prefix: str = "item") -> list[int]:
    """One item for each (vector, names of the classes it is labeled as); their ids."""
    with writing() as session:
        items = [an_item(project, f"{prefix} {number}") for number in range(len(said))]
        session.add_all(items)
        session.flush()
        ids, hashes = [item.id for item in items], [item.content_hash for item in items]
    vectors.add(default_encoder(project.kind), hashes, np.stack([vector for vector, _ in said]))
    label(project, {item_id: names for item_id, (_, names) in zip(ids, said, strict=True)})
    return ids


def an_item(project: Project, text: str) -> Item:
    if project.kind == "text":
        return Item(project_id=project.id, content_hash=hashlib.sha256(text.encode()).digest(), text=text, source=text)
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
    content_hash = blobs.put(a_shape(seed, round_one=seed % 2 == 0) + text.encode())
    return Item(project_id=project.id, content_hash=content_hash, media_type="image/png", source=f"{text}.png")


def label(project: Project, says: Mapping[int, Sequence[str]], annotator: str = "Ada") -> None:
    ids = {name: class_id for class_id, name in names_of(project).items()}
    events = [
        {
            "event_id": str(uuid4()),
            "item_id": item_id,
            "action": "label",
            "class_ids": [ids[name] for name in names],
        }
        for item_id, names in says.items()
    ]
    with writing() as session:
        assert not labels.record(session, projects.get(session, project.id), annotator, events).rejected


def names_of(project: Project) -> dict[int, str]:
    with reading() as session:
        return {each.id: each.name for each in projects.get(session, project.id).classes}


def with_mistakes(
    kind: str = "text", each: int = 20, wrong: int = 3, names: Sequence[str] = NAMES
) -> tuple[Project, dict[int, str]]:
    """`each` items of each class, of which the first `wrong` are labeled as the next class: item id -> what it is."""
    project = a_project(kind, names)
    of = points(names)
    said, are = [], []
    for place, name in enumerate(names):
        for number in range(each):
            given = names[(place + 1) % len(names)] if number < wrong else name
            said.append((near(of[name], 1000 * place + number), [given]))
            are.append(name if number < wrong else None)
    ids = add(project, said)
    return project, {item_id: name for item_id, name in zip(ids, are, strict=True) if name}


def queued(project: Project) -> Job:
    with writing() as session:
        return inspecting.start(session, projects.get(session, project.id), "label_errors")


def inspected(project: Project) -> Found:
    """What the job finds, run to its end in this process."""
    new = queued(project)
    job.run(Handle(new))
    with writing() as session:
        jobs.write(session, new.id, state=JobState.DONE)
    return newest(project).result


def newest(project: Project) -> Inspection:
    with reading() as session:
        found = inspections.newest(session, project.id, "label_errors")
    assert found
    return found


def of_kind(result: Found, kind: str = "label") -> dict[int, Found]:
    """Item id -> what was found."""
    return {each["item_id"]: each for each in result["found"] if each["kind"] == kind}
