"""How long until suggestions know a new class, and until the learned head has learned from a label.

    add a class   from the API call until new suggestions for all items, with the new class, are in use
    refit         the learned head on 1,000 labels, through the assistant, and then a page of the queue `uncertain`

Budgets: 1 s each at 100,000 items; neither is met. `first` is with nothing warm, and of the refit the one that writes
its whole set. WINNOW_BENCH_ITEMS takes other sizes, with commas between.

Measured at 100,000 items on Debian 12, Python 3.11, 2 cores. "Before" is a suggest job asked for by hand, run in this
process without the start of a worker; then nothing was scored anew by itself. It is of another day and load.

                              before, load 1.6           nothing else at work, load 1.1
                              min    median max          min    median max    first
    add a class               11.01  12.61  13.53 s      1.48   1.63   1.80 s  4.92 s
    refit and queue            2.76   2.86   3.02 s      1.24   1.33   2.28 s  4.19 s

Adding a class is the writing of 100,000 rows and their indexes: scoring goes on beside it. Taking two indexes away was
quicker to write and walked whole sets to read a few items. With the write-ahead log copied over every 4 MB, as usual,
it took 2.1 to 3.5 s. At 1,000,000 items a refit took 44.5 s before (load 8.8); not measured since.
"""

import os
import statistics
import time
from collections.abc import Callable
from hashlib import sha256

import numpy as np
from fastapi.testclient import TestClient

from backend import projects, suggesting
from backend.api.app import create
from backend.encoding import vectors
from backend.jobs import ask
from backend.jobs.progress import Handle
from backend.labeling import labels
from backend.models.catalogue import MINILM
from backend.suggesting import job as suggest_job
from backend.suggesting import sets
from db import jobs
from db.models import Item, JobState, Project, Status, SuggestionSet
from db.session import reading, writing
from tests.benchmarks import _million
from tests.waiting import until

SIZES = tuple(int(size) for size in os.environ.get("WINNOW_BENCH_ITEMS", "100000,1000000").split(","))
TIMES = 5
LABELS = 1_000
MORE = 20
DIMENSIONS = 384
PIECE = 50_000


def main() -> None:
    for size in SIZES:
        with _million.a_home():
            project = a_project(size)
            api = TestClient(create())
            ask.now("warm", timeout_s=120)
            if size <= 100_000:
                show(f"add a class, {size:,} items", [add_a_class(api, project, number) for number in range(TIMES + 1)])
            says = label(project, LABELS)
            show(f"refit on {says:,} labels and queue, {size:,} items", [refit(api, project) for _ in range(TIMES + 1)])


def a_project(count: int) -> Project:
    """Texts with vectors that lie about one direction a class, and zero-shot suggestions in use."""
    project = _million.texts(count)
    rng = np.random.default_rng(5)
    directions = rng.standard_normal((len(_million.CLASSES), DIMENSIONS)).astype(np.float32)
    with reading() as session:
        query = session.query(Item.content_hash).filter_by(project_id=project.id).order_by(Item.id)
        hashes = [content_hash for (content_hash,) in query]
    for start in range(0, count, PIECE):
        some = hashes[start : start + PIECE]
        near = directions[[topic_of(content_hash) for content_hash in some]]
        found = near + 4 * rng.standard_normal(near.shape, np.float32)
        vectors.add(MINILM, some, found / np.linalg.norm(found, axis=1, keepdims=True))
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id))
    suggest_job.run(Handle(job))
    with writing() as session:
        jobs.write(session, job.id, state=JobState.DONE)
    return project


def topic_of(content_hash: bytes) -> int:
    return sha256(content_hash).digest()[0] % len(_million.CLASSES)


def add_a_class(api: TestClient, project: Project, number: int) -> float:
    """Seconds until suggestions with the new class are in use. The oldest set has been let go of before."""
    until(lambda: is_quiet(project), timeout_s=300)
    started = time.perf_counter()
    added = api.post(f"/projects/{project.id}/classes", json={"name": f"new {number}"}).json()
    until(lambda: added["id"] in classes_in_use(project), timeout_s=300, every_s=0.005)
    return time.perf_counter() - started


def is_quiet(project: Project) -> bool:
    with reading() as session:
        return session.query(SuggestionSet).filter_by(project_id=project.id).count() <= sets.KEPT


def classes_in_use(project: Project) -> list[int]:
    with reading() as session:
        set_id = projects.get(session, project.id).suggestion_set_id
        return session.get_one(SuggestionSet, set_id).class_ids if set_id else []


def label(project: Project, count: int) -> int:
    """Label `count` more items as their vectors lie."""
    with writing() as session:
        fresh = projects.get(session, project.id)
        class_ids = [each.id for each in fresh.classes]
        to_do = session.query(Item.id, Item.content_hash).filter_by(project_id=project.id, status=Status.TODO)
        events = [
            {"event_id": f"e{item_id}", "item_id": item_id, "action": "label", "class_ids": [class_ids[topic_of(each)]]}
            for item_id, each in to_do.limit(count)
        ]
        for start in range(0, count, 500):
            assert not labels.record(session, fresh, "ada", events[start : start + 500]).rejected
    return count


def refit(api: TestClient, project: Project) -> float:
    """Seconds from a few more labels until the queue is the new one."""
    label(project, MORE)
    started = time.perf_counter()
    ask.now("refit", timeout_s=600, project_id=project.id)
    answer = api.get(f"/projects/{project.id}/queue", params={"order": "uncertain", "limit": 50})
    assert len(answer.json()["items"]) == 50, answer.text
    return time.perf_counter() - started


def show(name: str, seconds: list[float], say: Callable[[str], None] = print) -> None:
    first, rest = seconds[0], sorted(seconds[1:])
    say(
        f"{name:56} min {rest[0]:6.2f} s   median {statistics.median(rest):6.2f} s   max {rest[-1]:6.2f} s"
        f"   first {first:6.2f} s"
    )


if __name__ == "__main__":
    main()
