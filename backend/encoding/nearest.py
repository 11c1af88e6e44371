"""Which contents lie nearest to a vector, straight from the vector cache: no list of a project's items is made.

Needs numpy only. A million vectors of 384 numbers are 1.5 GB that each question reads through once. They lie in the
system's file cache, mapped into this process; its own memory for a question is a few bytes a vector.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.encoding import records, vectors
from backend.encoding.records import Index
from backend.encoding.vectors import Vectors

# Rows of one product.
PIECE = 100_000
# Contents that are named at once.
AT_ONCE = 500
# As many are sorted at first: seldom does anybody need more.
FIRST = 5_000

_maps: dict[Path, tuple[int, int, Any]] = {}
_lock = threading.Lock()


def ranked(encoder_id: str, question: Vectors) -> Iterator[list[tuple[bytes, float]]]:
    """Everything in the cache by its cosine with the question, best first: lists of (content hash, cosine).

    question: (d,), unit length. A content that was computed again may come twice.
    """
    path = vectors.path_of(encoder_id)
    index = records.current(path)
    if index is None or not index.count:
        return
    mapped = _mapped(path, index)
    scores = np.empty(index.count, np.float32)
    for start in range(0, index.count, PIECE):
        # A view with gaps between its rows: multiplied where it lies, without a copy.
        scores[start : start + PIECE] = mapped["vector"][start : start + PIECE] @ question
    # A damaged record may score anything; the checksum below tells.
    np.nan_to_num(scores, copy=False, nan=-2.0, posinf=-2.0, neginf=-2.0)
    for rows in _best_first(scores):
        intact = rows[records.intact(index, mapped, rows)]
        yield [(index.hashes[row].tobytes(), float(scores[row])) for row in intact]


def _mapped(path: Path, index: Index) -> Any:
    """The records, mapped once: to map them anew for each question costs as much as the question."""
    with _lock:
        inode, count, mapped = _maps.get(path, (0, 0, None))
        if (inode, count) != (index.inode, index.count):
            record = records.record_type(index.dimensions)
            mapped = np.memmap(path, record, "r", records.HEADER_BYTES, (index.count,))
            _maps[path] = (index.inode, index.count, mapped)
        return mapped


def _best_first(scores: NDArray[np.float32]) -> Iterator[NDArray[np.int64]]:
    first = np.argpartition(-scores, FIRST)[:FIRST] if len(scores) > FIRST else np.arange(len(scores))
    first = first[np.argsort(-scores[first], kind="stable")]
    yield from np.split(first, range(AT_ONCE, len(first), AT_ONCE))
    if len(scores) > FIRST:
        is_rest = np.ones(len(scores), bool)
        is_rest[first] = False
        rest = np.flatnonzero(is_rest)
        rest = rest[np.argsort(-scores[rest], kind="stable")]
        yield from np.split(rest, range(AT_ONCE, len(rest), AT_ONCE))
