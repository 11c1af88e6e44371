"""What an import would bring, from a short look: the first rows, which classes are named how often, which splits."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend.importing import classes_in_data, encodings, readers, survey
from backend.importing.classes_in_data import Known
from backend.importing.found import File, walk
from backend.importing.peek import peek
from backend.importing.rows import Found, Plan, Row
from db.models import Kind, Project
from db.session import Session

SECONDS = 2.0
MOST_ROWS = 200_000
MOST_NAMES = 1_000


def of(session: Session, project: Project, path: Path, chosen: dict[str, Any]) -> dict[str, Any]:
    """{"tables": as `peek` or None, "classes": [{"name", "count", "known"}], "is_all", "splits": {name: count},
    "items": about how many, "files_are_texts": whether each text file is one item, or None when there are none}.

    Reads for SECONDS, or MOST_ROWS; `is_all` is False when there is more. Raises BadFile when nothing can be read.
    """
    began = time.monotonic()
    known = classes_in_data.known(session, project, may_add=False)
    kind, names = Kind(project.kind), tuple(known.ids)
    seen = survey.of(path, kind, chosen, names, upto_s=SECONDS / 2, first_bytes=encodings.BLOCK_BYTES)
    table = peek(path, names, chosen, kind)
    counts: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    rows = 0
    is_all = seen.is_whole
    for found in _found(path, seen.plan):
        if rows >= MOST_ROWS or (rows % 100 == 0 and time.monotonic() - began > SECONDS):
            is_all = False
            break
        if isinstance(found, Row):
            rows += 1
            if found.split:
                splits[found.split] += 1
            counts.update(names_of(found.labels, known, counts))
    return {
        "tables": table,
        "classes": _listed(counts, known),
        "is_all": is_all,
        "splits": dict(splits),
        "items": rows if is_all else max(rows, seen.expected),
        "files_are_texts": seen.plan.is_file_an_item if seen.has_texts else None,
    }


def _found(path: Path, plan: Plan) -> Iterator[Found]:
    for file in walk(path):
        if isinstance(file, File):
            yield from readers.read(file, plan)


def names_of(labels: tuple[str, ...], known: Known, counts: Counter[str]) -> Iterator[str]:
    """The classes of a row as the import will understand them; of new names not more than anybody would read."""
    if known.project.multi_label and len(labels) == 1:
        labels = tuple(classes_in_data.parts(labels[0], known))
    for name in dict.fromkeys(labels):
        if name in counts or len(counts) < MOST_NAMES:
            yield name


def _listed(counts: Counter[str], known: Known) -> list[dict[str, Any]]:
    return [
        {"name": name, "count": count, "known": classes_in_data.key_of(name) in known.ids}
        for name, count in counts.most_common()
    ]
