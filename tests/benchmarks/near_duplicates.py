"""How well near-duplicates are found, and how long it takes.

    recall      copies that were put into the group of their original
    wrong       groups with items of two originals, of all groups: each is looked at below, for real data has copies too
    seconds     from nothing looked at to groups written, in this process; and once more after 1 % new items

Photographs of flowers, changed as named; AG News and SMS with typos, casing and appended words.
WINNOW_BENCH_ITEMS takes other sizes for the seconds, with commas between.

Figures of record are taken on an idle machine and stand here.
"""

import csv
import os
import random
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from backend import blobs, grouping, projects, thumbs
from backend.encoding import records
from backend.grouping import job, kept, pictures
from backend.jobs.progress import Handle
from db import jobs
from db.models import Item, JobState, Kind, Project
from db.session import reading, writing
from tests.benchmarks import _million
from tests.conftest import SHARED

SIZES = tuple(int(size) for size in os.environ.get("WINNOW_BENCH_ITEMS", "100000,1000000").split(","))
PHOTOS, TEXTS = 600, 2_000
LIKENESS = grouping.LIKENESS


def main() -> None:
    photos = all_photos()
    random.Random(5).shuffle(photos)
    print(f"{'copies of photographs':34}" + "".join(f"{each:>22}" for each in LIKENESS))
    quality("image", [photo.read_bytes() for photo in photos[:PHOTOS]], OF_PHOTOS)
    for name, written in (("AG News", ag_news()), ("SMS", sms())):
        print(f"{f'copies of {name}':34}" + "".join(f"{each:>22}" for each in LIKENESS))
        quality("text", [text.encode() for text in written[:TEXTS]], OF_TEXTS)
    for size in SIZES:
        speed_of_texts(size)
        speed_of_pictures(size)


def all_photos() -> list[Path]:
    return sorted((SHARED / "data/flower_photos").rglob("*.jpg"))


def ag_news() -> list[str]:
    with (SHARED / "data/ag_news/test.csv").open(newline="", encoding="utf-8") as file:
        return [f"{row[1]} {row[2]}" for row in csv.reader(file)]


def sms() -> list[str]:
    lines = (SHARED / "data/sms_spam/SMSSpamCollection").read_text("utf-8").splitlines()
    return list(dict.fromkeys(line.partition("\t")[2] for line in lines))


def opened(data: bytes) -> Image.Image:
    return thumbs.rgb(data)


def encoded(image: Image.Image, quality: int = 92) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def cut(image: Image.Image, left: float, right: float) -> Image.Image:
    width, height = image.size
    return image.crop((int(width * left), int(height * left), int(width * (1 - right)), int(height * (1 - right))))


