"""How long the Suggest page's report and the disagreement queue take in a project of 1,000,000 items.

Budget: 300 ms a call. Six kept sets say something of every item, 100,000 labels keep what was suggested, and two sets
differ on a tenth of the items, or, the hardest case for the queue, on none. WINNOW_BENCH_ITEMS takes another size.

Measured on Debian 12, Python 3.11, 2 cores, other work on both (load 2.8 before, 4.2 after):

    report                       p50   333 ms   worst   378 ms   first   472 ms
    compare two sets             p50    40 ms   worst    46 ms   first    57 ms
    queue uncertain              p50    83 ms   worst   197 ms   first    93 ms
    queue disagree:1,2           p50    97 ms   worst   116 ms   first   101 ms
    queue disagree:6,5           p50   306 ms   worst   350 ms   first   392 ms
"""

import json
import os
import sqlite3
import time
from array import array
from collections.abc import Callable

import numpy as np
from fastapi.testclient import TestClient

from backend import settings
from backend.api.app import create
from db import projects
from db.models import Project
from db.session import reading
from tests.benchmarks import _million

ITEMS = int(os.environ.get("WINNOW_BENCH_ITEMS", "1_000_000"))
EVENTS = ITEMS // 10
TIMES = 8
NOW = "2026-01-01 00:00:00.000000"
SETS = (("head", "bundled:minilm"), ("zero_shot", "bundled:minilm"), ("zero_shot", "hub:facebook/bart-large-mnli"),
        ("run", "run:1"), ("zero_shot", "bundled:minilm"), ("zero_shot", "bundled:minilm"))  # fmt: skip
# The last two sets say the same of every item.
SHARE_THAT_DIFFERS = (0.0, 0.1, 0.1, 0.1, 0.1, 0.1)


def main() -> None:
    with _million.a_home():
        started = time.perf_counter()
        project = build()
        print(f"built in {time.perf_counter() - started:.0f} s")
        measure(project)


def build() -> Project:
    """All items suggested by each of the sets, those of which the first set is least sure labeled."""
    project = _million.texts(ITEMS, ("bird", "cat", "dog", "horse"))
    with reading() as session:
        class_ids = [each.id for each in projects.classes(session, project.id)]
    rng = np.random.default_rng(3)
    scores = rng.dirichlet([0.6] * len(class_ids), ITEMS).astype(np.float32)
    connection = sqlite3.connect(settings.home() / "winnow.db", isolation_level=None)
    connection.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-400000;")
    connection.execute("BEGIN")
    for number, (engine, model) in enumerate(SETS, start=1):
        if number < len(SETS):
            rows = np.flatnonzero(rng.random(ITEMS) < SHARE_THAT_DIFFERS[number - 1])
            scores[rows] = np.roll(scores[rows], 1, axis=1)
        add_set(connection, (number, project.id, engine, model), class_ids, scores)
        if number == 1:
            label(connection, project.id, class_ids, scores)
    connection.execute(f"UPDATE projects SET suggestion_set_id = 1 WHERE id = {project.id}")
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return project


def add_set(connection: sqlite3.Connection, about: tuple[int, int, str, str], class_ids: list[int], scores) -> None:
    """about: id of the set and of the project, engine, model."""
    set_id = about[0]
    connection.execute(
        "INSERT INTO suggestion_sets (id, project_id, engine, model, revision, prompts, class_ids, created_at,"
        " finished_at) VALUES (?, ?, ?, ?, '', '{}', ?, ?, ?)",
        (*about, str(class_ids), NOW, NOW),
    )
    ranked = np.sort(scores, axis=1).astype(float)
    best, top, margin = scores.argmax(1).tolist(), ranked[:, -1].tolist(), (ranked[:, -1] - ranked[:, -2]).tolist()
    connection.executemany(
        f"INSERT INTO suggestions (set_id, item_id, class_id, confidence, margin, scores) VALUES ({set_id},?,?,?,?,?)",
        (
            (row + 1, class_ids[best[row]], top[row], margin[row], array("f", scores[row]).tobytes())
            for row in range(len(scores))
        ),
    )


def label(connection: sqlite3.Connection, project_id: int, class_ids: list[int], scores) -> None:
    """The hard case for the queue: what is decided lies at the front of the index of margins."""
    ranked = np.sort(scores, axis=1)
    rows = np.argsort(ranked[:, -1] - ranked[:, -2])[:EVENTS].tolist()
    connection.execute("INSERT INTO annotators VALUES (1, 'ada', ?)", (NOW,))
    connection.execute(f"INSERT INTO decisions VALUES (1, {project_id}, 1, 'done', '{NOW}')")
    connection.executemany(
        "UPDATE items SET status = 'labeled', annotator_id = 1 WHERE id = ?", [(r + 1,) for r in rows]
    )
    columns = (
        "event_id, project_id, item_id, annotator_id, decision_id, action, class_ids, before, suggested, created_at"
    )
    connection.executemany(
        f"INSERT INTO label_events ({columns}) VALUES (?, {project_id}, ?, 1, 1, 'label', ?, '{{}}', ?, '{NOW}')",
        ((f"e{n}", row + 1, f"[{class_ids[row % 3]}]", said(n, row, class_ids, scores)) for n, row in enumerate(rows)),
    )


def said(number: int, row: int, class_ids: list[int], scores) -> str:
    engine, model = SETS[number % 3]
    about = {"class_id": class_ids[int(scores[row].argmax())], "confidence": round(float(scores[row].max()), 4)}
    return json.dumps(about | {"is_hidden": number % 4 == 0, "set_id": 1, "engine": engine, "model": model})


def measure(project: Project) -> None:
    api = TestClient(create())
    url = f"/projects/{project.id}"
    show("report", lambda: api.get(f"{url}/suggestions/report").raise_for_status())
    show("compare two sets", lambda: api.get(f"{url}/suggestions/compare", params={"sets": "1,2"}).raise_for_status())
    for order in ("uncertain", "disagree:1,2", "disagree:6,5"):
        query = {"order": order, "limit": 40}
        show(f"queue {order}", lambda query=query: api.get(f"{url}/queue", params=query).raise_for_status())


def show(name: str, call: Callable[[], object]) -> None:
    seconds = _million.timed(call, TIMES)
    rest = sorted(seconds[1:])
    print(f"{name:28} p50 {1000 * rest[len(rest) // 2]:5.0f} ms   worst {1000 * rest[-1]:5.0f} ms"
          f"   first {1000 * seconds[0]:5.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
