"""Features of a frozen network: what its last linear layer is given."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backend.models import load
from backend.training import building, few_bits
from backend.training.linear import Floats
from backend.training.prepared import Prepared, Samples

BATCH = 32


def features(model: Any, prepared: Prepared, samples: Samples, on_progress: Callable[[int], None]) -> Floats:
    """(n, d) float32, in the order of the samples, with the model in evaluation mode."""
    import torch

    seen: list[Any] = []
    layer = building.last_linear(model)
    hook = layer.register_forward_pre_hook(lambda _module, args: seen.append(args[0].float().cpu().numpy()))
    place = load.device()
    if not few_bits.is_rounded(model):
        model.to(place)
    model.eval()
    try:
        with torch.inference_mode():
            for done, inputs in batches(prepared, samples):
                # Only tensors: what says how to mix a batch stays away, and each picture is looked at by itself.
                there = {name: inputs[name].to(place) for name in inputs if torch.is_tensor(inputs[name])}
                del there["labels"]
                model(**prepared.finish(there))
                on_progress(done)
    finally:
        hook.remove()
    return np.concatenate(seen) if seen else np.zeros((0, layer.in_features), np.float32)


def batches(prepared: Prepared, samples: Samples) -> Iterator[tuple[int, dict[str, Any]]]:
    """How many samples are in it and before it, and the batch."""
    for start in range(0, len(samples), BATCH):
        stop = min(start + BATCH, len(samples))
        yield stop, prepared.batch([samples[position] for position in range(start, stop)])


def put(model: Any, weight: Floats, bias: Floats) -> None:
    """Write a linear classifier into the model's last layer."""
    import torch

    layer = building.last_linear(model)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.asarray(weight, np.float32)))
        layer.bias.copy_(torch.from_numpy(np.asarray(bias, np.float32)))
