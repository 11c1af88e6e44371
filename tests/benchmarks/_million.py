"""Homes of Winnow filled with as many items as a measurement needs, past the importer: a million texts in some seconds.

`with a_home() as home:` opens a fresh one in this process; `texts(1_000_000)` fills it.
"""

import hashlib
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backend import projects, settings
from backend.jobs import ask
from db import session as database
from db.models import Project
from db.session import writing

CLASSES = ("praise", "complaint", "question", "order", "other")
WHO = ("The driver", "My neighbour", "Your shop on the corner", "Somebody at the desk", "The new app", "A parcel")
DID = (
    "was kind enough to wait for us",
    "never answered the letters",
    "sent the wrong size twice",
    "left the door open",
)
WHERE = ("at the station in Lyon", "behind the old mill", "on the third floor", "near the harbour of Aarhus", "at home")
WHEN = ("last Tuesday before noon", "while it was raining", "in the week before the holidays", "for three months now")
ENDS = (
    "I would like to know what happens next.",
    "It cost 41.90 and I have the receipt.",
    "Please call me back after six, I work in the daytime.",
    "¡Gracias! Wir kommen gern wieder.",
    "We waited, looked at the timetable twice, and in the end took a taxi, which nobody has paid for until today.",
    "Nothing else to say.",
)
COLUMNS = "project_id, content_hash, text, source, status, created_at"
CREATED_AT = "2026-01-01 00:00:00.000000"


@contextmanager
def a_home() -> Iterator[Path]:
    """A migrated, empty home that this process has open, removed at the end."""
    before = {name: os.environ.pop(name, None) for name in ("WINNOW_HOME", "WINNOW_DATABASE_URL")}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["WINNOW_HOME"] = folder
        database.migrate(settings.database_url())
        database.open_database(settings.database_url())
        try:
            yield Path(folder)
        finally:
            ask.end()
            database.close()
            os.environ.pop("WINNOW_HOME")
            os.environ.update({name: value for name, value in before.items() if value is not None})


def texts(count: int, classes: tuple[str, ...] = CLASSES) -> Project:
    """A project of `count` different texts of 100 to 460 letters, none of them labeled, in the home that is open.

    Its database must have no other items: indexes and triggers of the table are put aside meanwhile.
    """
    with writing() as session:
        project = projects.create(session, f"{count:,} texts", "text", class_names=classes)
    with sqlite3.connect(settings.home() / "winnow.db", isolation_level=None) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-200000")
        connection.execute("BEGIN IMMEDIATE")
        aside = put_aside(connection)
        insert = f"INSERT INTO items ({COLUMNS}) VALUES (?, ?, ?, ?, 'todo', '{CREATED_AT}')"
        connection.executemany(insert, rows(project.id, count))
        connection.execute("INSERT INTO item_counts SELECT project_id, status, count(*) FROM items GROUP BY 1, 2")
        for statement in aside:
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return project


def put_aside(connection: sqlite3.Connection) -> list[str]:
    """Drop what each new row would have to keep up; returns the statements that make it again."""
    query = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'items' AND type <> 'table' AND sql IS NOT NULL"
    aside = connection.execute(query).fetchall()
    for kind, name, _ in aside:
        connection.execute(f'DROP {kind} "{name}"')
    return [statement for _, _, statement in aside]


def rows(project_id: int, count: int) -> Iterator[tuple[int, bytes, str, str]]:
    for number, text in enumerate(different_texts(count), start=1):
        yield project_id, hashlib.sha256(text.encode()).digest(), text, f"letters.csv row {number}"


def different_texts(count: int, seed: int = 3) -> Iterator[str]:
    """Always the same ones for a seed. Each names its number, so that no two are the same."""
    # Only a number a text is drawn, for there may be a million.
    draw = random.Random(seed).random
    beginnings = [f"{who} {did} {where} {when}." for who in WHO for did in DID for where in WHERE for when in WHEN]
    middles = [f"{one} {other}" for one in ENDS for other in ENDS]
    for number in range(count):
        at = int(draw() * 1e9)
        more = f" {beginnings[at // 7 % len(beginnings)]}" if at % 3 == 0 else ""
        yield f"{beginnings[at % len(beginnings)]} Case {number:,}. {middles[at // 11 % len(middles)]}{more}"


def timed(call: Callable[[], object], times: int) -> list[float]:
    """How long each of so many calls took, in seconds."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return seconds
