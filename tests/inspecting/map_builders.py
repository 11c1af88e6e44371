"""Projects with vectors in the cache and a map, without any model."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import numpy as np

from backend import inspecting, projects, suggesting
from backend.encoding import vectors
from backend.encoding.vectors import Vectors
from backend.inspecting import map_file
from backend.jobs.progress import Handle
from backend.labeling import labels
from db import items as item_rows
from db import jobs, maps
from db import projects as rows
from db.models import Item, Job, Project
from db.session import reading, writing

CENTERS = 3
DIMENSIONS = 384


def clusters(count: int, seed: int = 0) -> Vectors:
    """Unit vectors around CENTERS places, item n around place n % CENTERS."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(CENTERS, DIMENSIONS))
    found = places[np.arange(count) % CENTERS] + 0.5 * rng.normal(size=(count, DIMENSIONS))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def a_clustered_project(count: int, names: Sequence[str] = ("bird", "fish", "plant"), **how: Any) -> Project:
    """Texts whose vectors are known to the cache of the bundled encoder."""
    with writing() as session:
        project = projects.create(session, f"Clusters {uuid4()}", "text", class_names=names, **how)
        texts = [f"text {number} of {project.id}" for number in range(count)]
        hashes = [hashlib.sha256(text.encode()).digest() for text in texts]
        for text, content_hash in zip(texts, hashes, strict=True):
            session.add(Item(project_id=project.id, content_hash=content_hash, text=text, source="file.csv"))
        encoder_id = suggesting.encoder_of(session, project)
    vectors.add(encoder_id, hashes, clusters(count))
    return project


def ids_of(project: Project) -> list[int]:
    with reading() as session:
        query = session.query(Item.id).filter_by(project_id=project.id).order_by(Item.id)
        return [item_id for (item_id,) in query]


def class_ids_of(project: Project) -> dict[str, int]:
    with reading() as session:
        return {each.name: each.id for each in rows.classes(session, project.id)}


def decide(project: Project, item_ids: Sequence[int], action: str, *names: str) -> None:
    known = class_ids_of(project)
    with writing() as session:
        events = [
            {
                "event_id": str(uuid4()),
                "item_id": item_id,
                "action": action,
                "class_ids": [known[name] for name in names],
            }
            for item_id in item_ids
        ]
        assert not labels.record(session, projects.get(session, project.id), "Ada", events).rejected


def a_job(project: Project) -> Job:
    """As a worker has it."""
    with writing() as session:
        job = inspecting.start(session, projects.get(session, project.id), "map")
        jobs.write(session, job.id, state="running", attempts=1)
    return job


def a_handle(project: Project) -> Handle:
    with reading() as session:
        return Handle(jobs.get(session, a_job(project).id))


def with_map(project: Project) -> Project:
    """A map as the job writes it, its places made up: item n at (n, n % CENTERS), mirrored for PCA."""
    item_ids = np.array(ids_of(project), np.int64)
    number = np.arange(len(item_ids), dtype=np.float32)
    places = np.stack([number, number % CENTERS], axis=1)
    with reading() as session:
        about = {
            "total": len(item_ids),
            "is_sample": False,
            "newest_id": item_rows.newest_id(session, project.id),
            "rows": maps.rows_of(session, project.id),
        }
        encoder_id = suggesting.encoder_of(session, project)
    map_file.write(project, encoder_id, item_ids, {"umap": places, "pca": -places}, about)
    return project
