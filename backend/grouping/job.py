"""Find near-duplicates: look at each item once, compare those that may be alike, and write who belongs together.

Run: python -m backend.jobs.worker JOB_ID. What was looked at is kept, so that a job that was killed and one that comes
after new data go on with the rest. Nothing is written before all is compared; the groups are then the same each time.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import projects
from backend.grouping import compare, kept
from backend.jobs.progress import Handle
from db import groups as rows
from db import projects as project_rows
from db.models import Project
from db.session import reading, writing

READ = 20_000
# Items in one write transaction: well under 50 ms.
CHUNK = 400
Ids = NDArray[np.int64]


def run(handle: Handle) -> dict[str, Any]:
    assert handle.project_id is not None
    likeness = handle.spec["likeness"]
    with reading() as session:
        project = projects.get(session, handle.project_id)
        before = rows.last_done(session, project.id)
        wrong = rows.lonely(session, project.id)
    write(handle, wrong)
    known = before.report if before and before.report and before.report["likeness"] == likeness else None
    items = look(handle, project)
    # Items that this search has not seen to its end are compared with all others; what was found before stays.
    first_new = int(np.searchsorted(items.ids, known["upto"], side="right")) if known else 0
    found = compare.leaders(handle, project, items, first_new, kept.way(project.kind).LIKENESS[likeness])
    write(handle, changed(items, found))
    with reading() as session:
        counts = rows.counts(session, project.id)
    upto = int(items.ids[-1]) if len(items.ids) else 0
    handle.report(len(items.ids), len(items.ids), message(counts))
    return {"likeness": likeness, "upto": upto, "compared": len(items.ids) - first_new, **counts}


def look(handle: Handle, project: Project) -> compare.Items:
    """All items of the project in the order of their ids, with their signatures in the file."""
    with reading() as session:
        total = sum(project_rows.status_counts(session, [project.id])[project.id].values())
    ids: list[int] = []
    hashes: list[bytes] = []
    groups: list[int] = []
    while True:
        with reading() as session:
            some = rows.places(session, project.id, ids[-1] if ids else 0, READ)
        if not some:
            break
        new = [some[row] for row in kept.missing(project.kind, [each.content_hash for each in some])]
        step = kept.CHUNK[project.kind]
        for start in range(0, len(new), step):
            chunk = new[start : start + step]
            with reading() as session:
                texts = rows.texts(session, [each.item_id for each in chunk])
            kept.look(project.kind, [(each.content_hash, texts[each.item_id]) for each in chunk])
            handle.report(len(ids) + start + len(chunk), max(total, len(ids) + len(some)), "Looking at each item.")
        ids += [each.item_id for each in some]
        hashes += [each.content_hash for each in some]
        groups += [each.group_id or 0 for each in some]
    return compare.Items(np.array(ids, np.int64), hashes, np.array(groups, np.int64))


def changed(items: compare.Items, leaders: Ids) -> dict[int, int | None]:
    """Item id -> group id where it is another than in the database. leaders: of each row, its group's first row."""
    sizes = np.bincount(leaders, minlength=len(leaders))
    wanted = np.where(sizes[leaders] > 1, items.ids[leaders], 0)
    return {int(items.ids[row]): int(wanted[row]) or None for row in np.flatnonzero(wanted != items.groups)}


def write(handle: Handle, groups: dict[int, int | None]) -> None:
    every = list(groups.items())
    for start in range(0, len(every), CHUNK):
        with writing() as session:
            rows.put(session, dict(every[start : start + CHUNK]))
        handle.report(min(start + CHUNK, len(every)), len(every), "Writing the groups.")


def message(counts: dict[str, int]) -> str:
    if not counts["groups"]:
        return "No near-duplicates were found."
    groups = "1 group" if counts["groups"] == 1 else f"{counts['groups']:,} groups"
    return f"{groups} of near-duplicates, {counts['items']:,} items."
