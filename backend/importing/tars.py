"""Tars, plain and packed with gzip, bzip2 or xz. Nothing is written to the disk under a name from the archive.

A plain tar is read at any place. A packed one can only be read from its start: it is unpacked once to list it, and once
more while its entries are read in their order; one entry at a time is kept, so that it can be looked at more than once.
"""

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from backend import errors
from backend.importing import archives
from backend.importing.archives import Entry

SUFFIXES = (".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
PACKED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))
# Names and other headers are read whole: nobody has one as long as this.
HEADER_BYTES = 1 << 20
SPOOLED_BYTES = 8 << 20
COPY_BYTES = 1 << 18
ENDS = "The archive is damaged from here on: {}. Files behind this place are not read."


class Guarded(io.RawIOBase):
    """An unpacked stream that refuses to go on behind what the archive can honestly unpack to."""

    def __init__(self, stream: IO[bytes], name: str, packed_bytes: int) -> None:
        self.stream, self.name, self.packed_bytes = stream, name, packed_bytes
        self.is_bomb = False

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {size / 1e6:,.0f} MB")
        self._check(self.stream.tell() + size)
        return self.stream.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        self._check(place)
        return self.stream.seek(place, whence)

    def tell(self) -> int:
        return self.stream.tell()

    def _check(self, place: int) -> None:
        if archives.is_too_much(place, self.packed_bytes) or place > archives.MAX_UNPACKED_BYTES:
            self.is_bomb = True
            raise tarfile.ReadError("it unpacks to too much")


def is_tar(head: bytes) -> bool:
    """By the first 512 bytes of a file, unpacked."""
    return head[257:262] == b"ustar"


def entries(path: Path, name: str) -> Iterator[Entry]:
    """All files in it, in its order. Raises BadFile when it is no tar, or would unpack to far more than it is."""
    state = path.stat()
    found, is_bomb = _listed(path, state.st_mtime_ns, state.st_size)
    if is_bomb or len(found) > archives.MAX_ENTRIES:
        raise archives.attack(name, f"would unpack to more than {archives.MAX_RATIO} times its size")
    if len(found) == 1 and found[0].reason and not found[0].name:
        raise errors.BadFile(
            f'The archive "{name}" cannot be opened: {found[0].reason}', "Make it again, or copy it here once more."
        )
    return iter(found)


@lru_cache(maxsize=2)
def _listed(path: Path, _changed_ns: int, size_bytes: int) -> tuple[tuple[Entry, ...], bool]:
    found: list[Entry] = []
    with _unpacked(path) as stream:
        guarded = Guarded(stream, path.name, size_bytes)
        try:
            archive: Any = tarfile.TarFile(fileobj=guarded, mode="r")
            while (info := archive.next()) is not None and len(found) <= archives.MAX_ENTRIES:
                # It would otherwise keep every header.
                archive.members = []
                if not info.isdir():
                    found.append(Entry(info.name, info.size, len(found), info.offset_data, _why_not(info)))
        except archives.UNREADABLE as error:
            found.append(Entry("", 0, len(found), None, ENDS.format(error)))
    return tuple(found), guarded.is_bomb


def _why_not(info: tarfile.TarInfo) -> str:
    if info.islnk() or info.issym():
        return archives.LINK
    if not info.isreg():
        return "It is a device or a pipe, and no file."
    if info.issparse():
        return "It is a file with holes, as few programs write them. Unpack it first."
    if archives.is_archive(info.name):
        return "It is an archive in an archive. Unpack it first."
    return ""


def _unpacked(path: Path) -> Any:
    with path.open("rb") as stream:
        head = stream.read(8)
    unpack: Any = next((each for magic, each in PACKED if head.startswith(magic)), None)
    return unpack(path, "rb") if unpack else path.open("rb")


def is_packed(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(8)
    return any(head.startswith(magic) for magic, _ in PACKED)


class Part(io.RawIOBase):
    """`size` bytes of a plain file from `start` on, as a file of its own."""

    def __init__(self, stream: IO[bytes], start: int, size: int) -> None:
        self.stream, self.start, self.size = stream, start, size
        stream.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.stream.tell() - self.start

    def seek(self, place: int, whence: int = 0) -> int:
        base = (0, self.tell(), self.size)[whence]
        return self.stream.seek(self.start + max(0, base + place)) - self.start

    def readinto(self, buffer: Any) -> int:
        data = self.stream.read(max(0, min(len(buffer), self.size - self.tell())))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self.stream.close()
        super().close()


def opened(path: Path, offset: int, size: int) -> IO[bytes]:
    """One entry. Raises one of archives.UNREADABLE."""
    if not is_packed(path):
        part: Any = Part(path.open("rb"), offset, size)
        return io.BufferedReader(part)
    copy = _copied(path, path.stat().st_mtime_ns, offset, size)
    copy.seek(0)
    return Shared(copy)


class Shared(io.BufferedReader):
    """The copy of an entry. Closing it leaves the copy open for who opens it next."""

    def close(self) -> None:
        self.flush()


@lru_cache(maxsize=1)
def _stream(path: Path, _changed_ns: int) -> Any:
    return _unpacked(path)


@lru_cache(maxsize=1)
def _copied(path: Path, changed_ns: int, offset: int, size: int) -> Any:
    stream = _stream(path, changed_ns)
    # Forward it reads on; backward it begins anew.
    stream.seek(offset)
    copy = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115
    left = size
    while left:
        block = stream.read(min(COPY_BYTES, left))
        if not block:
            raise EOFError("the archive ends in the middle of it")
        copy.write(block)
        left -= len(block)
    return copy
