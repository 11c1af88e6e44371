"""The import of a whole project, as a job.

The archive is gone through twice. First everything in it is checked and nothing is written: what cannot be used is
refused then. The second time the same code writes, in short transactions, into a project that nobody sees until it is
whole. Stopped or killed, it takes away what it had written and can begin again.
"""

import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from backend import archives, blobs, errors, projects
from backend.archives import beside, container
from backend.archives.container import bad
from backend.archives.ids import Mapped, Row
from backend.archives.shared import SHARED
from backend.archives.values import row_of, settled
from backend.importing import job as import_job
from backend.importing import uploads
from backend.jobs.progress import Handle
from backend.pacing import next_size
from backend.suggesting import prompts, sets
from backend.training import artifact
from db import archives as rows
from db import jobs
from db import projects as project_rows
from db.archives import PARTS, Part
from db.models import Kind, Project, now
from db.session import reading, writing

FIRST_BATCH, SMALLEST, LARGEST = 200, 50, 4_000
REMOVED_AT_ONCE = 300


def run(handle: Handle) -> dict[str, Any]:
    """An import job: of data into a project, or of a whole project."""
    return bring(handle) if "archive" in handle.spec else import_job.run(handle)


def bring(handle: Handle) -> dict[str, Any]:
    if report := (handle.cursor or {}).get("report"):
        return ended(handle, report)
    clean_up(handle)
    path = archives.path_of(handle.spec)
    try:
        with container.opened(path) as archive:
            manifest = container.manifest_of(archive)
            about = described(manifest["project"])
            total = 2 * sum(entry.file_size for entry in archive.infolist())
            progress = Progress(handle, total)
            handle.report(0, total, "Checking the archive", unit="bytes")
            Bringing(archive, about, progress, None).all()
            handle.report(progress.done, total, "Bringing it in", unit="bytes")
            project_id = begin(handle, about)
            brought = Bringing(archive, about, progress, project_id)
            brought.all()
    except rows.Unfit as error:
        clean_up(handle)
        raise bad("rows in it contradict each other") from error
    except container.BROKEN as error:
        clean_up(handle)
        raise bad(f"it is damaged ({type(error).__name__}: {str(error)[:100]})") from error
    except BaseException:
        clean_up(handle)
        raise
    report = show(handle, project_id, about, brought)
    handle.report(total, total, f"{report['name']}: {brought.count['items']:,} items", unit="bytes")
    return ended(handle, report)


def described(told: dict[str, Any]) -> dict[str, Any]:
    """The columns of the project. Raises BadFile or Invalid."""
    kept = told.get("settings")
    kept = kept if isinstance(kept, dict) else {}
    chosen: dict[str, Any] = {name: True for name in (projects.BLIND, sets.PINNED) if kept.get(name) is True}
    if kept.get(prompts.TEMPLATES):
        chosen[prompts.TEMPLATES] = prompts.checked_all(kept[prompts.TEMPLATES])
    name = " ".join(told["name"].split())[: projects.NAME_LENGTH]
    if not name:
        raise bad("its project has no name")
    description = told.get("description")
    return {
        "name": name,
        "kind": Kind(told["kind"]),
        "multi_label": told["multi_label"],
        "description": description if isinstance(description, str) else "",
        "settings": chosen,
        "suggestion_set_id": told.get("suggestion_set_id"),
    }


def begin(handle: Handle, about: dict[str, Any]) -> int:
    """The project, out of sight until it is whole."""
    hidden = {**about["settings"], projects.ARRIVING: True}
    new = Project(**(about | {"suggestion_set_id": None, "settings": hidden}), deleted_at=now())
    with writing() as session:
        # With its cursor: killed in between, nobody would know whose it is.
        project_id = project_rows.add(session, new).id
        jobs.write(session, handle.job_id, cursor={"project_id": project_id})
    handle.cursor = {"project_id": project_id}
    return project_id


def show(handle: Handle, project_id: int, about: dict[str, Any], brought: "Bringing") -> dict[str, Any]:
    """Into the list of projects, under a name that is free. Returns the job's report."""
    with writing() as session:
        project = project_rows.get(session, project_id)
        if project is None:
            raise errors.Conflict("The project was removed while it came in.", "Import it again.")
        project.suggestion_set_id = brought.mapped.of("suggestion_sets").find(about["suggestion_set_id"])
        project.settings = about["settings"]
        name = projects.restore(session, project_id).name
        report = {"project_id": project_id, "name": name, "rows": brought.count}
        jobs.write(session, handle.job_id, cursor={"report": report})
    return report


def ended(handle: Handle, report: dict[str, Any]) -> dict[str, Any]:
    """What is left to do when the project is there; a job that was killed after that ends with this."""
    beside.notes(handle.job_id).unlink(missing_ok=True)
    if upload := handle.spec["archive"].get("upload"):
        uploads.remove(upload)
    return report


