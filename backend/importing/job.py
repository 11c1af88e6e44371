"""The import job: reads, stores what is new, counts the rest; stopped or killed, it can go on where it was.

A batch, its labels and the cursor that says that it is done are one transaction. The bytes of an image are on the disk
before its row is written. An item is known by the hash of its content, so reading something twice adds nothing.
"""

import hashlib
import itertools
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from backend import errors, projects, suggesting
from backend.importing import classes_in_data, cores, examples, pictures, readers, survey, tally, uploads
from backend.importing.found import File, walk
from backend.importing.pictures import Picture
from backend.importing.rows import Found, HowRead, Plan, Rejection, Row, Step
from backend.importing.tally import Tally
from backend.jobs.progress import Handle
from backend.labeling import labels
from db import items, jobs, storing
from db.models import Kind, Project, Status, now
from db.session import Session, reading, writing

ANNOTATOR = "imported"
CHUNK = 8
FIRST_BATCH = 200
# Smaller batches would spend their time on commits.
SMALLEST_BATCH, LARGEST_BATCH = 100, 1_000
# A label waits for at most one batch: it stays under 50 ms, with some room for a busy disk.
BATCH_S = 0.03


def run(handle: Handle) -> dict[str, Any]:
    """Do the import that `handle.spec` describes and return its report."""
    so_far = tally.of(handle.cursor)
    if not so_far.is_finished:
        _import(handle, so_far)
        so_far.is_finished = True
        handle.save_cursor(so_far.as_cursor())
    if "upload" in handle.spec:
        uploads.remove(handle.spec["upload"])
    if so_far.imported:
        with writing() as session:
            suggesting.after_import(session, projects.get(session, handle.project_id or 0))
    return so_far.as_report()


def _import(handle: Handle, so_far: Tally) -> None:
    assert handle.project_id is not None
    with reading() as session:
        project = projects.get(session, handle.project_id)
        known = classes_in_data.known(session, project, may_add=bool(handle.spec.get("add_classes")))
    handle.report(so_far.seen, message="Looking through the files")
    steps, expected = _source(handle.spec, project, tuple(known.ids), so_far)
    handle.report(so_far.seen, expected, message="Importing")
    stored = _prepared(project, steps, expected)
    size = FIRST_BATCH
    while batch := list(itertools.islice(stored, size)):
        spent_s = _store(handle, known, batch, so_far)
        size = _next_size(size, spent_s)
        handle.report(so_far.seen, max(expected, so_far.seen))
    handle.report(so_far.seen, so_far.seen, message=_summary(so_far))


def _next_size(size: int, spent_s: float) -> int:
    """Towards batches of BATCH_S, without following every hiccup of the disk."""
    factor = min(1.5, max(0.5, BATCH_S / max(spent_s, 0.001)))
    return min(LARGEST_BATCH, max(SMALLEST_BATCH, round(size * factor)))


def _summary(so_far: Tally) -> str:
    """ "7,594 imported, 6 duplicates, 0 rejected, 1 label" """
    duplicates = "1 duplicate" if so_far.duplicates == 1 else f"{so_far.duplicates:,} duplicates"
    labels_words = "1 label" if so_far.labeled == 1 else f"{so_far.labeled:,} labels"
    return f"{so_far.imported:,} imported, {duplicates}, {so_far.rejected:,} rejected, {labels_words}"


def _source(
    spec: dict[str, Any], project: Project, class_names: tuple[str, ...], so_far: Tally
) -> tuple[Iterator[Step], int]:
    """What is still to do, and how much there is in all, about."""
    if "example" in spec:
        rows = examples.rows(spec["example"])
        return _after(so_far, (spec["example"],), iter(rows)), len(rows)
    path = path_of(spec)
    seen = survey.of(path, Kind(project.kind))
    plan = Plan(Kind(project.kind), spec.get("columns") or {}, class_names, seen.is_file_an_item)
    return _steps(path, plan, so_far), seen.expected


def path_of(spec: dict[str, Any]) -> Path:
    """Where the data lies. Raises NotFound when it is not there any more."""
    if "upload" in spec:
        return uploads.folder_of(spec["upload"])
    path = Path(spec["path"])
    if not path.exists():
        raise errors.NotFound(f'There is no "{path}" any more.', "Put it back and resume, or start a new import.")
    return path


