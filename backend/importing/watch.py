"""Folders that are watched: what is new or changed in one is imported by itself.

The folders are in the settings of their project. A thread of the app looks at each now and then; what it finds is
imported when it stays the same from one look to the next, so that a file is not taken while it is being copied. An
import adds only what is not there yet.
"""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend import errors, importing, projects, settings
from backend.importing.found import is_litter
from db import jobs
from db import projects as rows
from db.models import Job, JobKind, JobState, Project, now
from db.session import Session, reading, writing

log = logging.getLogger("winnow.watch")

WATCHED = "watched"
LOOK_EVERY_S = 4.0
# A look at very many files takes long, and is then taken less often: this much of one core at the most.
SHARE = 0.04
# After so many files the thread steps aside: somebody may be labeling.
FILES_AT_ONCE = 200
ENDED_BADLY = (JobState.FAILED, JobState.INTERRUPTED, JobState.STOPPED)


@dataclass
class Seen:
    """What the newest look at a folder found."""

    signature: str = ""
    state: str = "new"
    message: str = "Not looked at yet."
    looked_at: str | None = None
    next_at: float = 0.0


_seen: dict[tuple[int, str], Seen] = {}
# One look at a time: two would queue the same import twice.
_looking = threading.Lock()


def add(session: Session, project: Project, source: dict[str, Any]) -> dict[str, Any]:
    """Watch a folder, or change how a watched one is imported. Raises NotFound or Invalid.

    source: {"path": PATH} and options as of an import. Nothing is imported here: `look` does.
    """
    path = importing.local(str(source["path"]))
    if not path.is_dir():
        raise errors.Invalid(f'"{path}" is a file; folders are watched.', "Name the folder that it is in.")
    if path.is_relative_to(settings.home()) or settings.home().is_relative_to(path):
        raise errors.Invalid(
            f'"{path}" holds Winnow\'s own data, which changes all the time.', "Choose a folder beside it."
        )
    entry = {"path": str(path), "options": importing.options_of(source), "since": now().isoformat(), "seen": ""}
    _write(project, [*(each for each in of(project) if each["path"] != str(path)), entry])
    session.flush()
    _seen.pop((project.id, str(path)), None)
    return entry


def remove(session: Session, project: Project, path: str) -> None:
    """Stop watching. What was imported stays. Raises NotFound."""
    gone = named(project, path)
    _write(project, [each for each in of(project) if each is not gone])
    session.flush()
    _seen.pop((project.id, path), None)


def of(project: Project) -> list[dict[str, Any]]:
    return list(project.settings.get(WATCHED, ()))


def named(project: Project, path: str) -> dict[str, Any]:
    for each in of(project):
        if each["path"] == path:
            return each
    raise errors.NotFound(f'"{path}" is not watched in this project.', "GET …/watched lists the folders that are.")


def _write(project: Project, entries: list[dict[str, Any]]) -> None:
    project.settings = {**project.settings, WATCHED: entries}


def as_json(session: Session, project: Project) -> list[dict[str, Any]]:
    """The watched folders, each with what became of it: waiting, changing, importing, gone, problem, or new."""
    return [_as_json(session, project, entry) for entry in of(project)]


def _as_json(session: Session, project: Project, entry: dict[str, Any]) -> dict[str, Any]:
    seen = _seen.get((project.id, entry["path"])) or Seen()
    state, message = seen.state, seen.message
    newest = jobs.get(session, entry["job_id"]) if entry.get("job_id") else None
    if at_work(session, project.id, entry["path"]):
        state, message = "importing", "Importing what is new."
    elif state not in ("gone", "changing") and newest is not None and newest.state in ENDED_BADLY:
        told = (newest.error or {}).get("message", "")
        state = "problem"
        message = f"The newest import is {newest.state}. {told}".strip()
    elif state not in ("gone", "changing") and entry.get("problem"):
        state, message = "problem", entry["problem"]
    return {
        "path": entry["path"],
        "options": entry["options"],
        "since": entry["since"],
        "state": state,
        "message": message,
        "looked_at": seen.looked_at,
        "job_id": entry.get("job_id"),
    }


