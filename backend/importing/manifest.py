"""What an upload consists of, in a file of lines beside its folder: which files, how large, and under which safe names.

The first line names the project, each further one a file or what happened to some. Lines are only ever added: a
killed app leaves at worst half a last line, which counts for nothing. How much of a file has arrived is not in here:
the file on the disk knows it, whenever the app was killed.
"""

import json
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from backend import errors, settings
from backend.importing.found import is_litter, safe_parts

NAME_BYTES = 180
# Folders may name classes, and tables name images by their folders: all are kept, up to what file systems bear.
MOST_PARTS = 16

_adding = threading.Lock()


class Said(NamedTuple):
    """A file as the sender describes it. `modified`: its time in ms, 0 when unknown; it tells an edited file apart."""

    name: str
    size: int
    modified: int = 0


class Entry(NamedTuple):
    """A file of an upload: number, what was said, and its place in the upload's folder."""

    n: int
    said: Said
    place: str


class Manifest(NamedTuple):
    """`entries` by number, without those left out. `is_whole`: all were found to be there to the last byte."""

    project_id: int
    entries: dict[int, Entry]
    places: frozenset[str]
    is_whole: bool
    next_n: int


def path_of(upload: str) -> Path:
    return settings.folder("uploads") / f"{upload}.jsonl"


def create(upload: str, project_id: int) -> None:
    path_of(upload).write_text(json.dumps({"project_id": project_id}) + "\n", encoding="utf-8")


def read(upload: str) -> Manifest | None:
    """None for an upload that came in one request, and so is whole or not there."""
    try:
        size = path_of(upload).stat().st_size
    except FileNotFoundError:
        return None
    return _read(path_of(upload), size)


@lru_cache(maxsize=4)
def _read(path: Path, size: int) -> Manifest:
    """Kept by size: the file only grows, and pieces come many times a second."""
    with path.open("rb") as file:
        first, *lines = [json.loads(line) for line in file.read(size).split(b"\n")[:-1]] or [{}]
    entries: dict[int, Entry] = {}
    places: set[str] = set()
    n, is_whole = 0, False
    for line in lines:
        is_whole = "whole" in line
        for gone in line.get("without", ()):
            entries.pop(gone, None)
        if "place" in line:
            said = Said(line["name"], line["size"], line["modified"])
            entries[n] = Entry(n, said, line["place"])
            places.add(line["place"].casefold())
            n += 1
    return Manifest(first.get("project_id", 0), entries, frozenset(places), is_whole, n)


def add(upload: str, files: Sequence[Said]) -> list[Entry]:
    """The entries of `files`, in their order. What is known by name, size and time keeps its entry."""
    with _adding:
        manifest = read(upload)
        if manifest is None:
            raise errors.NotFound("This upload is not there any more.", "Upload the files again.")
        known = {entry.said: entry for entry in manifest.entries.values()}
        places = Places(manifest.places)
        entries: list[Entry] = []
        fresh: list[Entry] = []
        for said in files:
            if said not in known:
                known[said] = Entry(manifest.next_n + len(fresh), said, places.free(said.name))
                fresh.append(known[said])
            entries.append(known[said])
        if fresh:
            _append(upload, [{**entry.said._asdict(), "place": entry.place} for entry in fresh])
    return entries


def leave_out(upload: str, numbers: Iterable[int]) -> None:
    with _adding:
        _append(upload, [{"without": sorted(set(numbers))}])


def mark_whole(upload: str, seen: Manifest) -> None:
    """Remember that all files of `seen` are there, unless more were added meanwhile."""
    with _adding:
        if read(upload) == seen:
            _append(upload, [{"whole": True}])


def _append(upload: str, lines: Iterable[dict[str, Any]]) -> None:
    with path_of(upload).open("r+b") as file:
        # A killed app can leave half a line.
        file.seek(file.read().rfind(b"\n") + 1)
        file.truncate()
        file.write("".join(json.dumps(line) + "\n" for line in lines).encode())


class Places:
    """Safe and free places in a folder for files that strangers name, also where letters' case counts for nothing."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.files = set(taken)
        self.folders: set[str] = set()
        for place in self.files:
            self._add_folders(place)

    def free(self, name: str) -> str:
        parts = safe_names(name)
        for depth in range(1, len(parts)):
            # A file has the name that this needs as a folder.
            while "/".join(parts[:depth]).casefold() in self.files:
                parts[depth - 1] += " (2)"
        stem, suffix = PurePosixPath(parts[-1]).stem, PurePosixPath(parts[-1]).suffix
        number = 1
        while is_litter(parts[-1]) or self.is_taken("/".join(parts)):
            number += 1
            parts[-1] = f"{stem} ({number}){suffix}"
        place = "/".join(parts)
        self.files.add(place.casefold())
        self._add_folders(place.casefold())
        return place

    def _add_folders(self, place: str) -> None:
        folder = place.rpartition("/")[0]
        while folder and folder not in self.folders:
            self.folders.add(folder)
            folder = folder.rpartition("/")[0]

    def is_taken(self, place: str) -> bool:
        return place.casefold() in self.files or place.casefold() in self.folders


def safe_names(name: str) -> list[str]:
    """A path from a stranger as names that a file system takes, none of them hidden; at least one."""
    return [shortened(part.lstrip(".") or "file") for part in safe_parts(name)[-MOST_PARTS:]] or ["file"]


def shortened(part: str) -> str:
    """File systems count bytes. The ending says what the file is and stays."""
    if len(part.encode()) <= NAME_BYTES:
        return part
    stem, suffix = Path(part).stem, Path(part).suffix[:20]
    return stem.encode()[:NAME_BYTES].decode(errors="ignore") + suffix
