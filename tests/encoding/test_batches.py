"""Batch sizes: they grow while that pays, and shrink when the memory does not hold them. The model is a fake."""

from collections.abc import Callable

import pytest

from backend.encoding import batches

Work = Callable[[list[int]], list[int]]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds, as the fakes count them."""
    now = [0.0]
    monkeypatch.setattr(batches.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(batches, "_sizes", {})
    return now


def sizes(rows: int, work: Work, *, length: int = 1, start: int = 2) -> list[int]:
    """How many rows each batch had; all rows come, once and in order."""
    made = list(batches.of("fake", range(rows), [length] * rows, work, start))
    assert [row for batch, _ in made for row in batch] == list(range(rows))
    assert all(batch == found for batch, found in made)
    return [len(batch) for batch, _ in made]


def a_model(clock: list[float], *, fastest: int = 1_000_000, holds: int = 1_000_000, error: Exception) -> Work:
    """Larger batches are faster up to `fastest` rows; more than `holds` raise the error."""

    def work(rows: list[int]) -> list[int]:
        if len(rows) > holds:
            raise error
        clock[0] += max(1.0, len(rows) / fastest)
        return rows

    return work


class OutOfMemoryError(RuntimeError):
    """As torch names its own."""


ERRORS = [
    OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried ..."),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 80000000000 bytes."),
    RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
    MemoryError(),
]


def test_a_batch_doubles_while_that_brings_more_rows_a_second(clock: list[float]) -> None:
    found = sizes(100, a_model(clock, fastest=8, error=ERRORS[0]))
    assert found[:3] == [2, 4, 8]
    # Twice sixteen was no faster than eight.
    assert found[3:] == [16, 16, 8, 8, 8, 8, 8, 8, 6]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__} {error}"[:40])
def test_out_of_memory_halves_the_batch_and_loses_no_row(clock: list[float], error: Exception) -> None:
    found = sizes(100, a_model(clock, holds=20, error=error))
    assert found == [2, 4, 8, 16, 16, 16, 16, 16, 6]


def test_what_was_found_holds_for_the_next_call(clock: list[float]) -> None:
    work = a_model(clock, holds=20, error=ERRORS[0])
    sizes(100, work)
    assert sizes(40, work) == [16, 16, 8]


def test_a_first_batch_that_does_not_fit_is_halved_until_it_does(clock: list[float]) -> None:
    assert sizes(6, a_model(clock, holds=1, error=ERRORS[0]), start=64) == [1] * 6


def test_a_single_row_that_does_not_fit_is_an_error(clock: list[float]) -> None:
    with pytest.raises(OutOfMemoryError):
        sizes(4, a_model(clock, holds=0, error=ERRORS[0]))


def test_another_error_is_not_taken_for_a_lack_of_memory(clock: list[float]) -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        sizes(4, a_model(clock, holds=0, error=RuntimeError("mat1 and mat2 shapes cannot be multiplied")))


def test_a_batch_of_texts_is_bounded_by_its_padded_tokens() -> None:
    lengths = [50, 40, 10, 9, 8, 1]
    made = [batch for batch, _ in batches.of("fake", range(6), lengths, lambda rows: rows, 40)]
    # The first is alone, for it is longer than a batch.
    assert made[0] == [0]
    assert all(len(batch) * lengths[batch[0]] <= 160 for batch in made)
    assert [row for batch in made for row in batch] == list(range(6))
