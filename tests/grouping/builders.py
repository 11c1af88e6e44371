"""Projects of texts and pictures with near-duplicates, and the search run in this process or in one of its own."""

import hashlib
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from backend import blobs, grouping, projects
from backend.grouping import job
from backend.jobs.progress import Handle
from db import jobs
from db.models import Item, Job, JobState, Project, Split
from db.session import reading, writing
from tests.importing.builders import a_project

WORDS = (
    "The",
    "heron",
    "waits",
    "by",
    "the",
    "river",
    "before",
    "noon.",
    "Send",
    "the",
    "invoice",
    "again,",
    "the",
    "bank",
    "lends",
    "nothing",
    "today.",
    "A",
    "wren",
    "sings",
    "near",
    "the",
    "old",
    "mill",
    "while",
    "it",
    "rains",
    "quietly.",
    "Fresh",
    "bread",
    "cools",
    "in",
    "the",
    "window,",
    "taxes",
    "are",
    "due.",
    "Two",
    "gulls",
    "circle",
    "over",
    "the",
    "harbour",
    "of",
    "Aarhus.",
    "Shares",
    "fell",
    "last",
    "Tuesday.",
    "An",
    "owl",
    "calls",
    "from",
    "the",
    "third",
    "floor",
)


def a_text(seed: int, words: int = 30) -> str:
    rng = np.random.default_rng(seed)
    return " ".join(f"{word}{rng.integers(100)}" for word in rng.choice(WORDS, words)) + f" {seed}"


def drawn(seed: int, side: int = 240) -> Image.Image:
    """Soft blobs of colour: like a photograph, it has its contrast in the large."""
    small = np.random.default_rng(seed).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    return Image.fromarray(small).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)


def as_bytes(image: Image.Image, form: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def cropped(image: Image.Image, share: float = 0.05) -> Image.Image:
    aside, down = (round(each * share / 2) for each in image.size)
    return image.crop((aside, down, image.width - aside, image.height - down))


# The same picture, in other bytes.
COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG of quality 30": lambda image: as_bytes(image, "JPEG", quality=30),
    "half the size": lambda image: as_bytes(image.resize((image.width // 2, image.height // 2))),
    "cropped by 5 %": lambda image: as_bytes(cropped(image)),
    "brighter": lambda image: as_bytes(ImageEnhance.Brightness(image).enhance(1.25)),
    "darker": lambda image: as_bytes(ImageEnhance.Brightness(image).enhance(0.7)),
}


def add(project: Project, contents: Sequence[str | bytes], split: Split | None = None) -> list[int]:
    """Items with these contents; their ids."""
    made = []
    for content in contents:
        is_text = isinstance(content, str)
        content_hash = hashlib.sha256(content.encode()).digest() if isinstance(content, str) else blobs.put(content)
        item = Item(project_id=project.id, content_hash=content_hash, text=content if is_text else None, split=split)
        if not is_text:
            item.media_type = "image/png"
        made.append(item)
    with writing() as session:
        session.add_all(made)
        session.flush()
        return [item.id for item in made]


def texts(*contents: str) -> tuple[Project, list[int]]:
    project = a_project()
    return project, add(project, contents)


def pictures(*contents: bytes) -> tuple[Project, list[int]]:
    project = a_project("image")
    return project, add(project, contents)


def started(project: Project, likeness: str | None = None) -> Job:
    with writing() as session:
        return grouping.start(session, projects.get(session, project.id), likeness)


def find(project: Project, likeness: str | None = None) -> dict[str, Any]:
    """Search in this process, as a worker would; the job's report."""
    queued = started(project, likeness)
    report = job.run(Handle(queued))
    with writing() as session:
        jobs.move(session, queued.id, JobState.DONE, of=[JobState.QUEUED], report=report)
    return report


def groups(project: Project) -> dict[int, list[int]]:
    """Group id -> ids of its items, as they stand in the table."""
    found: dict[int, list[int]] = {}
    with reading() as session:
        query = session.query(Item.group_id, Item.id).filter_by(project_id=project.id)
        for group_id, item_id in query.filter(Item.group_id.is_not(None)).order_by(Item.id):
            found.setdefault(group_id, []).append(item_id)
    return found


def project_now(project: Project) -> Project:
    with reading() as session:
        return projects.get(session, project.id)
