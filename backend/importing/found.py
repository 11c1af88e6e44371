"""The files that an import reads: one file, a folder with all below it, or what is inside a zip.

Entries of a zip are read where they are and never written to the disk under a name from the archive.
Files come in one order that is the same at every walk, so that a resumed import knows what it has done.
"""

import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

from backend import errors

# What systems leave behind in folders and archives; nobody means to import it.
LITTER = {"thumbs.db", "desktop.ini", "__macosx"}
# Real archives of text reach a ratio of about 20, of logs 100. A bomb has 1,000 and more.
MAX_RATIO = 200
RATIO_MATTERS_ABOVE_BYTES = 50_000_000
# What reading a file, or an entry of a damaged zip, can raise.
UNREADABLE = (OSError, RuntimeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
MAX_ENTRIES = 5_000_000
MAX_UNPACKED_BYTES = 1 << 40


@dataclass(frozen=True, slots=True)
class File:
    """A file on the disk, or entry number `entry` of the zip at `path`. `name` is what a person sees."""

    name: str
    path: Path
    size_bytes: int
    key: tuple[str, ...]
    entry: int | None = None

    def open(self) -> IO[bytes]:
        """Opening and reading raise one of UNREADABLE."""
        if self.entry is None:
            return self.path.open("rb")
        archive = _archive(self.path)
        return archive.open(archive.infolist()[self.entry])

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @property
    def folder(self) -> str:
        """The name of the folder the file is in; empty at the top of an upload, a local folder or an archive."""
        parent = PurePosixPath(self.name).parent.name
        return "" if self.entry is not None and parent == self.path.name else parent


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that is there but cannot be read, with the reason."""

    name: str
    reason: str
    key: tuple[str, ...]


def walk(path: Path) -> Iterator[File | Unusable]:
    """Every file at or below `path` in a fixed order, entries of zips among them. Hidden files are passed over."""
    if path.is_file():
        yield from _opened(File(path.name, path, path.stat().st_size, (path.name,)))
        return
    for entry, parts in _below(path, ()):
        try:
            size_bytes = entry.stat().st_size
        except OSError as error:
            yield Unusable("/".join(parts), f"It cannot be read: {error.strerror}.", parts)
            continue
        yield from _opened(File("/".join(parts), Path(entry.path), size_bytes, parts))


def _below(folder: Path, above: tuple[str, ...]) -> Iterator[tuple["os.DirEntry[str]", tuple[str, ...]]]:
    with os.scandir(folder) as entries:
        listed = sorted((entry for entry in entries if not is_litter(entry.name)), key=lambda entry: entry.name)
    for entry in listed:
        parts = (*above, entry.name)
        # Links to folders are not followed: they can lead round in a circle.
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), parts)
        elif entry.is_file():
            yield entry, parts


def is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in LITTER


def _opened(file: File) -> Iterator[File | Unusable]:
    if file.suffix != ".zip" and not (file.suffix == "" and _is_zip(file)):
        yield file
        return
    try:
        yield from entries_of(file)
    except errors.BadFile as error:
        yield Unusable(file.name, f"{error.message} {error.hint}", file.key)


def _is_zip(file: File) -> bool:
    try:
        with file.open() as stream:
            return stream.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def entries_of(file: File) -> Iterator[File | Unusable]:
    """The files in a zip. Raises BadFile when the archive as a whole is broken or hostile."""
    infos = _infos(file)
    for number, info in enumerate(infos):
        parts = safe_parts(info.filename)
        if info.is_dir() or not parts or any(is_litter(part) for part in parts):
            continue
        name = "/".join(parts)
        # Zero-padded, so that sorted keys are in the order of the archive.
        key = (*file.key, f"{number:09}")
        reason = _why_not(info)
        if reason:
            yield Unusable(f"{file.name}: {name}", reason, key)
        else:
            yield File(f"{file.name}/{name}", file.path, info.file_size, key, entry=number)


def _infos(file: File) -> list[zipfile.ZipInfo]:
    try:
        infos = _archive(file.path).infolist()
    except UNREADABLE as error:
        raise errors.BadFile(
            f'The archive "{file.name}" cannot be opened: {error}.', "Make the zip again, or copy it here once more."
        ) from None
    unpacked = sum(info.file_size for info in infos)
    is_bomb = unpacked > RATIO_MATTERS_ABOVE_BYTES and unpacked > MAX_RATIO * max(1, file.path.stat().st_size)
    if is_bomb or unpacked > MAX_UNPACKED_BYTES or len(infos) > MAX_ENTRIES:
        raise errors.BadFile(
            f'The archive "{file.name}" would unpack to {unpacked / 1e9:,.1f} GB in {len(infos):,} files, '
            "which looks like an attack.",
            "Unpack it yourself if you trust it, and name the folder.",
        )
    return infos


def _why_not(info: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "It is a link, and links in an archive are not followed."
    if info.flag_bits & 1:
        return "It is locked with a password. Unpack it first."
    if info.filename.lower().endswith(".zip"):
        return "It is an archive in an archive. Unpack it first."
    if info.file_size > RATIO_MATTERS_ABOVE_BYTES and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return f"It would unpack to {info.file_size / 1e6:,.0f} MB, which looks like an attack."
    return ""


def safe_parts(name: str) -> tuple[str, ...]:
    """A path from a stranger as harmless parts: nothing absolute, no way up, no control characters."""
    parts = name.replace("\\", "/").split("/")
    cleaned = ("".join(letter for letter in part if letter.isprintable()).strip() for part in parts)
    return tuple(part for part in cleaned if part not in ("", ".", "..") and not part.endswith(":"))


def _archive(path: Path) -> zipfile.ZipFile:
    state = path.stat()
    return _kept_open(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _kept_open(path: Path, _changed_ns: int, _size_bytes: int) -> zipfile.ZipFile:
    """Kept open: an archive of 100,000 images is then listed once, not once an image."""
    return zipfile.ZipFile(path)
