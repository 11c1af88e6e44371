"""What a recipe does to a whole batch: MixUp (Zhang et al. 2018) and CutMix (Yun et al. 2019), by torchvision's own v2.

Pictures are whole numbers up to here, and floats from here on: a mixture lies between two of them. Training
normalises these floats; a preview rounds them, as its screen has only whole numbers.
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from backend.augmenting import calls, recipes

if TYPE_CHECKING:
    from torch import Tensor


def reach(steps: Sequence[dict[str, Any]]) -> int:
    """How many steps of the recipe are on batches: each mixes an item with what stands one place before it."""
    return len(calls.of_batches(steps))


def random_state(seed: int, content_hashes: Sequence[bytes], epoch: int) -> int:
    """As `recipes.random_state`, of the items of a batch in their order."""
    told = f"batch {seed} {epoch} ".encode() + b"".join(content_hashes)
    return int.from_bytes(hashlib.sha256(told).digest()[:4], "big")


def mix(
    images: "Tensor",
    targets: "Tensor",
    steps: Sequence[dict[str, Any]],
    *,
    seed: int,
    content_hashes: Sequence[bytes],
    epoch: int,
    classes: int,
) -> tuple["Tensor", "Tensor"]:
    """Do the steps on batches; the others were done before, item by item.

    images: (n, 3, h, w) uint8, on any device. targets: (n,) class positions, or (n, classes) zeros and ones.
    Returns images as float32 from 0 to 255, and targets as (n, classes) float32.
    The random numbers depend on seed, epoch and all `content_hashes` alone: the last `reach` + 1 pictures of a batch
    are enough to make its last picture.
    """
    from torch.nn import functional

    shares = functional.one_hot(targets, classes) if targets.ndim == 1 else targets
    found = calls.of_batches(steps)
    if not found:
        return images.float(), shares.float()
    with recipes.drawing(random_state(seed, content_hashes, epoch)):
        mixed: tuple[Tensor, Tensor] = calls.composed(found)(images.float(), shares.float())
    return mixed
