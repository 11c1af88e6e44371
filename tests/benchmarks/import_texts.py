"""A million texts from CSV and from Parquet into SQLite: rows a second, memory of the processes, longest transaction.

Beside each stands the floor: reading the file with the standard library or pyarrow, hashing, and `executemany` into the
same schema in transactions of 1,000 rows, in one process. `storing` is the import's own storing of rows that were read
before. `words` is the full-text index, and what looking for words in it then takes.
"""

import csv
import hashlib
import itertools
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from backend import importing, projects, settings
from backend.importing import classes_in_data, job, keeping, ready, words
from backend.importing.rows import Row, Step
from backend.importing.tally import Tally
from backend.jobs import control
from backend.jobs.supervisor import ROOT
from db import items as item_rows
from db import words as word_rows
from db.models import Project
from db.session import reading, writing
from tests.benchmarks import _million

ROWS = int(os.environ.get("WINNOW_BENCH_ROWS", "1000000"))
FLOOR_BATCH = 1_000
INSERT = (
    "INSERT INTO items (project_id, content_hash, text, source, status, created_at)"
    f" VALUES (?, ?, ?, ?, 'todo', '{_million.CREATED_AT}') ON CONFLICT DO NOTHING"
)
WANTED = ("harbour", "timetable", "case 77777", "taxi", "Aarhus harbour holidays", "nowhere")


def main() -> None:
    print(f"{ROWS:,} rows, load {os.getloadavg()[0]:.2f}")
    for name, read in (("CSV", from_csv), ("Parquet", from_parquet)):
        with _million.a_home() as home:
            path = files(home)[name]
            show(f"{name}: floor", *floor(a_project(), read(path)))
        for how in ("none", "labels", "gold"):
            with _million.a_home() as home:
                path = files(home)[name]
                project = a_project()
                show(f"{name}: import, labels {how}", *imported(project, path, how))
                if (name, how) == ("CSV", "none"):
                    look(project)
    with _million.a_home():
        show("storing alone, labels none", *stored(a_project()))


def a_project() -> Project:
    with writing() as session:
        return projects.create(session, "Letters", "text", class_names=_million.CLASSES)


def files(home: Path) -> dict[str, Path]:
    texts = list(_million.different_texts(ROWS))
    classes = list(itertools.islice(itertools.cycle(_million.CLASSES), ROWS))
    found = {"CSV": home / "letters.csv", "Parquet": home / "letters.parquet"}
    with found["CSV"].open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(zip(texts, classes, strict=True))
    pq.write_table(pa.table({"text": texts, "label": classes}), found["Parquet"])
    return found


def from_csv(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from (row["text"] for row in csv.DictReader(file))


def from_parquet(path: Path) -> Iterator[str]:
    for batch in pq.ParquetFile(path).iter_batches(columns=["text"]):
        yield from batch.column(0).to_pylist()


def floor(project: Project, texts: Iterator[str]) -> tuple[float, float, float]:
    connection = sqlite3.connect(settings.home() / "winnow.db", isolation_level=None)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-32000", "wal_autocheckpoint=4000"):
        connection.execute(f"PRAGMA {pragma}")
    began, worst = time.perf_counter(), 0.0
    rows = (
        (project.id, hashlib.sha256(text.encode()).digest(), text, f"letters row {number}")
        for number, text in enumerate(texts, start=2)
    )
    while batch := list(itertools.islice(rows, FLOOR_BATCH)):
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, batch)
        connection.execute("COMMIT")
        worst = max(worst, time.perf_counter() - started)
    seconds = time.perf_counter() - began
    connection.close()
    return ROWS / seconds, worst, psutil.Process().memory_info().rss


def imported(project: Project, path: Path, how: str) -> tuple[float, float, float]:
    """A worker as the app starts it; meanwhile this process asks for the write lock time and again, as a label does."""
    with writing() as session:
        options = {"columns": {"text": "text", "label": "label"}, "labels": how}
        job_id = importing.start(session, project, {"path": str(path), **options}).id
    worker = subprocess.Popen([sys.executable, "-m", "backend.jobs.worker", str(job_id)], cwd=ROOT)
    ended = threading.Event()
    memory, waits = [0.0], [0.0]
    watching = [
        threading.Thread(target=watch, args=(ended, memory, worker.pid)),
        threading.Thread(target=wait_for_lock, args=(ended, waits)),
    ]
    for each in watching:
        each.start()
    began = time.perf_counter()
    worker.wait()
    seconds = time.perf_counter() - began
    ended.set()
    for each in watching:
        each.join()
    with reading() as session:
        report = control.get(session, job_id).report
    assert report is not None, "the import failed"
    assert report["imported"] == ROWS, report
    return ROWS / seconds, max(waits), max(memory)


def watch(ended: threading.Event, memory: list[float], pid: int) -> None:
    """The most memory that the worker and its processes had together, without what they share."""
    while not ended.wait(0.2):
        try:
            worker = psutil.Process(pid)
            each = [one.memory_info() for one in (worker, *worker.children(recursive=True))]
        except psutil.Error:
            continue
        memory.append(sum(one.rss - one.shared for one in each))


def wait_for_lock(ended: threading.Event, waits: list[float]) -> None:
    while not ended.wait(0.02):
        began = time.perf_counter()
        with writing():
            waits.append(time.perf_counter() - began)


def stored(project: Project) -> tuple[float, float, float]:
    with writing() as session:
        path = importing.pasted(["one"])
        queued = importing.add(session, project, importing.Checked({"upload": path}, "Import"))
        known = classes_in_data.known(session, project, may_add=False)
    texts = enumerate(_million.different_texts(ROWS), start=2)
    made = list(ready.texts(Step(("a",), number, Row(f"letters row {number}", text)) for number, text in texts))
    importing_now = keeping.Import(queued.id, known, "labels", Tally())
    source, size, worst = iter(made), job.FIRST_BATCH, 0.0
    began = time.perf_counter()
    while batch := ready.batch(source, size):
        spent_s = keeping.keep(importing_now, batch)
        worst, size = max(worst, spent_s), job.next_size(len(batch), size, spent_s)
    seconds = time.perf_counter() - began
    return ROWS / seconds, worst, psutil.Process().memory_info().rss


def look(project: Project) -> None:
    began = time.perf_counter()
    print(f"  {words.index():,} texts into the index of words in {time.perf_counter() - began:.1f} s")
    for asked in WANTED:
        query = word_rows.matching(asked)
        assert query is not None
        wanted = item_rows.Filter(text=asked)

        def count(query: object = query) -> int:
            with reading() as session:
                return len(session.scalars(query).all())  # type: ignore[call-overload]

        def page(wanted: item_rows.Filter = wanted) -> None:
            with reading() as session:
                item_rows.ids(session, project.id, wanted, limit=50)

        print(f"  {asked!r:30} {count():9,} items  all {best(count):7.1f} ms   page of 50 {best(page):7.1f} ms")


def best(call: Callable[[], object]) -> float:
    return min(_million.timed(call, 5)) * 1000


def show(name: str, per_second: float, worst_s: float, rss: float) -> None:
    print(f"{name:34} {per_second:9,.0f} rows/s   longest {worst_s * 1000:6.0f} ms   memory {rss / 1e6:6.0f} MB")


if __name__ == "__main__":
    main()
