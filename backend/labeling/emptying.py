"""Emptying the bin: its items go for ever, a few a transaction, and the images that nothing uses any more with them.

Vectors stay: they are small, known by content alone, and right again should the same content come back.

Run: python -m backend.jobs.worker JOB_ID, or `at_once` for a few.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backend import blobs, projects, settings
from backend.jobs import control
from backend.jobs.progress import Handle
from backend.pacing import next_size
from db import binned, jobs
from db.models import Job, JobKind, Kind, Project, now
from db.session import Session, reading, writing

# More are a job.
MOST_AT_ONCE = 200
FIRST, FEWEST, MOST = 20, 5, 500
WAIT_S = 0.5
COUNTED = 10_000_000


def is_small(session: Session, project: Project) -> bool:
    """Whether it can be done while a person waits."""
    if must_wait(session, project):
        return False
    return binned.count(session, project.id, now(), MOST_AT_ONCE + 1) <= MOST_AT_ONCE


def must_wait(session: Session, project: Project) -> bool:
    """An import at work may have found an image here, for an item that is not there yet. One that has not begun, or was
    interrupted, will store its images again."""
    return project.kind == Kind.IMAGE and binned.is_importing(session, jobs.ALIVE)


def at_once(project_id: int) -> int:
    """Empty it now; return how many items went."""
    asked_at, after, removed = now(), 0, 0
    while True:
        with writing() as session:
            last, count = part(session, project_id, asked_at, after, FIRST)
        if last is None:
            return removed
        after, removed = last, removed + count
        if not count:
            time.sleep(WAIT_S)


def start(session: Session, project: Project) -> Job:
    """Queue the job; one at a time for a project. What comes into the bin later stays there."""
    for job in jobs.in_states(session, jobs.ACTIVE, project.id):
        if job.kind == JobKind.EMPTY:
            return job
    return control.add(session, JobKind.EMPTY, project.id, {"asked_at": now().isoformat()}, "Empty the bin")


def run(handle: Handle) -> dict[str, Any]:
    assert handle.project_id is not None
    asked_at = datetime.fromisoformat(handle.spec["asked_at"])
    with reading() as session:
        total = binned.count(session, handle.project_id, asked_at, COUNTED)
    after, removed, size = 0, 0, FIRST
    while True:
        began = time.monotonic()
        with writing() as session:
            last, count = part(session, handle.project_id, asked_at, after, size)
        took_s = time.monotonic() - began
        if last is None:
            return {"removed": removed}
        after, removed = last, removed + count
        handle.report(removed, max(total, removed), "" if count else "Waits for an import to end.")
        size = next_size(size, took_s, fewest=FEWEST, most=MOST)
        # So that a label comes in between.
        time.sleep(0.001 if count else WAIT_S)


def part(session: Session, project_id: int, asked_at: datetime, after: int, size: int) -> tuple[int | None, int]:
    """Remove the next items: the id of the last one (None: there are no more), and how many (0: ask again later)."""
    if must_wait(session, projects.get(session, project_id)):
        return after, 0
    found = binned.some(session, project_id, asked_at, after, size)
    if not found:
        return None, 0
    binned.remove(session, [item_id for item_id, _ in found])
    session.flush()
    remove_images(session, [content_hash for _, content_hash in found])
    return found[-1][0], len(found)


def remove_images(session: Session, hashes: Sequence[bytes]) -> None:
    """Blobs and thumbnails of what no item has any more.

    Within the transaction: no import can begin meanwhile, and find an image there that is about to go.
    """
    for content_hash in binned.unused(session, hashes):
        blobs.remove(content_hash)
        name = content_hash.hex()
        for thumb in (settings.home() / "thumbs" / name[:2]).glob(f"{name}-*"):
            thumb.unlink(missing_ok=True)
