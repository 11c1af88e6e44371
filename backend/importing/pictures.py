"""One image into the house: read, checked by decoding it, stored by its hash, its thumbnail made.

Runs in processes of a pool; knows nothing of the database.
"""

from typing import NamedTuple

from backend import blobs, errors, frames, thumbs
from backend.importing.found import UNREADABLE, File
from backend.importing.rows import Found, Rejection, Row, Step

IMAGE_BYTES = 500_000_000


class Picture(NamedTuple):
    row: Row
    content_hash: bytes
    media_type: str
    width: int
    height: int
    frames: int


def prepare(steps: list[Step], *, is_reference: bool = False) -> list[Found | Picture]:
    """Each step's image stored and measured, or the reason why not. What is no row goes through as it is.

    is_reference: images in files of their own stay where they are; only where they lie is remembered.
    """
    return [_prepare(step.found, is_reference) if isinstance(step.found, Row) else step.found for step in steps]


def _prepare(row: Row, is_reference: bool) -> Picture | Rejection:
    try:
        is_in_place = is_reference and row.file is not None and not row.file.is_in_archive
        state = _state(row.file) if is_in_place else None
        data = row.data if row.data is not None else _read(row.file)
        decoded = thumbs.decode(data, draft=thumbs.GRID_SIZE)
        # The bytes before the row that speaks of them: an item without its image must never show.
        content_hash = blobs.refer(row.file.path, data, state) if row.file and state else blobs.put(data)
    except errors.BadFile as error:
        return Rejection(row.source, f"{error.message} {error.hint}".strip())
    size = thumbs.GRID_SIZE if max(decoded.width, decoded.height) > thumbs.GRID_SIZE else None
    if thumbs.cached(content_hash, size) is None:
        thumbs.keep(content_hash, decoded.image, size)
    return Picture(
        row._replace(data=None, file=None),
        content_hash,
        decoded.media_type,
        decoded.width,
        decoded.height,
        frames.count(data),
    )


def _state(file: File | None) -> blobs.State | None:
    """None for a file that cannot be looked at; reading it then says why."""
    try:
        return blobs.state_of(file.path) if file else None
    except OSError:
        return None


def _read(file: File | None) -> bytes:
    assert file is not None
    if file.size_bytes > IMAGE_BYTES:
        raise errors.BadFile(f"The file has {file.size_bytes / 1e6:,.0f} MB.", "Make it smaller.")
    try:
        with file.open() as stream:
            data = stream.read(IMAGE_BYTES)
    except FileNotFoundError:
        raise errors.BadFile("The file is gone.", "It was there when the import began.") from None
    except UNREADABLE as error:
        raise errors.BadFile(f"The file cannot be read: {error}.", "") from None
    if not data:
        raise errors.BadFile("The file is empty.", "")
    return data


def given_up(step: Step) -> Found | Picture:
    """What stands for a step whose image ended the process that read it."""
    if isinstance(step.found, Row):
        return Rejection(step.found.source, "The image is broken in a way that crashes the decoder. Save it again.")
    return step.found
