"""Which items each of the processes sees that train one run together.

One step sees up to batch_size x devices items. Each epoch's order is cut into parts of nearly the same size, one for
each process and step: every item is seen exactly once, and no step ends with a scrap of a batch.
"""

from collections.abc import Iterator
from typing import Any

from backend.training import several
from backend.training.prepared import Order
from backend.training.several import Rank


class Shares:
    """The batches of one rank, as a torch batch sampler: one part of each step. Seeded and resumed as its order is."""

    def __init__(self, order: Order, batch_size: int, rank: Rank | None = None) -> None:
        self.order, self.batch_size, self.rank = order, batch_size, rank or several.me

    def __len__(self) -> int:
        a_step = self.batch_size * self.rank.count
        return (len(self.order) + a_step - 1) // a_step

    def __iter__(self) -> Iterator[list[int]]:
        order, parts = list(self.order), len(self) * self.rank.count
        cuts = [len(order) * part // parts for part in range(parts + 1)]
        for part in range(self.rank.number, parts, self.rank.count):
            # Fewer items than ranks: each must have something to add its gradient to.
            yield order[cuts[part] : cuts[part + 1]] or order[:1]


def loader(samples: Any, order: Order, batch_size: int, collate: Any) -> Any:
    """A torch DataLoader of this rank's share."""
    import torch

    return torch.utils.data.DataLoader(
        samples,
        batch_sampler=Shares(order, batch_size),
        collate_fn=collate,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),
    )
