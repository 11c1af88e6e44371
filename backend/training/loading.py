"""Where the batches of a training are made: in the training process, or ahead of it in worker processes.

The batches are the same either way. Knows nothing of pictures or texts; `pace` measures which way is faster.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pickle import PicklingError
from typing import Any

from backend.training.prepared import Order, Samples

log = logging.getLogger("winnow.training")
# Batches that each worker has ready.
READY = 2
Batch = dict[str, Any]


class Ahead:
    """The training samples, asked for by the batch. With `use(workers)` they are made before they are asked for.

    epoch: from 0, kept in the samples too. What is asked for in another order than the epoch's is made here, so that
    the answer is right whoever asks. waited_s and worked_s: how long the training stood still for a batch, and how long
    it did not.
    """

    def __init__(
        self, samples: Samples, batch: Callable[[Sequence[Any]], Batch], order: Order, batch_size: int
    ) -> None:
        self.samples, self.batch, self.order, self.batch_size = samples, batch, order, batch_size
        self.workers = 0
        # Why the workers were given up, when they were.
        self.problem: str | None = None
        self._loader: Any = None
        self._made: Iterator[Batch] | None = None
        # The batches that the workers are at, from the next one on.
        self._due: list[list[int]] = []
        self.waited_s = self.worked_s = 0.0
        self._left_at: float | None = None

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def is_varied(self) -> bool:
        """Whether making a batch takes time worth saving: only such samples say so."""
        return getattr(self.samples, "is_varied", False)

    @property
    def epoch(self) -> int:
        return self.samples.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self.samples.epoch = epoch
        self._due = []
        self._left_at = None

    def __getitem__(self, position: int) -> Any:
        return self.samples[position]

    def __getitems__(self, positions: list[int]) -> Batch:
        asked_at = time.perf_counter()
        if self._left_at is not None:
            self.worked_s += asked_at - self._left_at
        found = self._from_workers(positions) if self.workers else self.made_here(positions)
        self._left_at = time.perf_counter()
        self.waited_s += self._left_at - asked_at
        return found

    def forget_times(self) -> None:
        self.waited_s = self.worked_s = 0.0
        self._left_at = None

    def told(self) -> dict[str, Any]:
        """For the run's facts: the share of the training's time in which it waited, and what went wrong."""
        all_s = self.waited_s + self.worked_s
        found: dict[str, Any] = {"share_waited": round(self.waited_s / all_s, 4)} if all_s else {}
        return found | ({"given_up": self.problem} if self.problem else {})

    def made_here(self, positions: Sequence[int]) -> Batch:
        return self.batch([self.samples[position] for position in positions])

    def use(self, workers: int) -> None:
        """So many worker processes from the next batch on; those from before have ended."""
        self.close()
        self.workers = workers

    def close(self) -> None:
        """End the workers. Nothing is lost: the next batch is made here."""
        # Dropping the last reference ends them, and waits for that.
        self._made = self._loader = None
        self._due, self.workers = [], 0

    def _from_workers(self, positions: list[int]) -> Batch:
        try:
            if not self._due or self._due[0] != positions:
                self._begin_at(positions)
            if self._made is not None and self._due:
                found = next(self._made)
                del self._due[0]
                return found
        except (RuntimeError, OSError, StopIteration, AttributeError, TypeError, PicklingError) as error:
            # A worker was killed, most often for memory, or could not be started; or the samples cannot be sent to it.
            log.warning("workers are given up: %s", error)
            self.problem = str(error).partition("\n")[0][:200]
        if self.problem:
            self.close()
        return self.made_here(positions)

    def _begin_at(self, positions: list[int]) -> None:
        """Have the workers make the epoch's batches from this one on; none when the epoch has no such batch."""
        order = list(self.order)
        batches = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
        self._due = batches[batches.index(positions) :] if positions in batches else []
        if not self._due:
            return
        if self._loader is None:
            self._loader = loader(self.samples, self.batch, self.workers)
        self._loader.batch_sampler.batches = [[(self.epoch, position) for position in each] for each in self._due]
        self._made = begun(self._loader)


class Numbered:
    """What a worker has: samples by epoch and position, for it lives longer than one epoch."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def __getitem__(self, index: tuple[int, int]) -> Any:
        self.samples.epoch, position = index
        return self.samples[position]


class Plan:
    """The batches that the workers are to make, as a torch batch sampler."""

    batches: Sequence[list[tuple[int, int]]] = ()

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        return iter(self.batches)


def loader(samples: Samples, batch: Callable[[Sequence[Any]], Batch], workers: int) -> Any:
    """A torch DataLoader whose processes stay; each has one thread of torch, and ends when this process is gone."""
    import torch

    return torch.utils.data.DataLoader(
        Numbered(samples),
        batch_sampler=Plan(),
        collate_fn=batch,
        num_workers=workers,
        persistent_workers=True,
        prefetch_factor=READY,
        # A fork shares what is in memory already; elsewhere it is not safe, or not there.
        multiprocessing_context=multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn"),
        # Its own: the loader draws a seed for its workers, and the training's random numbers must not depend on it.
        generator=torch.Generator(),
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=ends_with_its_parent,
    )


def ends_with_its_parent(_number: int) -> None:
    """In a worker: end at once when the training is gone.

    torch's own watch asks every five seconds, and does not end a worker whose last batch nobody took.
    """

    def watch() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def begun(loader: Any) -> Iterator[Batch]:
    """The loader's iterator, without its signal handler: that raises wherever the training is when a worker dies.

    The iterator notices too, when it is asked for the next batch.
    """
    if not hasattr(signal, "SIGCHLD"):
        return iter(loader)
    before = signal.getsignal(signal.SIGCHLD)
    made = iter(loader)
    if signal.getsignal(signal.SIGCHLD) is not before:
        signal.signal(signal.SIGCHLD, before or signal.SIG_DFL)
    return made


def collated(batch: Callable[[Sequence[Any]], Batch]) -> Callable[[Any], Batch]:
    """For the Trainer: training samples come as whole batches, those of other parts one by one."""
    return lambda samples: samples if isinstance(samples, dict) else batch(samples)
