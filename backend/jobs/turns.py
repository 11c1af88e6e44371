"""Work in the assistant that nobody holds their breath for: it lets go first what a person waits for, and ends early
when a newer question has taken its place.

Such work is done in pieces of some hundredths of a second and calls `check` between them.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from backend import errors

# Somebody may wait for something all the time: the work then goes on all the same, slowly.
LONGEST_S = 2.0
_numbers = itertools.count(1)
_newest: dict[str, int] = {}
_waiting = 0
_changed = threading.Condition()


@dataclass(frozen=True)
class Turn:
    """One question about a subject, such as the damage in project 3. A higher number is a newer one."""

    subject: str
    number: int

    def check(self) -> None:
        """Wait while a person waits for something else. Raises Conflict once there is a newer question."""
        with _changed:
            _changed.wait_for(lambda: not _waiting or not self._is_newest(), timeout=LONGEST_S)
            if not self._is_newest():
                raise errors.Conflict("A newer question took the place of this one.", "Its answer is the one to show.")

    def _is_newest(self) -> bool:
        return _newest[self.subject] == self.number


def begin(subject: str) -> Turn:
    """The newest question about this subject: older ones end at their next check."""
    with _changed:
        turn = Turn(subject, next(_numbers))
        _newest[subject] = turn.number
        _changed.notify_all()
    return turn


@contextmanager
def first() -> Iterator[None]:
    """A person waits for what is done in here."""
    global _waiting  # noqa: PLW0603 - one count a process
    with _changed:
        _waiting += 1
    try:
        yield
    finally:
        with _changed:
            _waiting -= 1
            _changed.notify_all()
