"""How much a model takes at once: found by doubling while that pays, and halved when the memory does not hold it.

What was found for a model holds as long as the process lives.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

log = logging.getLogger("winnow.batches")
Result = TypeVar("Result")

# A larger batch has to bring this much more speed, or the smaller one stays.
GAIN = 1.05
# One slow batch may be the machine's fault, not the size's.
TRIES = 2


@dataclass
class Size:
    """What goes into a batch: a number of images, or of padded tokens.

    best, rate: the fastest size so far and its speed. ceiling: the memory did not hold more. tries: batches of the
    present size that were no faster than the best.
    """

    now: int
    best: int = 0
    rate: float = 0.0
    ceiling: int | None = None
    tries: int = 0
    is_settled: bool = False


_sizes: dict[str, Size] = {}


def of(
    key: str, rows: Sequence[int], lengths: Sequence[int], work: Callable[[list[int]], Result], start: int
) -> Iterator[tuple[list[int], Result]]:
    """Each batch of rows with what `work` made of it.

    key: names the model and what it does. rows: longest first. lengths: of every row, in tokens; 1 for images.
    start: the size to begin with when nothing is known yet. Raises what `work` raises, also when the memory does not
    hold a single row.
    """
    size = _sizes.setdefault(key, Size(start))
    at = 0
    while at < len(rows):
        batch = _next(rows, lengths, at, size.now)
        began = time.perf_counter()
        is_held = True
        try:
            made = work(batch)
        except (MemoryError, RuntimeError) as error:
            if len(batch) == 1 or not is_out_of_memory(error):
                raise
            is_held = False
        if not is_held:
            # Here, not above: the error's traceback would hold on to what the failed batch had made.
            _let_go()
            _halve(size, len(batch) * lengths[batch[0]])
            log.warning("%s: the memory does not hold %d rows at once, now trying half", key, len(batch))
            continue
        at += len(batch)
        if at < len(rows):
            _learn(size, len(batch) * lengths[batch[0]], time.perf_counter() - began)
        yield batch, made


def is_out_of_memory(error: Exception) -> bool:
    """Of the accelerator (torch.OutOfMemoryError and its kin) or of the processor's allocator."""
    said = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(words in said for words in ("out of memory", "not enough memory", "can't allocate memory"))
    )


def _next(rows: Sequence[int], lengths: Sequence[int], at: int, size: int) -> list[int]:
    """At least one row, else as many as fit when padded to the first of them, the longest."""
    return list(rows[at : at + max(1, size // max(1, lengths[rows[at]]))])


def _halve(size: Size, tried: int) -> None:
    size.now = size.ceiling = max(1, min(size.now, tried) // 2)
    size.is_settled = True


def _learn(size: Size, done: int, seconds: float) -> None:
    """Double while a batch twice as large does more in a second."""
    if size.is_settled:
        return
    rate = done / max(seconds, 1e-9)
    if rate > size.rate * GAIN:
        size.best, size.rate, size.tries = size.now, rate, 0
        size.now *= 2
        return
    size.tries += 1
    if size.tries == TRIES:
        size.now, size.is_settled = size.best, True


def _let_go() -> None:
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
