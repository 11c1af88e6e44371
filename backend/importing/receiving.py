"""The bytes of an upload's files, as they come, onto the disk."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from backend import errors
from backend.importing import manifest, uploads
from backend.importing.manifest import Entry


class Elsewhere(errors.Conflict):
    """The piece does not begin where the file ends. `received` is where it does."""

    code = "wrong_offset"

    def __init__(self, message: str, hint: str, received: int) -> None:
        super().__init__(message, hint)
        self.received = received


class Busy(Elsewhere):
    code = "busy"


@contextmanager
def held(upload: str, entries: Sequence[Entry]) -> Iterator[None]:
    """Nobody else writes to these files meanwhile. Raises Busy when somebody does, such as another tab.

    Belongs on the event loop's thread, where nothing comes between the look and the taking.
    """
    wanted = {(upload, entry.n) for entry in entries}
    if wanted & uploads.in_use:
        received = uploads.arrived(upload, entries[0])
        raise Busy("Another request is sending this file just now.", "Ask what is there in a moment.", received)
    uploads.in_use.update(wanted)
    try:
        yield
    finally:
        uploads.in_use.difference_update(wanted)


class Receiver:
    """Writes to the files of `pieces`, one after the other, what comes in one stream.

    pieces: a file, and the byte of it that comes first. length: bytes that are announced, None when nobody says.
    Raises Invalid for more bytes than the files have; what came of this piece is then forgotten.
    """

    def __init__(self, upload: str, pieces: Sequence[tuple[Entry, int]], length: int | None) -> None:
        self.upload = upload
        self.last = pieces[-1][0]
        self.waiting = [(entry, start) for entry, start in pieces if start < entry.said.size]
        if length is not None and length > sum(entry.said.size - start for entry, start in self.waiting):
            raise too_long(self.last)
        self.file: IO[bytes] | None = None
        self.entry, self.start = pieces[0]
        self.missing = 0
        self.parts = uploads.parts_folder(upload)
        self.parts.mkdir(exist_ok=True)
        manifest.path_of(upload).touch()

    def write(self, block: bytes) -> None:
        view = memoryview(block)
        try:
            while view:
                if not self.missing:
                    self._next()
                assert self.file is not None
                written = self.file.write(view[: self.missing])
                self.missing -= written
                view = view[written:]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise errors.Conflict("The disk with Winnow's data is full.", "Make room on it, then go on.") from None

    def _next(self) -> None:
        if not self.waiting:
            self._forget()
            raise too_long(self.last)
        self.close()
        self.entry, self.start = self.waiting.pop(0)
        self.file = (self.parts / str(self.entry.n)).open("ab", buffering=0)
        self.file.truncate(self.start)
        self.missing = self.entry.said.size - self.start

    def _forget(self) -> None:
        if self.file is not None:
            self.file.truncate(self.start)
            self.file.close()
            self.file = None

    def close(self) -> None:
        """What has come stays, and a file that is whole moves to its place."""
        if self.file is None:
            return
        self.file.close()
        self.file = None
        if not self.missing:
            uploads.finish(self.upload, self.entry)


def piece(upload: str, entry: Entry, offset: int, length: int | None) -> Receiver:
    """A receiver of the piece at `offset` of one file. Raises Elsewhere when the file does not end there."""
    received = uploads.arrived(upload, entry)
    if offset != received:
        raise Elsewhere(
            f"{received:,} bytes are there, so the next piece begins there and not at {offset:,}.",
            "Go on from where the file ends.",
            received,
        )
    return Receiver(upload, [(entry, offset)], length)


def whole(upload: str, entries: Sequence[Entry], length: int | None) -> Receiver:
    """A receiver of whole files, one after the other."""
    return Receiver(upload, [(entry, 0) for entry in entries], length)


def too_long(entry: Entry) -> errors.Invalid:
    return errors.Invalid(
        f'More bytes came than "{entry.said.name}" was said to have ({entry.said.size:,}).',
        "It has changed since: begin a new upload with it.",
    )
