"""How long the queue takes in a project of 1,000,000 items: every order, `hold`, and a page of the list of items.

Budget: 300 ms a call. All items have a suggestion and a vector (384 numbers), and 100,000 are decided: those of which
the suggestions are least sure, which is the hardest case, for they lie at the front of the index. Calls of 40 items
that take leases and leave out up to 400, through the API in this process with the assistant beside it. `first` is the
call before anything is warm: the assistant indexes the vectors, or loads the model. WINNOW_BENCH_ITEMS and
WINNOW_BENCH_VECTORS take other sizes.

Measured on Debian 12, Python 3.11, 2 cores, load 1.7 (its own included):

    queue sequential                             p50     25 ms   p95     30 ms   first     63 ms
    queue random                                 p50     26 ms   p95     44 ms   first     42 ms
    queue uncertain                              p50    102 ms   p95    138 ms   first    168 ms
    queue class:bird                             p50     54 ms   p95     78 ms   first     43 ms
    queue sure:bird                              p50     56 ms   p95     76 ms   first     61 ms
    queue diverse                                p50     90 ms   p95    109 ms   first   1650 ms
    queue mixed                                  p50    153 ms   p95    180 ms   first    158 ms
    queue similar:500000                         p50    138 ms   p95    157 ms   first    224 ms
    queue search:a museum by the river           p50    139 ms   p95    164 ms   first   3319 ms
    hold 40                                      p50     12 ms   p95     14 ms   first     12 ms
    hold 500                                     p50     62 ms   p95     75 ms   first     44 ms
    GET items                                    p50     11 ms   p95     15 ms   first     16 ms
    GET items {'status': 'todo'}                 p50     11 ms   p95     14 ms   first     13 ms
    GET items {'status': 'labeled'}              p50     12 ms   p95     14 ms   first     14 ms
    GET items {'sort': 'newest'}                 p50     10 ms   p95     12 ms   first     14 ms
    this process                                      122 MB
    assistant                                         588 MB

On overloaded cores (load 5.8 to 7.2) an earlier run had p95 of 291 to 561 ms for most orders, and more than 1 s for
`uncertain`, `sure` and `diverse`.
"""

import os
import random
import sqlite3
import statistics
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import psutil
from fastapi.testclient import TestClient

from backend import projects, settings
from backend.api.app import create
from backend.encoding import vectors
from backend.jobs import ask
from backend.models.catalogue import MINILM
from db import session as database
from db.models import Project
from db.session import writing
from tests.benchmarks import _million

ITEMS = int(os.environ.get("WINNOW_BENCH_ITEMS", "1_000_000"))
VECTORS = int(os.environ.get("WINNOW_BENCH_VECTORS", "1_000_000"))
DECIDED = ITEMS // 10
TIMES = 40
DIMENSIONS = 384
PIECE = 50_000
CLASSES = ("bird", "cat", "dog", "horse")
WORDS = ("river", "market", "striker", "orbit", "verdict", "harvest", "signal", "museum", "engine", "glacier")
NOW = "2025-01-01 00:00:00.000000"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WINNOW_HOME"] = folder
        started = time.perf_counter()
        project = build()
        size = Path(folder, "winnow.db").stat().st_size / 1e9
        print(f"built in {time.perf_counter() - started:.0f} s, database {size:.2f} GB, {VECTORS:,} vectors")
        try:
            measure(project)
        finally:
            ask.end()
            database.close()


def build() -> Project:
    """One project of ITEMS texts, all suggested, those DECIDED of which the suggestions are least sure."""
    database.migrate(settings.database_url())
    database.open_database(settings.database_url())
    with writing() as session:
        project = projects.create(session, "A million texts", "text", class_names=CLASSES)
        assert project.classes
    rng = np.random.default_rng(3)
    scores = rng.dirichlet([0.6] * len(CLASSES), ITEMS).astype(np.float32)
    decided = np.zeros(ITEMS, bool)
    # The hard case: what is least sure was decided first, and its suggestions still lie at the front.
    decided[np.argsort(margins_of(scores))[:DECIDED]] = True
    connection = sqlite3.connect(settings.home() / "winnow.db")
    connection.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-400000;")
    insert(connection, project, scores, decided)
    connection.executescript("PRAGMA wal_checkpoint(TRUNCATE);")
    connection.close()
    for start in range(0, VECTORS, PIECE):
        some = rng.standard_normal((min(PIECE, VECTORS - start), DIMENSIONS), np.float32)
        some /= np.linalg.norm(some, axis=1, keepdims=True)
        vectors.add(MINILM, [hash_of(row) for row in range(start, start + len(some))], some)
    with writing() as session:
        return projects.get(session, project.id)