def _steps(path: Path, plan: Plan, so_far: Tally) -> Iterator[Step]:
    for file in walk(path):
        if list(file.key) < so_far.key:
            continue
        found = readers.read(file, plan) if isinstance(file, File) else iter([Rejection(file.name, file.reason)])
        yield from _after(so_far, file.key, found)


def _after(so_far: Tally, key: tuple[str, ...], found: Iterator[Found]) -> Iterator[Step]:
    """Without what the attempt before has done."""
    done = so_far.number if list(key) == so_far.key else 0
    for number, each in enumerate(itertools.islice(found, done, None), start=done + 1):
        yield Step(key, number, each)


def _prepared(project: Project, steps: Iterator[Step], expected: int) -> Iterator[tuple[Step, Found | Picture]]:
    if project.kind == Kind.TEXT:
        yield from ((step, step.found) for step in steps)
        return
    chunks = iter(lambda: list(itertools.islice(steps, CHUNK)), [])
    workers = max(1, min(cores.count(), expected // CHUNK))
    for chunk, made in cores.over(pictures.prepare, chunks, pictures.given_up, workers):
        yield from zip(chunk, made, strict=True)


def _store(
    handle: Handle, known: classes_in_data.Known, batch: list[tuple[Step, Found | Picture]], so_far: Tally
) -> float:
    """Write one batch; return the seconds for which the database was locked."""
    rows: list[dict[str, Any]] = []
    named: dict[bytes, tuple[str, ...]] = {}
    created_at = now()
    for _, made in batch:
        if isinstance(made, Rejection):
            so_far.reject(made)
        elif isinstance(made, HowRead):
            so_far.note(made)
        else:
            row = made.row if isinstance(made, Picture) else made
            fields = _picture_fields(made) if isinstance(made, Picture) else _text_fields(made)
            fields |= {"project_id": known.project.id, "source": row.source, "created_at": created_at}
            rows.append(fields)
            if row.labels:
                named.setdefault(fields["content_hash"], row.labels)
    last = batch[-1][0]
    so_far.key, so_far.number = list(last.key), last.number
    with writing() as session:
        began = time.perf_counter()
        new = storing.add_new(session, rows)
        so_far.imported += new
        so_far.duplicates += len(rows) - new
        so_far.labeled += _label(session, known, named, f"import-{handle.job_id}-{so_far.seen}", so_far)
        jobs.write(session, handle.job_id, cursor=so_far.as_cursor())
    return time.perf_counter() - began


def _text_fields(row: Row) -> dict[str, Any]:
    text = row.text or ""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        # Halves of characters, from JSON escapes: put together where both are there, replaced where not.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        data = text.encode()
    fields = {"content_hash": hashlib.sha256(data).digest(), "text": text}
    return fields if row.meta is None else fields | {"meta": row.meta}


def _picture_fields(picture: Picture) -> dict[str, Any]:
    names: Iterable[str] = ("content_hash", "media_type", "width", "height")
    # Every row of a batch names the same columns, so a picture has a `meta` even when there is nothing to say.
    frames = {"frames": picture.frames} if picture.frames > 1 else {}
    return {name: getattr(picture, name) for name in names} | {"meta": (picture.row.meta or {}) | frames}


def _label(
    session: Session, known: classes_in_data.Known, named: dict[bytes, tuple[str, ...]], event_id: str, so_far: Tally
) -> int:
    """Give the items of this batch the labels that came with them. What somebody has decided on already stays."""
    classes_of = {
        content_hash: ids
        for content_hash, names in named.items()
        if (ids := classes_in_data.ids_of(session, names, known, so_far))
    }
    if not classes_of:
        return 0
    found = items.by_hashes(session, known.project.id, list(classes_of))
    wanted = {item_id: classes_of[each] for each, (item_id, status) in found.items() if status == Status.TODO}
    if not wanted:
        return 0
    recorded = labels.record_many(session, known.project, ANNOTATOR, wanted, event_id=event_id)
    return len(wanted) - len(recorded.rejected)