OF_PHOTOS: dict[str, Callable[[bytes], bytes]] = {
    "JPEG of quality 30": lambda data: encoded(opened(data), 30),
    "half the size": lambda data: encoded(opened(data).reduce(2)),
    "stretched to 4:3": lambda data: encoded(opened(data).resize((400, 300))),
    "5 % cropped around": lambda data: encoded(cut(opened(data), 0.025, 0.025)),
    "5 % cropped at a corner": lambda data: encoded(cut(opened(data), 0.05, 0)),
    "10 % cropped around": lambda data: encoded(cut(opened(data), 0.05, 0.05)),
    "1.3 times as bright": lambda data: encoded(ImageEnhance.Brightness(opened(data)).enhance(1.3)),
    "0.7 times as bright": lambda data: encoded(ImageEnhance.Brightness(opened(data)).enhance(0.7)),
    "cropped, brighter, quality 50": lambda data: encoded(
        ImageEnhance.Brightness(cut(opened(data), 0.025, 0.025)).enhance(1.2), 50
    ),
    "mirrored (none should be found)": lambda data: encoded(opened(data).transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
}


def typos(text: str, count: int) -> str:
    rng = random.Random(text)
    letters = list(text)
    for _ in range(count):
        letters[rng.randrange(len(letters))] = rng.choice("abcdefghij")
    return "".join(letters)


OF_TEXTS: dict[str, Callable[[bytes], bytes]] = {
    "upper case": lambda data: data.decode().upper().encode(),
    "other punctuation and spaces": lambda data: data.decode().replace(" ", "  ").replace(".", "!!").encode() + b".",
    "a typo": lambda data: typos(data.decode(), 1).encode(),
    "two typos": lambda data: typos(data.decode(), 2).encode(),
    "a word appended": lambda data: data + b" thanks",
    "four words appended": lambda data: data + b" see you there later",
    "first word away": lambda data: data.partition(b" ")[2] or data + b" ",
}


def quality(kind: str, originals: Sequence[bytes], ways: dict[str, Callable[[bytes], bytes]]) -> None:
    for name, change in ways.items():
        told = [recall(kind, originals, [change(each) for each in originals], likeness) for likeness in LIKENESS]
        print(f"{name:34}" + "".join(f"{found:>12.1%} {wrong:>3} wrong" for found, wrong in told))


def recall(kind: str, originals: Sequence[bytes], copies: Sequence[bytes], likeness: str) -> tuple[float, int]:
    """The share of copies that are with their original, and how many groups have more than one original."""
    with _million.a_home():
        with writing() as session:
            project = projects.create(session, "Copies", kind, class_names=["a"])
        place = {}
        for at, content in enumerate([*originals, *copies]):
            place.setdefault(sha256(content).digest(), at % len(originals))
        fill(project, [*originals, *copies])
        find(project, likeness)
        with reading() as session:
            found = session.query(Item.content_hash, Item.group_id).filter_by(project_id=project.id).all()
    group_of = {each.content_hash: each.group_id for each in found}
    pairs = [(sha256(one).digest(), sha256(two).digest()) for one, two in zip(originals, copies, strict=True)]
    asked = [(one, two) for one, two in pairs if one != two]
    together = sum(group_of[one] is not None and group_of[one] == group_of[two] for one, two in asked)
    of_group: dict[int, set[int]] = {}
    for content_hash, group_id in group_of.items():
        if group_id is not None:
            of_group.setdefault(group_id, set()).add(place[content_hash])
    return together / max(1, len(asked)), sum(len(each) > 1 for each in of_group.values())


def fill(project: Project, contents: Sequence[bytes]) -> None:
    is_text = project.kind == Kind.TEXT
    new = {
        (sha256(content).digest() if is_text else blobs.put(content)): content.decode() if is_text else None
        for content in contents
    }
    with writing() as session:
        session.add_all(Item(project_id=project.id, content_hash=key, text=text) for key, text in new.items())


def find(project: Project, likeness: str = "usual") -> float:
    """Seconds."""
    with writing() as session:
        queued = grouping.start(session, projects.get(session, project.id), likeness)
    began = time.perf_counter()
    report = job.run(Handle(queued))
    took = time.perf_counter() - began
    with writing() as session:
        jobs.move(session, queued.id, JobState.DONE, of=[JobState.QUEUED], report=report)
    return took


def speed_of_texts(size: int) -> None:
    with _million.a_home():
        project = _million.texts(size)
        first = find(project)
        fill(project, [f"{text} {number}".encode() for number, text in enumerate(["A new text"] * (size // 100))])
        print(f"{size:>9,} texts: {first:6.1f} s, then 1 % more {find(project):6.1f} s, {peak()}")


def speed_of_pictures(size: int) -> None:
    """Of comparing: signatures are of real photographs with noise, as many as that; and of looking at one picture."""
    photos = all_photos()[:300]
    with _million.a_home():
        with writing() as session:
            project = projects.create(session, "Photographs", "image", class_names=["a"])
        hashes = [blobs.put(Path(photo).read_bytes()) for photo in photos]
        began = time.perf_counter()
        _, real = pictures.signatures([(each, None) for each in hashes])
        looked = (time.perf_counter() - began) / len(photos)
        rng = np.random.default_rng(5)
        for start in range(0, size, 10_000):
            keys = [sha256(b"%d" % number).digest() for number in range(start, min(start + 10_000, size))]
            mixed = real[rng.integers(len(real), size=(len(keys), 3))] * rng.dirichlet(np.ones(3), len(keys))[..., None]
            records.add(kept.path(Kind.IMAGE), keys, mixed.sum(axis=1).astype(np.float32), "benchmark")
            with writing() as session:
                session.add_all(Item(project_id=project.id, content_hash=key) for key in keys)
        print(f"{size:>9,} pictures: {1000 * looked:.2f} ms to look at one, {find(project):.1f} s to compare, {peak()}")


def peak() -> str:
    status = Path("/proc/self/status").read_text()
    return f"peak {int(status.partition('VmHWM:')[2].split()[0]) // 1024:,} MB"