def insert(connection: sqlite3.Connection, project: Project, scores: np.ndarray, decided: np.ndarray) -> None:
    class_ids = [each.id for each in project.classes]
    connection.execute("INSERT INTO annotators VALUES (1, 'ada', ?)", (NOW,))
    connection.execute(f"INSERT INTO decisions VALUES (1, {project.id}, 1, 'done', '{NOW}')")
    connection.executemany(
        "INSERT INTO items (id, project_id, content_hash, text, source, status, split, annotator_id, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (row + 1, project.id, hash_of(row), text_of(row), f"texts.csv row {row + 1}", *how, NOW)
            for row in range(ITEMS)
            for how in [("labeled", "train", 1) if decided[row] else ("todo", None, None)]
        ),
    )
    connection.executemany(
        "INSERT INTO label_events (event_id, project_id, item_id, annotator_id, decision_id, action, class_ids,"
        f" before, created_at) VALUES (?, {project.id}, ?, 1, 1, 'label', '[{class_ids[0]}]', '{{}}', '{NOW}')",
        ((f"e{row}", row + 1) for row in np.flatnonzero(decided).tolist()),
    )
    connection.execute(
        "INSERT INTO suggestion_sets (id, project_id, engine, model, revision, prompts, class_ids, created_at,"
        f" finished_at) VALUES (1, {project.id}, 'zero_shot', '{MINILM}', '', '{{}}', '{class_ids}', '{NOW}', '{NOW}')"
    )
    connection.executemany(
        "INSERT INTO suggestions (set_id, item_id, class_id, confidence, margin, scores) VALUES (1, ?, ?, ?, ?, ?)",
        (
            (row + 1, class_ids[best], float(scores[row].max()), margin, array("f", scores[row]).tobytes())
            for row, (best, margin) in enumerate(zip(scores.argmax(1).tolist(), margins_of(scores), strict=True))
        ),
    )
    connection.execute(f"UPDATE projects SET suggestion_set_id = 1 WHERE id = {project.id}")
    connection.commit()


def margins_of(scores: np.ndarray) -> list[float]:
    ranked = np.sort(scores, axis=1).astype(float)
    return (ranked[:, -1] - ranked[:, -2]).tolist()


def hash_of(row: int) -> bytes:
    return sha256(f"text {row}".encode()).digest()


def text_of(row: int) -> str:
    pick = random.Random(row)
    return f"{row}: " + " ".join(pick.choices(WORDS, k=pick.randint(8, 60)))


def measure(project: Project) -> None:
    api = TestClient(create())
    url = f"/projects/{project.id}"
    ask.now("warm")
    for order in orders():
        held: list[int] = []

        def queue(order: str = order, held: list[int] = held) -> None:
            params = {"order": order, "limit": 40, "annotator": "ada", "tab": "t1"}
            answer = api.get(f"{url}/queue", params=params | {"exclude": ",".join(map(str, held[-400:]))})
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["items"]) == 40, len(answer.json()["items"])
            held += [item["id"] for item in answer.json()["items"]]

        show(f"queue {order}", queue)
        api.post(f"{url}/queue/hold", json={"annotator": "ada", "tab": "t1", "item_ids": []})
    ids = [item["id"] for item in api.get(f"{url}/queue", params={"limit": 500}).json()["items"]]
    show("hold 40", lambda: hold(api, url, random.sample(ids, 40)))
    show("hold 500", lambda: hold(api, url, ids))
    for query in ({}, {"status": "todo"}, {"status": "labeled"}, {"sort": "newest"}):
        show(f"GET items {query or ''}", lambda query=query: api.get(f"{url}/items", params=query).raise_for_status())
    assert ask._line
    for name, pid in {"this process": os.getpid(), "assistant": ask._line.process.pid}.items():
        memory = psutil.Process(pid).memory_info()
        # Without files that are mapped: the vectors lie in the system's file cache.
        print(f"{name:44} {(memory.rss - memory.shared) / 1e6:8.0f} MB")


def orders() -> Iterator[str]:
    yield from ("sequential", "random", "uncertain", "class:bird", "sure:bird", "diverse", "mixed")
    yield from (f"similar:{ITEMS // 2}", "search:a museum by the river")


def hold(api: TestClient, url: str, ids: list[int]) -> None:
    answer = api.post(f"{url}/queue/hold", json={"annotator": "ada", "tab": "t1", "item_ids": ids})
    assert answer.json()["held"] == ids


def show(name: str, call: Callable[[], object]) -> None:
    seconds = _million.timed(call, TIMES)
    p50, p95 = statistics.median(seconds[1:]), statistics.quantiles(seconds[1:], n=20)[-1]
    print(f"{name:44} p50 {p50 * 1000:6.0f} ms   p95 {p95 * 1000:6.0f} ms   first {seconds[0] * 1000:6.0f} ms")


if __name__ == "__main__":
    main()
