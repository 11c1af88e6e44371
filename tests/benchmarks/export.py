"""How fast data leaves: every format at 1,000,000 texts and 5,000 photos, and whole projects, beside a bare baseline.

Each measurement is a process of its own that consumes the blocks that the API would send. `first` is the time until the
first of them, memory is the most that the process held, with what it held after its imports. Baselines read the same
columns of the same database with pandas, all at once, and write them with `to_csv` and `to_parquet`; for photos they
copy the files into a zip. A tenth of the texts is labeled. WINNOW_BENCH_ITEMS and WINNOW_BENCH_PHOTOS take other sizes.
"""

import io
import os
import resource
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator

from backend import blobs, exporting, projects, settings
from backend.archives import outgoing
from db.models import Project
from db.session import open_database, reading
from tests.benchmarks._million import a_home, texts
from tests.benchmarks._photos import photos

ITEMS = int(os.environ.get("WINNOW_BENCH_ITEMS", "1000000"))
PHOTOS = int(os.environ.get("WINNOW_BENCH_PHOTOS", "5000"))
TEXT_FORMS = ("csv", "pandas to_csv", "jsonl", "parquet", "pandas to_parquet", "labelstudio", "hf", "archive")
PHOTO_FORMS = ("imagefolder", "bare zip", "hf", "archive")
QUERY = """SELECT items.id, text, classes.name AS label, status, split, annotators.name AS annotator, decided_at, source
    FROM items LEFT JOIN labels ON labels.item_id = items.id LEFT JOIN classes ON classes.id = class_id
    LEFT JOIN annotators ON annotators.id = annotator_id WHERE items.project_id = ? ORDER BY items.id"""


def main() -> None:
    for count, make, forms in ((ITEMS, texts, TEXT_FORMS), (PHOTOS, photos, PHOTO_FORMS)):
        with a_home():
            project = make(count)
            label_some(project)
            for form in forms:
                command = [sys.executable, "-m", "tests.benchmarks.export", form, str(project.id), str(count)]
                subprocess.run(command, check=True)


def label_some(project: Project) -> None:
    """Every tenth item, as an import would."""
    with sqlite3.connect(settings.home() / "winnow.db") as connection:
        connection.execute(
            "INSERT INTO annotators (name, created_at) VALUES ('imported', '2026-01-01 00:00:00.000000')"
        )
        person = connection.execute("SELECT max(id) FROM annotators").fetchone()[0]
        first, count = connection.execute("SELECT min(id), count(*) FROM classes").fetchone()
        some = "project_id = ? AND id % 10 = 0"
        decided = "status = 'labeled', decided_at = '2026-01-02 00:00:00.000000', annotator_id = ?"
        connection.execute(f"UPDATE items SET {decided} WHERE {some}", (person, project.id))
        pairs = f"SELECT id, {first} + (id / 10) % {count} FROM items WHERE {some}"
        connection.execute(f"INSERT INTO labels (item_id, class_id) {pairs}", (project.id,))
    connection.close()


def one(form: str, project_id: int, count: int) -> None:
    """Measure one format in this process and print its line."""
    open_database(settings.database_url())
    before_mb = memory_mb()
    started = time.perf_counter()
    first_s, size_bytes = 0.0, 0
    for block in blocks(form, project_id):
        first_s = first_s or time.perf_counter() - started
        size_bytes += len(block)
    seconds = time.perf_counter() - started
    rates = f"{count / seconds:>9,.0f} items/s {size_bytes / seconds / 1e6:>7.1f} MB/s"
    memory = f"memory {memory_mb():>5.0f} MB of which {before_mb:.0f} before"
    print(f"{form:<18} {count:>9,} items {seconds:>7.2f} s {rates}   first {first_s * 1000:>7.1f} ms   {memory}")


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def blocks(form: str, project_id: int) -> Iterator[bytes]:
    if form in BASELINES:
        return BASELINES[form](project_id)
    with reading() as session:
        project = projects.get(session, project_id)
        if form == "archive":
            return outgoing.download(project).blocks
        return exporting.download(session, project, form).blocks


def with_pandas(write: str) -> Callable[[int], Iterator[bytes]]:
    def made(project_id: int) -> Iterator[bytes]:
        import pandas as pd

        with sqlite3.connect(settings.home() / "winnow.db") as connection:
            frame = pd.read_sql(QUERY, connection, params=(project_id,))
        out = io.BytesIO()
        getattr(frame, write)(out, index=False)
        yield out.getvalue()

    return made


def bare_zip(project_id: int) -> Iterator[bytes]:
    out = io.BytesIO()
    with sqlite3.connect(settings.home() / "winnow.db") as connection, zipfile.ZipFile(out, "w") as archive:
        rows = connection.execute("SELECT id, content_hash FROM items WHERE project_id = ? ORDER BY id", (project_id,))
        for item_id, content_hash in rows:
            archive.write(blobs.path_of(content_hash), f"{item_id}.jpg")
    yield out.getvalue()


BASELINES: dict[str, Callable[[int], Iterator[bytes]]] = {
    "pandas to_csv": with_pandas("to_csv"),
    "pandas to_parquet": with_pandas("to_parquet"),
    "bare zip": bare_zip,
}

if __name__ == "__main__":
    one(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
