"""A million texts as they look after weeks of work: a tenth decided, all suggested, some gold labels, words indexed."""

import sqlite3
from array import array
from collections.abc import Iterator

import numpy as np

from backend import projects, settings
from db import projects as rows
from db.models import Project
from db.session import reading
from tests.benchmarks import _million

NOW = "2026-01-01 00:00:00.000000"
FILES = 20
ANNOTATORS = ("ada", "bob", "eve")


def texts(count: int) -> Project:
    """In the home that is open, which must be empty.

    Files follow each other by id. Of each ten items one is labeled; of each hundred one is flagged, one skipped, one in
    the bin. The test split is the last tenth of what is labeled, so that it and a class of the first items never meet.
    """
    project = _million.texts(count)
    with reading() as session:
        class_ids = [each.id for each in rows.classes(session, project.id)]
    with sqlite3.connect(settings.home() / "winnow.db", isolation_level=None) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        connection.execute("BEGIN IMMEDIATE")
        items(connection, project.id, count)
        suggestions(connection, project.id, class_ids, count)
        labels(connection, project.id, class_ids, count)
        connection.execute("INSERT INTO item_words (rowid, words) SELECT id, coalesce(text, source) FROM items")
        connection.execute("UPDATE word_index SET upto = (SELECT max(id) FROM items)")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with reading() as session:
        return projects.get(session, project.id)


def items(connection: sqlite3.Connection, project_id: int, count: int) -> None:
    aside = _million.put_aside(connection)
    connection.executemany(
        "INSERT INTO annotators VALUES (?, ?, ?)", [(n, who, NOW) for n, who in enumerate(ANNOTATORS, 1)]
    )
    connection.executemany(
        "INSERT INTO origins VALUES (?, ?, ?, ?)",
        [(n, project_id, f"letters-{n}.csv", NOW) for n in range(1, FILES + 1)],
    )
    connection.execute("UPDATE items SET origin_id = 1 + (id - 1) * ? / ?", (FILES, count))
    connection.execute(
        "UPDATE items SET status = CASE id % 100 WHEN 7 THEN 'flagged' WHEN 8 THEN 'skipped' WHEN 9 THEN 'deleted'"
        " ELSE 'labeled' END, annotator_id = 1 + id % 3, decided_at = ?, last_event_id = id"
        " WHERE id % 10 = 0 OR id % 100 IN (7, 8, 9)",
        (NOW,),
    )
    connection.execute(
        "UPDATE items SET split = CASE WHEN id > ? * 9 / 10 THEN 'test' WHEN id % 50 = 0 THEN 'validation'"
        " ELSE 'train' END WHERE status = 'labeled'",
        (count,),
    )
    connection.execute("DELETE FROM item_counts")
    connection.execute("INSERT INTO item_counts SELECT project_id, status, count(*) FROM items GROUP BY 1, 2")
    for statement in aside:
        connection.execute(statement)


def suggestions(connection: sqlite3.Connection, project_id: int, class_ids: list[int], count: int) -> None:
    rng = np.random.default_rng(3)
    scores = rng.dirichlet([0.6] * len(class_ids), count).astype(np.float32)
    ranked = np.sort(scores, axis=1).astype(float)
    connection.execute(
        "INSERT INTO suggestion_sets (id, project_id, engine, model, revision, prompts, class_ids, created_at,"
        f" finished_at) VALUES (1, {project_id}, 'zero_shot', 'none', '', '{{}}', '{class_ids}', '{NOW}', '{NOW}')"
    )
    connection.executemany(
        "INSERT INTO suggestions (set_id, item_id, class_id, confidence, margin, scores) VALUES (1, ?, ?, ?, ?, ?)",
        (
            (row + 1, class_ids[best], float(ranked[row, -1]), float(ranked[row, -1] - ranked[row, -2]),
             array("f", scores[row]).tobytes())
            for row, best in enumerate(scores.argmax(1).tolist())
        ),
    )  # fmt: skip
    connection.execute(f"UPDATE projects SET suggestion_set_id = 1 WHERE id = {project_id}")


def labels(connection: sqlite3.Connection, project_id: int, class_ids: list[int], count: int) -> None:
    """The last class is only in the first tenth of the items, the first one everywhere."""
    connection.executemany("INSERT INTO labels VALUES (?, ?)", said(class_ids, count, step=10, seed=5))
    connection.executemany("INSERT INTO gold_labels VALUES (?, ?)", said(class_ids, count, step=5, seed=7))
    connection.execute(f"INSERT INTO decisions VALUES (1, {project_id}, 1, 'done', '{NOW}')")
    connection.execute(
        "INSERT INTO label_events (id, event_id, project_id, item_id, annotator_id, decision_id, action, class_ids,"
        f" before, created_at) SELECT id, 'e' || id, {project_id}, id, annotator_id, 1, 'label', '[]', '{{}}', '{NOW}'"
        " FROM items WHERE last_event_id IS NOT NULL"
    )


def said(class_ids: list[int], count: int, *, step: int, seed: int) -> Iterator[tuple[int, int]]:
    draw = np.random.default_rng(seed).random(count // step + 1)
    for item_id in range(step, count + 1, step):
        rare = item_id <= count // 10 and item_id % 4 == 0
        at = int(draw[item_id // step] * (len(class_ids) - 1))
        yield item_id, class_ids[-1] if rare else class_ids[at]
