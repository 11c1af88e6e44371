"""Where uploaded files wait for their import: each upload in a folder of its own below `uploads/`, under safe names.

An upload in pieces has a manifest beside its folder and, while it lasts, a folder of parts. A file moves from the parts
into the upload's folder with its last byte, so that nothing unfinished is ever taken for data.
"""

import os
import shutil
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from backend import errors, settings
from backend.importing import manifest
from backend.importing.manifest import Entry, Manifest, Places, Said

KEPT_DAYS = 14
# Of a UUID in hexadecimal.
ID_LENGTH = 32
# The database and the small pictures grow with an import.
SPARE_BYTES = 200_000_000
NAMED = 3
# Files that a request is writing to just now, by upload and number.
in_use: set[tuple[str, int]] = set()


class Upload(NamedTuple):
    """An upload in pieces: its id, its manifest, and how many bytes of each file are there, by number."""

    id: str
    manifest: Manifest
    received: dict[int, int]

    @property
    def lacking(self) -> list[Entry]:
        return [entry for n, entry in self.manifest.entries.items() if self.received[n] < entry.said.size]


def new_folder() -> Path:
    """Make an empty folder, and remove those that nobody came back for."""
    parent = settings.folder("uploads")
    remove_old(parent)
    folder = parent / uuid.uuid4().hex
    folder.mkdir()
    return folder


def remove_old(parent: Path) -> None:
    """An upload is as old as the newest of its folder, parts and manifest; each piece touches the last."""
    newest: dict[str, float] = {}
    for path in parent.iterdir():
        name = path.name.partition(".")[0]
        newest[name] = max(newest.get(name, 0), path.stat().st_mtime)
    for name, changed in newest.items():
        if time.time() - changed > KEPT_DAYS * 86_400:
            remove(name)


def create(project_id: int, files: Sequence[Said]) -> tuple[str, list[Entry]]:
    """A new upload of `files`. Raises Conflict when the disk has no room for them."""
    check_room(files)
    folder = new_folder()
    manifest.create(folder.name, project_id)
    return folder.name, _added(folder.name, files)


def add(upload: str, files: Sequence[Said]) -> list[Entry]:
    """Add files to an upload; those that it has already keep their numbers and what is there of them."""
    has = _manifest(upload)
    known = {entry.said for entry in has.entries.values()}
    check_room([said for said in files if said not in known])
    return _added(upload, files)


def _added(upload: str, files: Sequence[Said]) -> list[Entry]:
    entries = manifest.add(upload, files)
    for entry in entries:
        if not entry.said.size:
            # There will be no piece that could finish it.
            finish(upload, entry)
    return entries


def check_room(files: Sequence[Said]) -> None:
    needed = sum(said.size for said in files)
    free = shutil.disk_usage(settings.folder("uploads")).free
    if needed + SPARE_BYTES > free:
        raise errors.Conflict(
            f"These files need {in_words(needed)}, and the disk with Winnow's data has {in_words(free)} free.",
            "Make room on it, or import the folder by its path: images can stay where they are.",
        )


def get(upload: str) -> Upload:
    """An upload in pieces with what is there of it. Raises NotFound."""
    has = _manifest(upload)
    unmoved = _parts(upload)
    received = sizes(upload, list(has.entries.values()))
    for n, entry in has.entries.items():
        # The app was killed between the last byte and the move.
        if n in unmoved and unmoved[n] == entry.said.size and (upload, n) not in in_use:
            finish(upload, entry)
    return Upload(upload, has, received)


def _manifest(upload: str) -> Manifest:
    _folder(upload)
    has = manifest.read(upload)
    if has is None:
        raise not_there()
    return has


def entries(upload: str, numbers: Sequence[int]) -> list[Entry]:
    """The entries with these numbers. Raises NotFound when the upload or one of them is not there."""
    has = _manifest(upload)
    if not numbers or any(n not in has.entries for n in numbers):
        raise errors.NotFound("The upload has no such file.", "GET the upload to see its files and their numbers.")
    return [has.entries[n] for n in numbers]


def folder_of(name: str) -> Path:
    """The folder of a finished upload. Raises NotFound when it is not there, Conflict while a byte is missing."""
    folder = _folder(name)
    has = manifest.read(name)
    if has is not None and not has.is_whole:
        check_whole(get(name))
        manifest.mark_whole(name, has)
    return folder


