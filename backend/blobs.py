"""The original bytes of images, each in one file named by its SHA-256.

A file appears whole or not at all: it is written under another name, fsynced and renamed. An image that was imported
by reference stays where its owner has it: here is a link to it, and beside the link what its size and time of change
were. When these differ it is another picture now, and counts as gone.
"""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from backend import errors, settings


class State(NamedTuple):
    """By what a change of a file is noticed."""

    size_bytes: int
    changed_ns: int


def path_of(content_hash: bytes) -> Path:
    """Where the blob can be read; a path with nothing there when it is gone, or an original that was changed."""
    path = place_of(content_hash)
    if not path.is_symlink() or _is_unchanged(path):
        return path
    return path.with_name(f"{path.name}.gone")


def place_of(content_hash: bytes) -> Path:
    """Where the blob is, or would be. Two levels of folders keep each folder small."""
    name = content_hash.hex()
    return settings.home() / "blobs" / name[:2] / name


def read(content_hash: bytes) -> bytes:
    """The bytes, and of an original that stayed where it was never others. Raises NotFound."""
    path = path_of(content_hash)
    try:
        data = path.read_bytes()
    except OSError:
        raise errors.NotFound(*why_gone(path)) from None
    if path.is_symlink() and hashlib.sha256(data).digest() != content_hash:
        raise errors.NotFound(*why_gone(path.with_name(f"{path.name}.gone")))
    return data


def put(data: bytes) -> bytes:
    """Store `data` unless it is there; return its SHA-256. A link to somebody's own file is replaced by the bytes."""
    content_hash = hashlib.sha256(data).digest()
    path = place_of(content_hash)
    if path.is_symlink() or not path.exists():
        write_whole(path, data)
        _note(path).unlink(missing_ok=True)
    return content_hash


def state_of(original: Path) -> State:
    found = original.stat()
    return State(found.st_size, found.st_mtime_ns)


def refer(original: Path, data: bytes, state: State) -> bytes:
    """Remember where `data` lies instead of storing it; return its SHA-256.

    original: an absolute path. state: the file's before it was read, so that a change from then on is noticed.
    Where there are no links, and for files below Winnow's own folder, the bytes are stored.
    """
    if original.is_relative_to(settings.home()):
        return put(data)
    content_hash = hashlib.sha256(data).digest()
    path = place_of(content_hash)
    if path_of(content_hash).exists():
        return content_hash
    # What is remembered first: a link without it counts as gone.
    write_whole(_note(path), f"{state.size_bytes} {state.changed_ns}".encode())
    temporary = path.with_name(f".new-{os.getpid()}-{path.name}")
    try:
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(original)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError:
        return put(data)
    finally:
        temporary.unlink(missing_ok=True)
    return content_hash


def remove(content_hash: bytes) -> None:
    """Take the blob away; of one that stayed where it was only the link, never the original."""
    path = place_of(content_hash)
    path.unlink(missing_ok=True)
    _note(path).unlink(missing_ok=True)


def why_gone(path: Path) -> tuple[str, str]:
    """What a person should know of a blob that is not at the path that `path_of` gave: what happened, what to do."""
    link = path.with_name(path.name.removesuffix(".gone"))
    if not link.is_symlink():
        return "The file of this image is no longer there.", "Import it again."
    original = link.readlink()
    if not original.exists():
        return (
            f'"{original}" is gone; the image was left there when it was imported.',
            "Put it back, or import the image again from where it is now.",
        )
    return (
        f'"{original}" was changed since it was imported, and is not shown as what it was.',
        "Put the old file back, or import the new one and delete this item.",
    )


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.state")


def _is_unchanged(link: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        size_bytes, changed_ns = _note(link).read_text().split()
        return state_of(link) == State(int(size_bytes), int(changed_ns))
    return False


def write_whole(path: Path, data: bytes, *, is_durable: bool = True) -> None:
    """Write a file so that after a crash it is either all there or not there.

    Without `is_durable` this holds for a crash of the process, not of the machine: enough for what can be made again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        Path(temporary).replace(path)
        if is_durable:
            _sync_folder(path.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the new name durable too. Windows cannot open folders, and does this by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
