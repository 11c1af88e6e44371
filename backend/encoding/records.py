"""Files of records: rows of numbers known by a SHA-256, kept for good. Vectors and NLI logits are kept so.

A file is a header and records of one size: the key, a CRC-32 and the numbers as float32. Append-only makes it safe to
read while another process writes, and after a crash: a torn last record is cut by the next writer, and a record whose
checksum is wrong counts as missing, is computed again, and the newer one wins.

Needs numpy only. Knows nothing of what the numbers mean.
"""

import json
import logging
import os
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

log = logging.getLogger("winnow.records")
Values = NDArray[np.float32]

HEADER_BYTES = 512
READ_RECORDS = 20_000


@dataclass
class Index:
    """Where each key's newest record is. Grows with the file."""

    dimensions: int
    inode: int
    count: int = 0
    hashes: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 32), np.uint8))
    # The first 8 bytes of each key as a number, sorted, and the record each belongs to.
    keys: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    order: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    is_checked: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))


_indexes: dict[Path, Index] = {}
_lock = threading.Lock()


def get(path: Path, hashes: Sequence[bytes]) -> tuple[Values, NDArray[np.bool_]]:
    """The numbers of these keys, (n, d) float32, and (n,) whether each is there. The others are zeros."""
    index = current(path)
    if index is None or not hashes:
        return np.zeros((len(hashes), index.dimensions if index else 0), np.float32), np.zeros(len(hashes), bool)
    values = np.zeros((len(hashes), index.dimensions), np.float32)
    rows, is_there = _find(index, hashes)
    if not is_there.any():
        return values, is_there
    records = np.memmap(path, record_type(index.dimensions), "r", HEADER_BYTES, (index.count,))
    is_there[is_there] = intact(index, records, rows[is_there])
    values[is_there] = records["vector"][rows[is_there]]
    return values, is_there


def add(path: Path, hashes: Sequence[bytes], values: Values, about: str) -> None:
    """Append the numbers of these keys, and return when they are on the disk. Those that are there are left out.

    about: what the file is of, written into the header of a new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        _, is_there = get(path, hashes)
        new = np.flatnonzero(~is_there)
        records = np.zeros(len(new), record_type(values.shape[1]))
        records["hash"] = _as_bytes([hashes[row] for row in new.tolist()])
        records["vector"] = values[new]
        records["checksum"] = _checksums(records)
        with _open_whole(path, about, values.shape[1]) as file:
            file.write(records.tobytes())
            file.flush()
            os.fsync(file.fileno())


def hashes(path: Path) -> list[bytes]:
    """The keys that are there, in the order they were added."""
    index = current(path)
    return list(dict.fromkeys(each.tobytes() for each in index.hashes)) if index else []


def record_type(dimensions: int) -> np.dtype[Any]:
    return np.dtype([("hash", np.uint8, (32,)), ("checksum", "<u4"), ("vector", "<f4", (dimensions,))])


def _checksums(records: Any) -> NDArray[np.uint32]:
    """Of each record: its key, then its numbers."""
    raw, size = memoryview(np.ascontiguousarray(records).tobytes()), records.dtype.itemsize
    starts = range(0, len(records) * size, size)
    found = (zlib.crc32(raw[at + 36 : at + size], zlib.crc32(raw[at : at + 32])) for at in starts)
    return np.fromiter(found, np.uint32, len(records))


def _header(about: str, dimensions: int) -> bytes:
    text = json.dumps({"winnow": "vectors", "version": 1, "encoder": about[-300:], "dimensions": dimensions})
    return text.encode().ljust(HEADER_BYTES - 1)[: HEADER_BYTES - 1] + b"\n"


def _dimensions(path: Path) -> int | None:
    """What the header says, or None when it cannot be read."""
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(HEADER_BYTES))
        return int(header["dimensions"]) if header["version"] == 1 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _open_whole(path: Path, about: str, dimensions: int) -> Any:
    """The file open at its end, with a sound header and no torn record."""
    if _dimensions(path) != dimensions:
        if path.exists() and path.stat().st_size > HEADER_BYTES:
            log.warning("%s has a damaged header: set aside, what it held is computed again", path)
            path.replace(path.with_suffix(".damaged"))
        path.write_bytes(_header(about, dimensions))
    file = path.open("r+b")
    size_bytes = record_type(dimensions).itemsize
    whole = (path.stat().st_size - HEADER_BYTES) // size_bytes
    file.truncate(HEADER_BYTES + whole * size_bytes)
    file.seek(0, os.SEEK_END)
    return file


def current(path: Path) -> Index | None:
    """The index of the file, brought up to date; None when there is no file."""
    with _lock:
        if not path.exists():
            _indexes.pop(path, None)
            return None
        status = path.stat()
        index = _indexes.get(path)
        # A copy, never changed in place: other threads may be reading the one before.
        if index is None or index.inode != status.st_ino or _bytes(index) > status.st_size:
            dimensions = _dimensions(path)
            if dimensions is None:
                return None
            index = Index(dimensions, status.st_ino)
        count = (status.st_size - HEADER_BYTES) // record_type(index.dimensions).itemsize
        if count > index.count:
            index = _grown(index, path, count)
        _indexes[path] = index
        return index


def _bytes(index: Index) -> int:
    return HEADER_BYTES + index.count * record_type(index.dimensions).itemsize


def _grown(index: Index, path: Path, count: int) -> Index:
    """With the records up to `count`. Read in pieces, so that a large file does not become a large process."""
    record = record_type(index.dimensions)
    added = []
    for start in range(index.count, count, READ_RECORDS):
        offset = HEADER_BYTES + start * record.itemsize
        added.append(np.fromfile(path, record, min(READ_RECORDS, count - start), offset=offset)["hash"].copy())
    hashes = np.concatenate([index.hashes, *added])
    # What was sorted before comes first, and the sort finds it so: a large file grows without being sorted anew.
    keys = np.concatenate([index.keys, _keys(hashes[index.count :])])
    places = np.concatenate([index.order, np.arange(index.count, count)])
    # Stable: of two records of the same key, the newer stays behind the older.
    order = np.argsort(keys, kind="stable")
    is_checked = np.zeros(count, bool)
    is_checked[: index.count] = index.is_checked
    return Index(index.dimensions, index.inode, count, hashes, keys[order], places[order], is_checked)


def _keys(hashes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(hashes[:, :8]).view(">u8").reshape(-1).astype(np.uint64)


def _as_bytes(hashes: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)


def _find(index: Index, hashes: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The newest record of each key, and whether there is one."""
    wanted = _as_bytes(hashes)
    last = np.searchsorted(index.keys, _keys(wanted), side="right") - 1
    rows = index.order[last] if index.count else np.zeros(len(hashes), np.int64)
    if not index.count:
        return rows, np.zeros(len(hashes), bool)
    return rows, (last >= 0) & (index.hashes[rows] == wanted).all(axis=1)


def intact(index: Index, records: Any, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the records have the right checksum. Each is read for it once a process."""
    unread = np.unique(rows[~index.is_checked[rows]])
    for start in range(0, len(unread), READ_RECORDS):
        some = unread[start : start + READ_RECORDS]
        index.is_checked[some] = _checksums(records[some]) == records["checksum"][some]
    return index.is_checked[rows]
