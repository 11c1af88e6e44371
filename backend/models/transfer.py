"""Bring one file of the hub into the Hugging Face cache, and go on where an earlier attempt was stopped or killed.

Not huggingface_hub's own download: since 2.0 it throws the part away when it ends (huggingface_hub pull request 4228),
and some gigabytes would begin anew. The files lie where it expects them, so that every program shares them.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from backend import errors

# In a row without a byte; the waits between them double.
ATTEMPTS, FIRST_WAIT_S = 4, 0.5
PIECE_BYTES = 1 << 20
# What a full disk would make fail beside this: the database, logs.
SPARE_BYTES = 200_000_000
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def bring(url: str, blob: Path, size_bytes: int, sha: str, say: Callable[[int], None]) -> None:
    """Make `blob` hold what is at `url`. `say` is told how many bytes are here, and may raise to end it.

    sha: SHA-256 in 64 digits, or Git's SHA-1 of a blob in 40. What has come stays in BLOB.incomplete until it is whole.
    Raises BadFile when it is another file than promised, and what the HTTP client raises.
    """
    part = blob.with_name(f"{blob.name}.incomplete")
    blob.parent.mkdir(parents=True, exist_ok=True)
    with alone(part):
        if blob.is_file():
            return
        with part.open("ab") as file:
            _append(url, file, size_bytes, say)
            file.flush()
            os.fsync(file.fileno())
        if part.stat().st_size != size_bytes or checksum(part, sha) != sha:
            # Nothing in it can be trusted: the next attempt fetches it anew.
            part.unlink()
            raise errors.BadFile("A file arrived damaged: its checksum is not the hub's.", "Resume to fetch it again.")
        part.replace(blob)


@contextmanager
def alone(part: Path) -> Iterator[None]:
    """Hold the file for this process: two that append to one part would spoil it. Raises Conflict."""
    from filelock import FileLock, Timeout

    lock = FileLock(f"{part}.lock", timeout=1)
    try:
        with lock:
            yield
    except Timeout as error:
        raise errors.Conflict("Another process is fetching the same file.", "Resume when it has ended.") from error


def checksum(path: Path, sha: str) -> str:
    """The file's checksum of the kind that `sha` is of."""
    with path.open("rb") as file:
        if len(sha) == 64:
            return hashlib.file_digest(file, "sha256").hexdigest()
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def check_room(folder: Path, needed_bytes: int, size_words: Callable[[int], str]) -> None:
    """Raise Unavailable unless the folder's disk has room for so much."""
    import shutil

    folder.mkdir(parents=True, exist_ok=True)
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes and free_bytes < needed_bytes + SPARE_BYTES:
        raise errors.Unavailable(
            f"There is no room for {size_words(needed_bytes)}: the disk of {folder} has {size_words(free_bytes)} free.",
            "Free some, or start Winnow with HF_HOME on a larger disk.",
        )


def here_bytes(blobs: Any) -> int:
    parts = [each for blob in blobs for each in (blob, blob.with_name(f"{blob.name}.incomplete")) if each.is_file()]
    return sum(each.stat().st_size for each in parts)


def sha_of(file: Any) -> str:
    """The file's checksum by the hub, which names it in the cache too: SHA-256 of large files, Git's of others."""
    sha = str(file.lfs.sha256 if file.lfs else file.blob_id)
    if not SHA.fullmatch(sha):
        raise errors.BadFile(f"The hub gives no checksum for {file.path}.", "Name a local folder instead.")
    return sha


def link(place: Path, blob: Path) -> None:
    """Put the file into its snapshot, as huggingface_hub does: a relative link, or where there are none the file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_file():
        return
    place.unlink(missing_ok=True)
    try:
        place.symlink_to(os.path.relpath(blob, place.parent))
    except OSError:
        os.link(blob, place)


def _append(url: str, file: BinaryIO, size_bytes: int, say: Callable[[int], None]) -> None:
    """Add what is missing, with a few more attempts when the line breaks."""
    from huggingface_hub.utils import httpx

    failures = 0
    while (here := file.seek(0, os.SEEK_END)) < size_bytes:
        say(here)
        try:
            _stream(url, file, here, size_bytes, say)
            broken: Exception = ConnectionError("the transfer ended early")
        except (httpx.TransportError, ConnectionError) as error:
            broken = error
        came = file.seek(0, os.SEEK_END)
        failures = 0 if came > here else failures + 1
        if came < size_bytes and failures == ATTEMPTS:
            raise broken
        if came < size_bytes and failures:
            time.sleep(FIRST_WAIT_S * 2**failures)


def _stream(url: str, file: BinaryIO, here: int, size_bytes: int, say: Callable[[int], None]) -> None:
    from huggingface_hub import get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    # Compressed on the way, the bytes would not be those that are counted.
    headers: dict[str, Any] = build_hf_headers() | {"Accept-Encoding": "identity"}
    if here:
        headers["Range"] = f"bytes={here}-"
    with get_session().stream("GET", url, headers=headers) as answer:
        if answer.status_code >= 400:
            answer.read()
        hf_raise_for_status(answer)
        if here and answer.status_code != 206:
            # It sends the whole file again.
            file.truncate(0)
            here = 0
        for piece in answer.iter_raw():
            if here + len(piece) > size_bytes:
                raise errors.BadFile("The hub sent more than it said.", "Resume, or name a local folder.")
            file.write(piece)
            here += len(piece)
            say(here)
