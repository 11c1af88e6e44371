"""The vector cache: what is put in comes out, whatever happened to the file in between."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from backend.encoding import records, vectors
from backend.jobs.supervisor import ROOT
from backend.models.catalogue import MINILM
from tests.encoding.builders import hashes_of, vectors_of
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("home")
RECORD_BYTES = 32 + 4 + 8 * 4

# Adds the vectors of 20 more numbers for ever, or as often as told.
WRITER = """
import itertools, sys
from backend.encoding import records, vectors
from tests.encoding.builders import hashes_of, vectors_of
start, times = int(sys.argv[1]), int(sys.argv[2])
for number in itertools.count() if times == 0 else range(times):
    at = start + 20 * number
    vectors.add("bundled:minilm", hashes_of(20, at), vectors_of(20, at))
"""


def a_cache(count: int = 10) -> Path:
    vectors.add(MINILM, hashes_of(count), vectors_of(count))
    return vectors.path_of(MINILM)


def forget() -> None:
    """What a new process knows: nothing."""
    records._indexes.clear()


def a_writer(start: int, times: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(start), str(times)], cwd=ROOT)


def test_what_was_added_comes_back_in_the_order_asked_and_the_rest_is_named_missing() -> None:
    a_cache(10)
    found, is_there = vectors.get(MINILM, [hashes_of(1, 7)[0], b"?" * 32, hashes_of(1, 2)[0]])
    assert is_there.tolist() == [True, False, True]
    assert np.array_equal(found, [vectors_of(1, 7)[0], np.zeros(8), vectors_of(1, 2)[0]])


def test_an_empty_cache_has_nothing_and_no_file() -> None:
    found, is_there = vectors.get(MINILM, hashes_of(3))
    assert found.shape == (3, 0)
    assert not is_there.any()
    assert not vectors.path_of(MINILM).exists()


def test_the_same_content_is_stored_once() -> None:
    path = a_cache(10)
    before = path.stat().st_size
    vectors.add(MINILM, hashes_of(12), vectors_of(12))
    assert path.stat().st_size == before + 2 * RECORD_BYTES


def test_a_torn_last_record_is_cut_and_nothing_else_is_lost() -> None:
    path = a_cache(10)
    os.truncate(path, path.stat().st_size - 5)
    forget()
    assert vectors.get(MINILM, hashes_of(10))[1].tolist() == [True] * 9 + [False]
    vectors.add(MINILM, hashes_of(12), vectors_of(12))
    found, is_there = vectors.get(MINILM, hashes_of(12))
    assert is_there.all()
    assert np.array_equal(found, vectors_of(12))
    assert path.stat().st_size == records.HEADER_BYTES + 12 * RECORD_BYTES


def test_a_corrupt_record_counts_as_missing_and_its_new_vector_wins() -> None:
    path = a_cache(10)
    with path.open("r+b") as file:
        file.seek(records.HEADER_BYTES + 4 * RECORD_BYTES + 40)
        file.write(b"\x00\xff\x00")
    forget()
    assert vectors.get(MINILM, hashes_of(10))[1].tolist() == [True] * 4 + [False] + [True] * 5
    vectors.add(MINILM, hashes_of(10), vectors_of(10))
    found, is_there = vectors.get(MINILM, hashes_of(10))
    assert is_there.all()
    assert np.array_equal(found, vectors_of(10))


def test_zeros_that_a_crash_left_at_the_end_are_no_vectors() -> None:
    path = a_cache(10)
    with path.open("ab") as file:
        file.write(bytes(3 * RECORD_BYTES + 11))
    forget()
    _, is_there = vectors.get(MINILM, [*hashes_of(10), bytes(32)])
    assert is_there.tolist() == [True] * 10 + [False]
    vectors.add(MINILM, hashes_of(1, 10), vectors_of(1, 10))
    assert vectors.get(MINILM, hashes_of(11))[1].all()


@pytest.mark.parametrize("damage", [b"", b"\x00" * 512, b"no header"])
def test_a_damaged_header_costs_the_vectors_but_no_error(damage: bytes) -> None:
    path = a_cache(10)
    content = path.read_bytes()
    path.write_bytes(damage + content[len(damage) :] if damage else b"")
    forget()
    assert not vectors.get(MINILM, hashes_of(10))[1].any()
    vectors.add(MINILM, hashes_of(10), vectors_of(10))
    assert vectors.get(MINILM, hashes_of(10))[1].all()


def test_a_deleted_file_is_noticed_by_a_process_that_had_read_it() -> None:
    a_cache(10).unlink()
    assert not vectors.get(MINILM, hashes_of(10))[1].any()


def test_two_processes_that_write_at_once_lose_nothing() -> None:
    writers = [a_writer(start=1000 * number, times=15) for number in range(2)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    for number in range(2):
        found, is_there = vectors.get(MINILM, hashes_of(300, 1000 * number))
        assert is_there.all()
        assert np.array_equal(found, vectors_of(300, 1000 * number))


def test_a_killed_writer_leaves_whole_records_and_no_lock() -> None:
    writer = a_writer(start=0, times=0)
    until(lambda: vectors.get(MINILM, hashes_of(200))[1].all())
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    vectors.add(MINILM, hashes_of(20, 90_000), vectors_of(20, 90_000))
    forget()
    assert np.array_equal(vectors.get(MINILM, hashes_of(200))[0], vectors_of(200))
    assert vectors.get(MINILM, hashes_of(20, 90_000))[1].all()


def test_a_hundred_thousand_contents_are_looked_up_in_well_under_a_second() -> None:
    hashes = hashes_of(100_000)
    values = np.random.default_rng(0).normal(size=(100_000, 32)).astype(np.float32)
    vectors.add(MINILM, hashes, values)
    forget()
    times = []
    for _ in range(3):
        started = time.perf_counter()
        found, is_there = vectors.get(MINILM, hashes)
        times.append(time.perf_counter() - started)
    assert is_there.all()
    assert np.array_equal(found, values)
    assert min(times) < 0.8