def clean_up(handle: Handle) -> None:
    """Take away what an attempt before has written, in parts, so that no label waits for it."""
    project_id = (handle.cursor or {}).get("project_id")
    if project_id is None:
        return
    with reading() as session:
        project = project_rows.get(session, project_id)
        if project is None or not project.settings.get(projects.ARRIVING):
            return
        runs = rows.ids(session, next(part for part in PARTS if part.name == "runs"), project_id)
    removed = 1
    while removed:
        with writing() as session:
            removed = rows.remove_some(session, project_id, REMOVED_AT_ONCE)
    # Before the project: killed in between, the next run of that number would find them.
    for run_id in runs:
        shutil.rmtree(artifact.folder_of_run(run_id), ignore_errors=True)
    with writing() as session:
        project_rows.remove(session, project_id)
    for name in beside.written(handle.job_id):
        _forget(name)
    handle.save_cursor({})


def _forget(content_hash: bytes) -> None:
    with reading() as session:
        is_wanted = rows.has_content(session, content_hash)
    if not is_wanted:
        blobs.remove(content_hash)


class Progress:
    def __init__(self, handle: Handle, total: int) -> None:
        self.handle, self.total, self.done = handle, total, 0

    def add(self, size_bytes: int) -> None:
        self.done = min(self.done + size_bytes, self.total - 1)
        self.handle.report(self.done, self.total, unit="bytes")


class Bringing:
    """One time through the archive: checks and, where there is a project to write to, writes."""

    def __init__(
        self, archive: zipfile.ZipFile, about: dict[str, Any], progress: Progress, project_id: int | None
    ) -> None:
        self.archive, self.about, self.progress, self.project_id = archive, about, progress, project_id
        self.mapped = Mapped(about["kind"], progress.handle.job_id, project_id)
        self.count: dict[str, int] = {}
        # (event id, item id) as they were: written once the events are there.
        self.last: list[tuple[int, int]] = []
        self.size = FIRST_BATCH
        self.images: list[bytes] = []

    def all(self) -> None:
        for part in PARTS:
            self.count[part.name] = 0
            for batch in self._batches(part):
                self._bring(part, batch)
                self.count[part.name] += len(batch)
        self._stand_at_last_events()
        beside.bring(self.archive, self.mapped, self.images, self.progress, self.project_id)

    def _batches(self, part: Part) -> Iterator[list[Row]]:
        batch: list[Row] = []
        size_bytes = 0
        is_small = part.name in ("classes", "annotators", "recipes", "snapshots", "runs", "suggestion_sets")
        for names, values, length in container.lines(self.archive, part.name):
            batch.append(row_of(part, names, values, self.mapped))
            size_bytes += length
            if len(batch) >= (LARGEST if is_small else self.size) or size_bytes > 4_000_000:
                yield batch
                self.progress.add(size_bytes)
                batch, size_bytes = [], 0
        if batch:
            yield batch
            self.progress.add(size_bytes)

    def _bring(self, part: Part, batch: list[Row]) -> None:
        old = [row.pop("id") for row in batch] if part.is_numbered else []
        if part.name == "items":
            self._note_items(old, batch)
        if self.project_id is None:
            self.mapped.of(part.name).add(old, old)
            for row in batch:
                settled(part, row, self.mapped)
            return
        with writing() as session:
            began = time.perf_counter()
            if part.is_of_project:
                batch = [{**row, "project_id": self.project_id} for row in batch]
            if part.name in SHARED:
                self.mapped.of(part.name).add(old, [SHARED[part.name](session, row) for row in batch])
            else:
                new = rows.next_ids(session, part, len(batch)) if part.is_numbered else []
                self.mapped.of(part.name).add(old, new)
                rows.add(session, part, new, [settled(part, row, self.mapped) for row in batch])
        self.size = next_size(self.size, time.perf_counter() - began, fewest=SMALLEST, most=LARGEST)
        self.progress.handle.check_stop()

    def _note_items(self, old: Sequence[int], batch: list[Row]) -> None:
        """An item's last event has no id here yet, and an image follows behind the tables."""
        for item_id, row in zip(old, batch, strict=True):
            if row["last_event_id"] is not None:
                self.last.append((row["last_event_id"], item_id))
            row["last_event_id"] = None
        if self.about["kind"] == Kind.IMAGE:
            self.images += [row["content_hash"] for row in batch]

    def _stand_at_last_events(self) -> None:
        events, items = self.mapped.of("label_events"), self.mapped.of("items")
        pairs = [(items.get(item_id), events.get(event_id)) for event_id, item_id in self.last]
        for start in range(0, len(pairs) if self.project_id else 0, FIRST_BATCH):
            with writing() as session:
                rows.last_events(session, pairs[start : start + FIRST_BATCH])
