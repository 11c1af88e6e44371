"""The original bytes of images, each in one file named by its SHA-256.

A file appears whole or not at all: it is written under another name, fsynced and renamed.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from backend import settings


def path_of(content_hash: bytes) -> Path:
    """Where the blob is, or would be. Two levels of folders keep each folder small."""
    name = content_hash.hex()
    return settings.home() / "blobs" / name[:2] / name


def put(data: bytes) -> bytes:
    """Store `data` unless it is there; return its SHA-256."""
    content_hash = hashlib.sha256(data).digest()
    path = path_of(content_hash)
    if not path.exists():
        write_whole(path, data)
    return content_hash


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
