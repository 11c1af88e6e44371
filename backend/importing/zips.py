"""Zips: their entries are read where they are and never written to the disk under a name from the archive."""

import stat
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO

from backend import errors
from backend.importing import archives
from backend.importing.archives import Entry

MAGIC = b"PK\x03\x04"


def entries(path: Path, name: str) -> Iterator[Entry]:
    """All files in it, in its order. Raises BadFile when the archive as a whole is broken or hostile."""
    for number, info in enumerate(_infos(path, name)):
        # zipfile's own is_dir() fails for a name without a letter.
        if not info.filename.endswith("/"):
            yield Entry(info.filename, info.file_size, number, reason=_why_not(info))


def opened(path: Path, number: int) -> IO[bytes]:
    archive = _archive(path)
    return archive.open(archive.infolist()[number])


def _infos(path: Path, name: str) -> list[zipfile.ZipInfo]:
    try:
        infos = _archive(path).infolist()
    except archives.UNREADABLE as error:
        raise errors.BadFile(
            f'The archive "{name}" cannot be opened: {error}.', "Make the zip again, or copy it here once more."
        ) from None
    unpacked = sum(info.file_size for info in infos)
    is_bomb = archives.is_too_much(unpacked, path.stat().st_size)
    if is_bomb or unpacked > archives.MAX_UNPACKED_BYTES or len(infos) > archives.MAX_ENTRIES:
        raise archives.attack(name, f"would unpack to {unpacked / 1e9:,.1f} GB in {len(infos):,} files")
    return infos


def _why_not(info: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return archives.LINK
    if info.flag_bits & 1:
        return "It is locked with a password. Unpack it first."
    if archives.is_archive(info.filename):
        return "It is an archive in an archive. Unpack it first."
    if archives.is_too_much(info.file_size, info.compress_size):
        return f"It would unpack to {info.file_size / 1e6:,.0f} MB, which looks like an attack."
    return ""


def _archive(path: Path) -> zipfile.ZipFile:
    state = path.stat()
    return _kept_open(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _kept_open(path: Path, _changed_ns: int, _size_bytes: int) -> zipfile.ZipFile:
    """Kept open: an archive of 100,000 images is then listed once, not once an image."""
    return zipfile.ZipFile(path)
