"""Wait for a state, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")


def until(look: Callable[[], Seen], timeout_s: float = 60.0, every_s: float = 0.05) -> Seen:
    """Call `look` until it returns something true, and return that. Fails the test after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {look}"
        # A poll interval; what is waited for is the state.
        time.sleep(every_s)
