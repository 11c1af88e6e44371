"""The import job: reads, stores what is new, counts the rest; stopped or killed, it can go on where it was.

A batch, its labels and the cursor that says that it is done are one transaction. The bytes of an image are on the disk
before its row is written. An item is known by the hash of its content, so reading something twice adds nothing.
"""

import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from backend import errors, pacing, projects, suggesting
from backend.importing import (
    ahead,
    classes_in_data,
    cores,
    examples,
    hub,
    keeping,
    pictures,
    readers,
    ready,
    rejected,
    survey,
    tally,
    uploads,
)
from backend.importing.found import File, walk
from backend.importing.keeping import Import
from backend.importing.ready import Made
from backend.importing.rows import Found, Plan, Rejection, Step
from backend.importing.tally import Tally
from backend.jobs.progress import Handle
from db.models import Kind, Project
from db.session import reading, writing

CHUNK = 8
FIRST_BATCH = 200
# Smaller batches would spend their time on commits.
SMALLEST_BATCH, LARGEST_BATCH = 50, 4_000
# Fewer rows are read in this process: to start another takes longer than they do.
WORTH_A_PROCESS = 20_000


def run(handle: Handle) -> dict[str, Any]:
    """Do the import that `handle.spec` describes and return its report."""
    so_far = tally.of(handle.cursor)
    if not so_far.is_finished:
        rejected.cut(handle.job_id, so_far.rejected_bytes)
        _import(handle, so_far)
        so_far.is_finished = True
        handle.save_cursor(so_far.as_cursor())
    if "upload" in handle.spec:
        uploads.remove(handle.spec["upload"])
    if "hub" in handle.spec:
        hub.let_go(handle)
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
    spec = handle.spec
    if "hub" in spec:
        spec = spec | {"path": str(hub.fetched(spec, handle))}
    made, expected = _source(spec, project, tuple(known.ids), so_far)
    handle.report(so_far.seen, expected, message="Importing")
    importing = Import(handle.job_id, known, handle.spec.get("labels") or "labels", so_far)
    size = FIRST_BATCH
    while batch := ready.batch(made, size):
        size = next_size(len(batch), size, keeping.keep(importing, batch))
        handle.report(so_far.seen, max(expected, so_far.seen))
    handle.report(so_far.seen, so_far.seen, message=keeping.described(so_far))


def next_size(written: int, size: int, spent_s: float) -> int:
    """A batch may also be small because its texts are long: if it was quick, that says nothing of the next."""
    if written < size and spent_s < pacing.WANTED_S:
        return size
    return pacing.next_size(written, spent_s, fewest=SMALLEST_BATCH, most=LARGEST_BATCH)


def _source(
    spec: dict[str, Any], project: Project, class_names: tuple[str, ...], so_far: Tally
) -> tuple[Iterator[Made], int]:
    """What is still to do, and how much there is in all, about."""
    done = (tuple(so_far.key), so_far.number)
    if "example" in spec:
        rows = examples.rows(spec["example"])
        return _made(project, _after(done, (spec["example"],), iter(rows)), len(rows)), len(rows)
    path = path_of(spec)
    seen = survey.of(path, Kind(project.kind), spec.get("columns") or {}, class_names)
    plan = seen.plan
    if project.kind == Kind.TEXT and seen.expected >= WORTH_A_PROCESS:
        return ahead.read(texts_of, path, plan, done), seen.expected
    is_reference = bool(spec.get("reference"))
    return _made(project, _steps(path, plan, done), seen.expected, is_reference=is_reference), seen.expected


def path_of(spec: dict[str, Any]) -> Path:
    """Where the data lies. Raises NotFound when it is not there any more."""
    if "upload" in spec:
        return uploads.folder_of(spec["upload"])
    path = Path(spec["path"])
    if not path.exists():
        raise errors.NotFound(f'There is no "{path}" any more.', "Put it back and resume, or start a new import.")
    return path


def texts_of(path: Path, plan: Plan, done: tuple[tuple[str, ...], int]) -> Iterator[Made]:
    """What is behind `done`, the key of a file and the number of a row in it."""
    return ready.texts(_steps(path, plan, done))


def _steps(path: Path, plan: Plan, done: tuple[tuple[str, ...], int]) -> Iterator[Step]:
    for file in walk(path):
        if file.key < done[0]:
            continue
        found = readers.read(file, plan) if isinstance(file, File) else iter([Rejection(file.name, file.reason)])
        yield from _after(done, file.key, found)


def _after(done: tuple[tuple[str, ...], int], key: tuple[str, ...], found: Iterator[Found]) -> Iterator[Step]:
    """Without what the attempt before has done."""
    before = done[1] if key == done[0] else 0
    for number, each in enumerate(itertools.islice(found, before, None), start=before + 1):
        yield Step(key, number, each)


def _made(project: Project, steps: Iterator[Step], expected: int, *, is_reference: bool = False) -> Iterator[Made]:
    if project.kind == Kind.TEXT:
        yield from ready.texts(steps)
        return
    chunks = iter(lambda: list(itertools.islice(steps, CHUNK)), [])
    workers = max(1, min(cores.count(), expected // CHUNK))
    prepare = partial(pictures.prepare, is_reference=is_reference)
    for chunk, made in cores.over(prepare, chunks, pictures.given_up, workers):
        for step, each in zip(chunk, made, strict=True):
            yield Made(step.key, step.number, ready.of_picture(each))
