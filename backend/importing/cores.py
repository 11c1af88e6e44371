"""A function over many rows on all cores, in order, surviving what kills a process.

A broken image can crash the C code of a decoder. The rows that were at work are then tried again, one process and one
row at a time, and only the row that kills its process is given up.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from types import ModuleType
from typing import Any, TypeVar

Before = TypeVar("Before")
After = TypeVar("After")


def count() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pool(workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: the parent has threads and an open database.
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=end_with_parent)


def end_with_parent() -> None:
    """A pool's process waits for work for ever; when its parent was killed, nobody would ever tell it to end."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="winnow-parent-watch", daemon=True).start()


def over(
    function: Callable[[list[Before]], list[After]],
    chunks: Iterable[list[Before]],
    given_up: Callable[[Before], After],
    workers: int | None = None,
) -> Iterator[tuple[list[Before], list[After]]]:
    """Each chunk with what `function` made of it, in the order of `chunks`, reading only a little ahead."""
    workers = workers or count()
    executor = pool(workers)
    waiting: deque[tuple[list[Before], Future[list[After]]]] = deque()
    source = iter(chunks)
    try:
        while True:
            while len(waiting) < 3 * workers and (chunk := next(source, None)) is not None:
                waiting.append((chunk, _submit(executor, function, chunk)))
            if not waiting:
                return
            chunk, future = waiting.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                result = _one_by_one(function, chunk, given_up)
                executor.shutdown(wait=False, cancel_futures=True)
                executor = pool(workers)
                waiting = deque((each, _submit(executor, function, each)) for each, _ in waiting)
            yield chunk, result
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


@contextmanager
def without_main() -> Iterator[None]:
    """A spawned process runs its parent's main module first. These need nothing of it, and start faster without."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _submit(executor: ProcessPoolExecutor, function: Callable[[Any], Any], chunk: Any) -> Future[Any]:
    try:
        with without_main():
            return executor.submit(function, chunk)
    except BrokenProcessPool as error:
        broken: Future[Any] = Future()
        broken.set_exception(error)
        return broken


def _one_by_one(
    function: Callable[[list[Before]], list[After]], chunk: list[Before], given_up: Callable[[Before], After]
) -> list[After]:
    results: list[After] = []
    executor = pool(1)
    for row in chunk:
        try:
            results.extend(_submit(executor, function, [row]).result())
        except BrokenProcessPool:
            executor = pool(1)
            # Not the row's fault when a process cannot even do nothing: then this raises again, and the job fails.
            _submit(executor, function, []).result()
            results.append(given_up(row))
    executor.shutdown(wait=False)
    return results
