"""What a training loop needs of its data, whatever the kind: samples by number, how to batch them, in which order."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from backend.training.lengths import grouped
from backend.training.linear import Floats
from db.models import Split


class Samples(Protocol):
    """Sample by position; `epoch` (from 0) decides how it is varied. Batches are made by `Prepared.batch`."""

    epoch: int

    def __len__(self) -> int: ...

    def __getitem__(self, position: int) -> Any: ...


@dataclass(frozen=True)
class Prepared:
    """batch: samples -> inputs and "labels". finish: inputs on the device -> what the model takes.

    lengths: of the training samples, when they differ.
    """

    parts: dict[Split, Samples]
    batch: Callable[[Sequence[Any]], dict[str, Any]]
    finish: Callable[[dict[str, Any]], dict[str, Any]] = dict
    lengths: Sequence[int] | None = None


class Order:
    """The training order of each epoch: drawn by seed and epoch alone, so that a resumed run goes on in it.

    With lengths, samples of like length come together, see `lengths`.
    With weights, samples are drawn in proportion to them, and may come several times or not at all.
    """

    def __init__(
        self,
        n: int,
        seed: int,
        batch_size: int,
        lengths: Sequence[int] | None,
        *,
        weights: Sequence[float] | None = None,
    ) -> None:
        self.n, self.seed, self.batch_size, self.lengths, self.weights = n, seed, batch_size, lengths, weights
        self.epoch = 0

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[int]:
        import torch

        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        drawn: Sequence[int] = range(self.n)
        if self.weights is not None:
            weights = torch.tensor(self.weights, dtype=torch.float64)
            drawn = torch.multinomial(weights, self.n, replacement=True, generator=generator).tolist()
        if self.lengths is None:
            places = torch.randperm(self.n, generator=generator).tolist()
        else:
            lengths = [self.lengths[position] for position in drawn]
            places = grouped(lengths, self.batch_size, generator)
        yield from (drawn[place] for place in places)


def balanced(targets: Sequence[Sequence[int]]) -> list[float]:
    """How often to draw each sample, so that every class is seen as often: in proportion to 1 / its rarest class.

    Samples without a class count as a class of their own.
    """
    counts = Counter(position for positions in targets for position in positions or (None,))
    return [max(1 / counts[position] for position in positions or (None,)) for positions in targets]


def by_row(samples: Samples, found: Floats) -> Floats:
    """(n, k) of the rows from (m, k) of their samples: the mean, where a text is read in several windows.

    Such samples have `owners`, the row of each; without that every sample is a row.
    """
    owners = getattr(samples, "owners", None)
    if owners is None:
        return found
    sums = np.zeros((max(owners) + 1, found.shape[1]))
    np.add.at(sums, owners, found)
    return sums / np.bincount(owners)[:, None]


def labels(targets: Sequence[Sequence[int]], k: int, *, multi_label: bool) -> Any:
    """(n,) class positions, or (n, k) zeros and ones when an item may have several."""
    import torch

    if not multi_label:
        return torch.tensor([each[0] for each in targets])
    table = torch.zeros(len(targets), k)
    for row, positions in enumerate(targets):
        table[row, list(positions)] = 1
    return table
