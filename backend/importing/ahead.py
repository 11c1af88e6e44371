"""Reading ahead in a process beside the one that stores, so that both cores have work."""

import queue
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.queues import Queue
from typing import Any

from backend.importing import cores, ready
from backend.importing.ready import Made

# So many chunks are read ahead.
AHEAD = 6
LOOK_AGAIN_S = 1.0


def read(make: Callable[..., Iterable[Made]], *given: Any) -> Iterator[Made]:
    """What `make(*given)` yields, in order, made in another process. What it raises is raised here."""
    context = get_context("spawn")
    made: Queue[Any] = context.Queue(AHEAD)
    process = context.Process(target=_fill, args=(made, make, given), name="winnow-reader")
    with cores.without_main():
        process.start()
    try:
        while (chunk := _next(made, process.is_alive)) is not None:
            if isinstance(chunk, BaseException):
                raise chunk
            yield from chunk
    finally:
        process.kill()
        process.join()
        made.close()


def _next(made: "Queue[Any]", is_alive: Callable[[], bool]) -> Any:
    while True:
        was_alive = is_alive()
        try:
            return made.get(timeout=LOOK_AGAIN_S)
        except queue.Empty:
            # It was dead before we looked, so that nothing can be on its way any more.
            if not was_alive:
                raise RuntimeError("the process that reads the files ended unexpectedly") from None


def _fill(made: "Queue[Any]", make: Callable[..., Iterable[Made]], given: tuple[Any, ...]) -> None:
    cores.end_with_parent()
    try:
        source = iter(make(*given))
        while chunk := ready.batch(source, ready.CHUNK):
            made.put(chunk)
        made.put(None)
    except Exception as error:  # noqa: BLE001 - it is raised where the import is
        made.put(error)
