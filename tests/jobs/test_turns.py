"""Work beside what a person waits for: it lets that go first, and ends for a newer question."""

import threading

import pytest

from backend import errors
from backend.jobs import turns
from tests.waiting import until


def test_a_turn_waits_while_a_person_waits_and_goes_on_afterwards(monkeypatch):
    monkeypatch.setattr(turns, "LONGEST_S", 60.0)
    turn = turns.begin("something")
    happened: list[str] = []

    def work() -> None:
        happened.append("began")
        turn.check()
        happened.append("went on")

    worker = threading.Thread(target=work)
    with turns.first():
        worker.start()
        until(lambda: happened == ["began"])
        happened.append("shown")
    worker.join(timeout=10)
    assert happened == ["began", "shown", "went on"]


def test_a_turn_that_waits_ends_as_soon_as_there_is_a_newer_one():
    older = turns.begin("this")
    turns.begin("another subject")
    older.check()
    turns.begin("this")
    with pytest.raises(errors.Conflict, match="newer question"), turns.first():
        older.check()
