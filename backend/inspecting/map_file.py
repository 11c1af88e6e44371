"""Where the items of a project lie in two dimensions: one file for each project and encoder.

    8 bytes     b"WNMAP\\0\\0\\1"
    uint32      how long the header is
    header      JSON: {"key", "methods", "items", "total", "is_sample", "encoder", "newest_id", "rows", "made_at",
                "checksum"}
    int64       the ids of the items, sorted
    float32     (n, 2) for each of the methods, in their order

All little-endian. The header alone tells what there is. A file that is not whole counts as none: it is made anew.
Needs numpy only.
"""

import hashlib
import json
import logging
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from backend import blobs, settings
from db import projects
from db.models import Project, now
from db.session import Session

log = logging.getLogger("winnow.map")

Positions = NDArray[np.float32]
Read = TypeVar("Read")
MAGIC = b"WNMAP\0\0\1"
LONGEST_HEADER = 100_000
NEEDED = {"key", "methods", "items", "total", "is_sample", "newest_id", "rows", "made_at", "checksum"}


@dataclass(frozen=True)
class Map:
    """item_ids: (n,), sorted. layouts: method -> (n, 2)."""

    header: dict[str, Any]
    item_ids: NDArray[np.int64]
    layouts: dict[str, Positions]


def path_of(project: Project, encoder_id: str) -> Path:
    # The id of an emptied project is given anew: the time of its making tells the two apart.
    made = int(project.created_at.timestamp() * 1000)
    return settings.folder("maps") / f"{project.id}-{made}-{zlib.crc32(encoder_id.encode()):08x}.map"


def write(
    project: Project,
    encoder_id: str,
    item_ids: NDArray[np.int64],
    layouts: Mapping[str, Positions],
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """Write it whole; returns the header. about: "total", "newest_id" and "rows" as they were when it was begun."""
    parts = [np.asarray(item_ids, "<i8").tobytes(), *(np.asarray(each, "<f4").tobytes() for each in layouts.values())]
    body = b"".join(parts)
    header = {
        **about,
        "key": hashlib.sha256(body).hexdigest()[:16],
        "methods": list(layouts),
        "items": len(item_ids),
        "encoder": encoder_id,
        "made_at": now().isoformat(),
        "checksum": zlib.crc32(body),
    }
    written = json.dumps(header).encode()
    data = MAGIC + struct.pack("<I", len(written)) + written + body
    blobs.write_whole(path_of(project, encoder_id), data, is_durable=False)
    return header


def header(project: Project, encoder_id: str) -> dict[str, Any] | None:
    """What the file says of itself; None when there is none."""
    return _opened(project, encoder_id, _header, len(MAGIC) + 4 + LONGEST_HEADER)


def read(project: Project, encoder_id: str) -> Map | None:
    """All of it; None when there is none, or when it is damaged."""
    return _opened(project, encoder_id, _whole)


def _opened(project: Project, encoder_id: str, parse: Callable[[bytes], Read], most: int = -1) -> Read | None:
    try:
        with path_of(project, encoder_id).open("rb") as file:
            return parse(file.read(most))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        log.warning("the map of project %d cannot be read", project.id, exc_info=True)
        return None


def _whole(data: bytes) -> Map:
    found = _header(data)
    start, n, methods = _start(data), int(found["items"]), list(found["methods"])
    if len(data) - start != n * 8 * (1 + len(methods)) or zlib.crc32(data[start:]) != found["checksum"]:
        raise ValueError("it is not whole")
    item_ids = np.frombuffer(data, "<i8", n, start)
    places = [start + 8 * n * (place + 1) for place in range(len(methods))]
    layouts = [np.frombuffer(data, "<f4", 2 * n, at).reshape(n, 2) for at in places]
    return Map(found, item_ids, dict(zip(methods, layouts, strict=True)))


def _header(data: bytes) -> dict[str, Any]:
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError("it is no map")
    found: dict[str, Any] = json.loads(data[len(MAGIC) + 4 : _start(data)])
    if not found.keys() >= NEEDED:
        raise ValueError("its header is not whole")
    return found


def _start(data: bytes) -> int:
    """Where the body begins."""
    (length,) = struct.unpack_from("<I", data, len(MAGIC))
    return len(MAGIC) + 4 + int(length)


def forget_gone(session: Session) -> None:
    """Remove the maps of projects that are gone for good."""
    for path in settings.folder("maps").glob("*-*-*.map"):
        project_id, made, _ = path.stem.split("-")
        project = projects.get(session, int(project_id)) if project_id.isdecimal() else None
        if project is None or str(int(project.created_at.timestamp() * 1000)) != made:
            path.unlink(missing_ok=True)