def check_whole(upload: Upload) -> None:
    lacking = upload.lacking
    if not lacking:
        return
    said = [
        f'"{entry.said.name}" lacks {in_words(entry.said.size - upload.received[entry.n])}' for entry in lacking[:NAMED]
    ]
    more = len(lacking) - len(said)
    tail = f" and {more:,} more {'file' if more == 1 else 'files'}" if more else ""
    raise errors.Conflict(
        f"The upload is not finished: {', '.join(said)}{tail}.",
        "Send what is missing, or leave these files out.",
    )


def leave_out(upload: str, numbers: Sequence[int]) -> None:
    """Go on without these files."""
    for entry in entries(upload, numbers):
        part_of(upload, entry).unlink(missing_ok=True)
        (_folder(upload) / entry.place).unlink(missing_ok=True)
    manifest.leave_out(upload, numbers)


def parts_folder(upload: str) -> Path:
    return settings.folder("uploads") / f"{upload}.parts"


def part_of(upload: str, entry: Entry) -> Path:
    return parts_folder(upload) / str(entry.n)


def _parts(upload: str) -> dict[int, int]:
    """Bytes in each part, by the number of its file."""
    try:
        with os.scandir(parts_folder(upload)) as parts:
            return {int(part.name): part.stat().st_size for part in parts}
    except FileNotFoundError:
        return {}


def sizes(upload: str, entries: Sequence[Entry]) -> dict[int, int]:
    """Bytes of each file that are on the disk, by number."""
    parts = _parts(upload)
    # As a string: paths are slow where there are 100,000 of them.
    folder = str(settings.folder("uploads") / upload)
    return {
        entry.n: entry.said.size if os.path.isfile(f"{folder}/{entry.place}") else parts.get(entry.n, 0)  # noqa: PTH113
        for entry in entries
    }


def arrived(upload: str, entry: Entry) -> int:
    """Bytes of one file that are on the disk."""
    if (settings.folder("uploads") / upload / entry.place).is_file():
        return entry.said.size
    try:
        return part_of(upload, entry).stat().st_size
    except FileNotFoundError:
        return 0


def finish(upload: str, entry: Entry) -> None:
    """Move a whole file to its place."""
    parent = settings.folder("uploads")
    part, place = parent / f"{upload}.parts" / str(entry.n), parent / upload / entry.place
    try:
        if entry.said.size:
            part.replace(place)
        else:
            place.touch()
    except FileNotFoundError:
        if not place.parent.is_dir():
            _folder(upload)
            place.parent.mkdir(parents=True, exist_ok=True)
            finish(upload, entry)
        elif not place.is_file():
            # Left out or removed while its last bytes came.
            raise not_there() from None


def place_for(folder: Path, name: str) -> Path:
    """A free path in `folder` for a file that a stranger calls `name`. Its folders are kept: they may name classes."""
    taken = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return made(folder, Places(place.casefold() for place in taken).free(name))


def made(folder: Path, place: str) -> Path:
    """The path of a place in `folder`, with the folders above it."""
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def remove(name: str) -> None:
    """The manifest goes last: without its folder it says nothing, but the folder without it would look whole."""
    parent = settings.folder("uploads")
    shutil.rmtree(parent / f"{name}.parts", ignore_errors=True)
    shutil.rmtree(parent / name, ignore_errors=True)
    manifest.path_of(name).unlink(missing_ok=True)


def _folder(name: str) -> Path:
    path = settings.folder("uploads") / name
    # A name of another length is none of ours, and may be longer than the file system bears.
    if len(name) != ID_LENGTH or not name.isalnum() or not path.is_dir():
        raise not_there()
    return path


def not_there() -> errors.NotFound:
    return errors.NotFound("The uploaded files are not there any more.", "Upload them again.")


def in_words(size_bytes: int) -> str:
    """ "2.1 GB", "1 byte" """
    if size_bytes < 1000:
        return "1 byte" if size_bytes == 1 else f"{size_bytes} bytes"
    for unit, power in (("KB", 3), ("MB", 6)):
        if size_bytes < 999.95 * 10**power:
            return f"{size_bytes / 10**power:.1f} {unit}"
    return f"{size_bytes / 10**9:,.1f} GB"
