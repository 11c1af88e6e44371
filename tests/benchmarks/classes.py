"""Merging, deleting and taking back, over many labels; and how long a label waits meanwhile.

Run: python -m tests.benchmarks classes [LABELS …]
"""

import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text

from backend import class_changes, class_history, projects
from backend.labeling import labels
from db import session as database
from db.models import Project
from db.session import writing

ITEMS = """INSERT INTO items (project_id, content_hash, text, source, status, annotator_id, last_event_id, created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    SELECT :project, randomblob(32), 'a text of some words that stands for all others, number ' || i, '', 'labeled', 1,
    i, '2026-01-01' FROM n"""
EVENTS = """INSERT INTO label_events (id, event_id, project_id, item_id, annotator_id, decision_id, action, class_ids,
    before, created_at) SELECT last_event_id, 'e' || id, project_id, id, 1, 1, 'label', '[' || :class || ']', '{}',
    '2026-01-01' FROM items WHERE project_id = :project"""


def main(*counts: str) -> None:
    for count in [int(each) for each in counts] or [1_000, 100_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), count)


def measure(folder: Path, count: int) -> None:
    url = f"sqlite:///{folder / 'winnow.db'}"
    database.migrate(url)
    database.open_database(url)
    project, bird, cat = prepare(count)
    steps = {
        "merge": lambda session, one: class_changes.merge(session, one, bird, cat),
        "undo of it": class_history.undo,
        "redo of it": class_history.redo,
        "undo again": class_history.undo,
        "deletion": lambda session, one: class_changes.delete(session, one, bird),
        "undo of the deletion": class_history.undo,
    }
    for name, step in steps.items():
        took, waited = timed(project, cat, step)
        print(f"{count:>9,} labels  {name:<22}{took:8.3f} s   a label sent meanwhile took {waited:7.3f} s", flush=True)
    database.close()


def prepare(count: int) -> tuple[int, int, int]:
    with writing() as session:
        project = projects.create(session, "Many", "text", class_names=["bird", "cat", "dog"])
        bird, cat, _ = [each.id for each in project.classes]
        session.execute(text("INSERT INTO annotators (id, name, created_at) VALUES (1, 'ada', '2026-01-01')"))
        session.execute(
            text(
                "INSERT INTO decisions (id, project_id, annotator_id, state, created_at) VALUES (1, :p, 1, 'done', '')"
            ),
            {"p": project.id},
        )
        session.execute(text(ITEMS), {"project": project.id, "count": count})
        session.execute(text(EVENTS), {"project": project.id, "class": bird})
        session.execute(text("INSERT INTO labels (item_id, class_id) SELECT id, :c FROM items"), {"c": bird})
        session.execute(
            text(ITEMS.replace("'labeled', 1,\n    i", "'todo', NULL,\n    NULL")), {"project": project.id, "count": 10}
        )
        return project.id, bird, cat


def timed(project_id: int, class_id: int, step) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """How long the step took, and a label that was sent as soon as it had begun."""
    waited: list[float] = []
    begun = threading.Event()

    def label() -> None:
        begun.wait()
        start = time.perf_counter()
        # As the pad does when nobody answers.
        while not waited:
            with suppress(TimeoutError):
                send(start)

    def send(start: float) -> None:
        with writing() as session:
            there: Project = projects.get(session, project_id)
            [item_id] = session.execute(text("SELECT max(id) FROM items")).one()
            event = {"event_id": str(start), "item_id": item_id, "action": "label", "class_ids": [class_id]}
            labels.record(session, there, "bob", [event])
        waited.append(time.perf_counter() - start)

    sender = threading.Thread(target=label)
    sender.start()
    start = time.perf_counter()
    with writing() as session:
        begun.set()
        step(session, projects.get(session, project_id))
    took = time.perf_counter() - start
    sender.join()
    return took, waited[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
