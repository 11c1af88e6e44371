"""What was made of contents to compare them by: kept in a file for each kind, so that nothing is looked at twice.

Needs numpy and Pillow only.
"""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from backend import settings
from backend.encoding import records
from backend.encoding.records import Values
from backend.grouping import pictures, texts
from db.models import Kind

# Part of the files' names: another way to make them has another file.
VERSION = 1
# Items looked at between two words about progress.
CHUNK = {Kind.IMAGE: 256, Kind.TEXT: 4_000}


def way(kind: str) -> ModuleType:
    """The module that compares items of this kind."""
    return pictures if kind == Kind.IMAGE else texts


def path(kind: str) -> Path:
    return settings.folder("vectors") / f"near-duplicates-{kind}-{VERSION}.records"


def missing(kind: str, hashes: Sequence[bytes]) -> list[int]:
    """Which of these have not been looked at yet."""
    return np.flatnonzero(~records.get(path(kind), hashes)[1]).tolist()


def look(kind: str, contents: Sequence[tuple[bytes, str | None]]) -> None:
    """Make and keep the signatures of contents, each a hash and, of a text, the text."""
    hashes, found = way(kind).signatures(contents)
    records.add(path(kind), hashes, found, f"near-duplicates {kind}")


def signatures(kind: str, hashes: Sequence[bytes]) -> Values:
    """(n, NUMBERS) float32; zeros for what has not been looked at."""
    found, _ = records.get(path(kind), hashes)
    return found if found.shape[1] else np.zeros((len(hashes), way(kind).NUMBERS), np.float32)


def keys(kind: str, hashes: Sequence[bytes]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """The keys that candidates are found by, (n, d), and whether there is anything to compare. Made in pieces."""
    made, usable = [], []
    for start in range(0, len(hashes), records.READ_RECORDS):
        found = signatures(kind, hashes[start : start + records.READ_RECORDS])
        made.append(way(kind).keys(found))
        usable.append(way(kind).is_usable(found))
    return np.concatenate(made), np.concatenate(usable)
