"""Samples of like length in one batch, which saves padding: how many tokens a batch costs is what its longest one has.

Knows nothing of texts; samples that have `ids` are as long as those.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from backend.training.prepared import Samples

# Lengths are sorted as if each were up to so much longer or shorter, so that other samples meet in every epoch.
SCATTER = 0.05


def grouped(lengths: Sequence[int], batch_size: int, generator: "torch.Generator") -> list[int]:
    """All positions, in an order whose batches are of like length and come in any order.

    The batch with the longest sample comes first: what does not fit into memory is known at the first step. The one
    that is not full, of any length, comes last. Trainer's own grouping sorts within some parts of the data only, and
    goes from long to short in each of them.
    """
    import torch

    n = len(lengths)
    scattered = torch.tensor(lengths) * (1 + SCATTER * (2 * torch.rand(n, generator=generator) - 1))
    order = scattered.argsort(descending=True, stable=True).tolist()
    whole, rest = divmod(n, batch_size)
    cut = int(torch.randint(whole + 1, (), generator=generator)) * batch_size
    last = order[cut : cut + rest]
    order[cut : cut + rest] = []
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    longest = max(range(whole), key=lambda number: max(lengths[position] for position in batches[number]), default=0)
    drawn = torch.randperm(whole, generator=generator).tolist()
    drawn.sort(key=lambda number: number != longest)
    return [position for number in drawn for position in batches[number]] + last


class Sorted:
    """Samples to judge, the longest first. `owners` says whose each is, see `prepared.by_row`."""

    epoch = 0

    def __init__(self, samples: "Samples", lengths: Sequence[int]) -> None:
        self.samples = samples
        self.order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
        owners = getattr(samples, "owners", range(len(lengths)))
        self.owners = [owners[position] for position in self.order]

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, position: int) -> Any:
        return self.samples[self.order[position]]


def longest_first(samples: "Samples") -> "Samples":
    """The samples as they are where they have no length of their own."""
    ids = getattr(samples, "ids", None)
    if ids is None or any(each is None for each in ids):
        return samples
    return Sorted(samples, [len(each) for each in ids])
