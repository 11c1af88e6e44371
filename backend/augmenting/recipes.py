"""Recipes: from steps to pixels.

`augment` is the one function that preview and training call. What a recipe does to an item depends on the steps, the
size, the seed, the item and the epoch, and on nothing else: any training sample can be shown again. What it does to
a batch of them is in `batch`.
"""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from backend.augmenting import calls, source
from backend.augmenting.calls import Size
from backend.augmenting.threads import one_thread

if TYPE_CHECKING:
    from torch import Tensor

# torch has one random state a process, and the assistant has several threads.
_random = threading.Lock()


def random_state(seed: int, content_hash: bytes, epoch: int) -> int:
    """The seed of the random numbers for one item in one epoch (counted from 0). Fits torch's 32-bit CPU generator."""
    return int.from_bytes(hashlib.sha256(f"{seed} {epoch} ".encode() + content_hash).digest()[:4], "big")


@contextmanager
def drawing(state: int) -> Iterator[None]:
    """torch draws from this random state inside; afterwards its own is as it was."""
    import torch

    generator = torch.default_generator
    with _random:
        before = generator.get_state()
        try:
            # Not torch.manual_seed: that queues a call for every accelerator, each time.
            generator.manual_seed(state)
            yield
        finally:
            generator.set_state(before)


def to_compose(steps: Sequence[dict[str, Any]], size: int | Size) -> Any:
    """The v2.Compose of these steps for images of `size` (height, width in pixels; one number is a square).

    The size is needed because a crop must come back to it and a blur must fit into it. Steps on batches are left out.
    Raises Invalid.
    """
    return calls.composed(calls.of_items(steps, size))


def augment(image: "Tensor", compose: Any, *, seed: int, content_hash: bytes, epoch: int) -> "Tensor":
    """One random variant of an image.

    image: (3, height, width) uint8, of the size that `compose` was made for. Returns the same shape and type.
    The same seed, item and epoch give the same pixels in any process, whatever ran before; torch's random state is
    left as it was. v2 draws from torch alone, so numpy's and Python's states do not come into it.
    """
    import torch

    from backend.augmenting.kernels import Picture

    with one_thread(), drawing(random_state(seed, content_hash, epoch)):
        return compose(Picture(image)).as_subclass(torch.Tensor).contiguous()


def python_source(steps: Sequence[dict[str, Any]], size: int | Size, base: str | None = None) -> str:
    """A module that makes the very same pixels without Winnow. Raises Invalid.

    With `base` it also has the function that brings a file to the size of that model.
    """
    return source.module(calls.of_items(steps, size), calls.of_batches(steps), calls.as_pair(size), base)
