"""5,000 JPEGs of 640 x 480 imported, against the bare cost of reading, hashing, decoding and scaling them on all cores.

The floor does with Pillow alone what has to be done to each: SHA-256 of the bytes, decode, a thumbnail of 320 pixels
as JPEG, in a pool of as many processes as there are cores, and writes nothing. `decoded whole` does it without the
decoder's own scaling (`draft`), which the import uses.
"""

import hashlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from backend import importing, projects
from backend.importing import cores
from backend.jobs import control
from backend.jobs.supervisor import ROOT
from backend.thumbs import GRID_SIZE, JPEG_QUALITY
from db.session import reading, writing
from tests.benchmarks import _million, _photos

IMAGES = int(os.environ.get("WINNOW_BENCH_IMAGES", "5000"))
SIZE = (640, 480)
CHUNK = 8


def main() -> None:
    print(f"{IMAGES:,} JPEGs of {SIZE[0]} x {SIZE[1]}, {cores.count()} cores, load {os.getloadavg()[0]:.2f}")
    with _million.a_home() as home:
        folder = home / "photos"
        folder.mkdir()
        for number, data in enumerate(_photos.pictures(IMAGES), start=1):
            (folder / f"IMG_{number:05}.jpg").write_bytes(resized(data))
        whole = bare(folder, made_whole)
        floor = bare(folder, made)
        ours = imported(folder)
    print(f"{'bare, decoded whole':30} {whole:8,.0f} images/s")
    print(f"{'bare':30} {floor:8,.0f} images/s")
    print(f"{'import':30} {ours:8,.0f} images/s   {ours / floor:.2f} of bare, {ours / whole:.2f} of decoded whole")


def resized(data: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).resize(SIZE).save(out, "JPEG", quality=90)
    return out.getvalue()


def bare(folder: Path, make: Callable[[list[Path]], int]) -> float:
    paths = sorted(folder.iterdir())
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with cores.pool(cores.count()) as pool, cores.without_main():
        # The processes start before the clock does.
        list(pool.map(make, [[]] * cores.count()))
        began = time.perf_counter()
        done = sum(pool.map(make, chunks))
        return done / (time.perf_counter() - began)


def made(paths: list[Path]) -> int:
    return sum(thumbnail(path, (GRID_SIZE, GRID_SIZE)) for path in paths)


def made_whole(paths: list[Path]) -> int:
    return sum(thumbnail(path, None) for path in paths)


def thumbnail(path: Path, draft: tuple[int, int] | None) -> bool:
    data = path.read_bytes()
    hashlib.sha256(data).digest()
    with Image.open(io.BytesIO(data)) as image:
        if draft:
            image.draft(None, draft)
        image.load()
        image.thumbnail((GRID_SIZE, GRID_SIZE), Image.Resampling.LANCZOS)
        image.save(io.BytesIO(), "JPEG", quality=JPEG_QUALITY)
    return True


def imported(folder: Path) -> float:
    """By the job's own clock: from its first item to its last, as the pool's processes are started once."""
    with writing() as session:
        project = projects.create(session, "Photos", "image", class_names=("one", "two"))
        job_id = importing.start(session, project, {"path": str(folder)}).id
    began = time.perf_counter()
    worker = subprocess.Popen([sys.executable, "-m", "backend.jobs.worker", str(job_id)], cwd=ROOT)
    first_s, first = 0.0, 0
    while True:
        with reading() as session:
            cursor = control.get(session, job_id).cursor or {}
        if cursor.get("imported") and not first_s:
            first_s, first = time.perf_counter() - began, cursor["imported"]
        if cursor.get("is_finished"):
            seconds = time.perf_counter() - began
            break
        assert worker.poll() is None, "the import failed"
        time.sleep(0.01)
    worker.wait()
    print(f"first {first} images in after {first_s:.1f} s, all after {seconds:.1f} s, the start of the worker included")
    return (IMAGES - first) / (seconds - first_s)


if __name__ == "__main__":
    main()
