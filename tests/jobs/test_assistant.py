"""The warm process, for real."""

import os
import signal
from pathlib import Path

import pytest

from backend import errors
from backend.jobs import ask
from tests.waiting import until


def test_it_answers_and_stays_warm(home: Path) -> None:
    assert ask.now("warm", timeout_s=120)["torch"].startswith("2.")
    first = ask._line
    assert ask.now("warm", timeout_s=5)
    assert ask._line is first


def test_an_unknown_task_is_an_error_not_a_hang(home: Path) -> None:
    with pytest.raises(errors.WinnowError, match="KeyError"):
        ask.now("nonsense", timeout_s=30)


def test_a_killed_assistant_says_so_and_starts_anew(home: Path) -> None:
    ask.now("warm", timeout_s=120)
    line = ask._line
    assert line
    os.kill(line.process.pid, signal.SIGSTOP)
    waiting = ask.later("warm")
    os.kill(line.process.pid, signal.SIGKILL)
    assert waiting.result(timeout=30)["error"]["code"] == "unavailable"
    until(lambda: line.process.poll() is not None)
    assert ask.now("warm", timeout_s=120)