def at_work(session: Session, project_id: int, path: str) -> Job | None:
    """The import of this folder that is waiting or running."""
    active = jobs.in_states(session, jobs.ACTIVE, project_id)
    return next((job for job in active if job.kind == JobKind.IMPORT and job.spec.get("path") == path), None)


def look(project_id: int, path: str, *, is_asked: bool = False) -> int | None:
    """Look at one folder, and queue an import of what is new; return the job's id, or None when there is none.

    is_asked: somebody waits, so that what is there counts although it may still change.
    """
    with _looking:
        with reading() as session:
            entry = named(projects.get(session, project_id), path)
        seen = _seen.setdefault((project_id, path), Seen())
        began = time.monotonic()
        try:
            found = signature(Path(path))
        except OSError as error:
            found = ""
            reason = "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
            seen.state, seen.message = "gone", f'"{path}" {reason}. Winnow goes on when it is there again.'
        job_id = _judged(project_id, entry, seen, found, is_asked) if found else None
        seen.signature, seen.looked_at = found, now().isoformat()
        seen.next_at = time.monotonic() + max(LOOK_EVERY_S, (time.monotonic() - began) / SHARE)
        return job_id


def _judged(project_id: int, entry: dict[str, Any], seen: Seen, found: str, is_asked: bool) -> int | None:
    if found.startswith("0-"):
        seen.state, seen.message = "waiting", "There is nothing in it."
    elif found == entry["seen"]:
        seen.state, seen.message = "waiting", "Nothing new."
    elif found != seen.signature and entry["seen"] and not is_asked:
        seen.state, seen.message = "changing", "Something is new. It is imported when it has stopped changing."
    else:
        return _queue(project_id, entry, seen, found)
    return None


def _queue(project_id: int, entry: dict[str, Any], seen: Seen, found: str) -> int | None:
    problem, checked = "", None
    with reading() as session:
        try:
            source = {"path": entry["path"], **entry["options"]}
            checked = importing.check(session, projects.get(session, project_id), source)
        except errors.WinnowError as error:
            problem = f"{error.message} {error.hint}".strip()
    with writing() as session:
        project = projects.get(session, project_id)
        # It may have been let go meanwhile.
        current = named(project, entry["path"])
        if checked and at_work(session, project_id, entry["path"]):
            # What is new now may be behind it already: another import follows.
            return None
        job = importing.add(session, project, checked) if checked else None
        changed = {"seen": found, "problem": problem} | ({"job_id": job.id} if job else {})
        _write(project, [{**each, **changed} if each is current else each for each in of(project)])
    seen.state, seen.message = ("problem", problem) if problem else ("waiting", "Nothing new.")
    return job.id if job else None


def signature(folder: Path) -> str:
    """Differs when a file below `folder` came, went, grew or was written to. Raises OSError when there is no folder."""
    total = count = 0
    for path, size_bytes, changed_ns in _files(folder, ""):
        digest = hashlib.blake2b(f"{path}\0{size_bytes}\0{changed_ns}".encode(errors="surrogateescape"), digest_size=8)
        total = (total + int.from_bytes(digest.digest(), "little")) & 0xFFFFFFFFFFFFFFFF
        count += 1
        if count % FILES_AT_ONCE == 0:
            # Lets go of the interpreter.
            time.sleep(0.0005)
    return f"{count}-{total:016x}"


def _files(folder: Path | str, above: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_litter(entry.name):
                continue
            name = f"{above}/{entry.name}"
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(entry.path, name)
                elif entry.is_file():
                    found = entry.stat()
                    yield name, found.st_size, found.st_mtime_ns
            except OSError:
                # One that vanished meanwhile or may not be read: the import says so.
                continue


def keep_watch(ended: threading.Event) -> None:
    """For the background of the app: look at every folder whose time has come."""
    while not ended.wait(1.0):
        try:
            _look_at_all(ended)
        except Exception:
            log.exception("a look failed")


def _look_at_all(ended: threading.Event) -> None:
    with reading() as session:
        watched = [(project.id, entry["path"]) for project in rows.page(session, None, 10_000) for entry in of(project)]
    for project_id, path in watched:
        if ended.is_set():
            return
        seen = _seen.get((project_id, path))
        if seen is None or time.monotonic() >= seen.next_at:
            try:
                look(project_id, path)
            except errors.NotFound:
                # It was let go between the list and the look.
                continue
