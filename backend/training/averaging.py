"""An average of the weights while they are trained: it is judged and kept, and the training itself goes on without it.

Exponential, after Polyak & Juditsky 1992, with a decay that grows over the first steps: what the weights were at the
start, a random last layer perhaps, would stay in the average of a short run for good.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor
from transformers import TrainerCallback

# Of a checkpoint whose model is the average: the weights as they were trained.
TRAINED = "trained.safetensors"


class Average(TrainerCallback):
    """Of the model's trainable weights and its running statistics, updated at every step of the optimizer."""

    def __init__(self, model: Any, decay: float) -> None:
        self.model, self.decay = model, decay
        self.kept = {name: tensor.detach().clone() for name, tensor in averaged(model)}

    def on_optimizer_step(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        self.update(state.global_step + 1)

    @torch.no_grad()  # type: ignore[misc,unused-ignore]
    def update(self, step: int) -> None:
        """step: from 1. By it alone the decay is known, also in a resumed run."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, tensor in averaged(self.model):
            self.kept[name].lerp_(tensor.detach(), 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside, the model has the average."""
        trained = {name: tensor.detach().clone() for name, tensor in averaged(self.model)}
        self.put()
        try:
            yield
        finally:
            fill(self.model, trained)

    def put(self) -> None:
        """Leave the average in the model."""
        fill(self.model, self.kept)

    def save(self, checkpoint: Path) -> None:
        """Beside the model of a checkpoint, which must be the average."""
        trained = {name: tensor.detach().cpu().contiguous() for name, tensor in averaged(self.model)}
        safetensors.torch.save_file(trained, checkpoint / TRAINED)

    def load(self, checkpoint: Path) -> None:
        """Go on from a checkpoint whose model, the average, was just loaded."""
        self.kept = {name: tensor.detach().clone() for name, tensor in averaged(self.model)}
        fill(self.model, safetensors.torch.load_file(checkpoint / TRAINED))


def averaged(model: Any) -> Iterator[tuple[str, Tensor]]:
    """What changes in training, by name."""
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            yield name, weight
    for name, buffer in model.named_buffers():
        if buffer.is_floating_point():
            yield name, buffer


@torch.no_grad()  # type: ignore[misc,unused-ignore]
def fill(model: Any, values: dict[str, Tensor]) -> None:
    for name, tensor in averaged(model):
        tensor.copy_(values[name])
