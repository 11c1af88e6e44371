"""The random variants of items in one epoch: item by item, and then as a batch where the recipe says so."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from backend.augmenting import batch, images, recipes, replay

if TYPE_CHECKING:
    from torch import Tensor


def of(
    content_hashes: Sequence[bytes],
    steps: Sequence[dict[str, Any]],
    *,
    base: str,
    size: int,
    seed: int,
    epoch: int,
    run: replay.Trained | None = None,
) -> Iterator["Tensor"]:
    """(3, h, w) of each item, as training on `base` at `size` has it before it is normalised.

    uint8, or where pictures are mixed float32, from 0 to 255 both. Steps on batches take these items as the batch; with
    a run, the one in which an item stood.
    Raises BadFile for an image that cannot be read, and what `sight.processor_of` raises.
    """

    # Steps are checked and made into transforms once, not for each item.
    @cache
    def composed(height: int, width: int) -> Any:
        return recipes.to_compose(steps, (height, width))

    @cache
    def alone(content_hash: bytes) -> "Tensor":
        image = images.load(content_hash, base, size)
        compose = composed(image.shape[1], image.shape[2])
        return recipes.augment(image, compose, seed=seed, content_hash=content_hash, epoch=epoch)

    def mixed(some: Sequence[bytes], among: Sequence[bytes]) -> "Tensor":
        import torch

        pictures = torch.stack([alone(each) for each in some])
        nothing = torch.zeros(len(some), 1)
        return batch.mix(pictures, nothing, steps, seed=seed, content_hashes=among, epoch=epoch, classes=1)[0]

    reach = batch.reach(steps)
    if not reach or not content_hashes:
        yield from map(alone, content_hashes)
    elif run is None:
        yield from mixed(content_hashes, content_hashes)
    else:
        for content_hash, among in zip(content_hashes, replay.batches(run, content_hashes, epoch), strict=True):
            place = among.index(content_hash)
            # Each step mixes with the one before, so what stands further away does not come into it.
            some = [among[(place - back) % len(among)] for back in reversed(range(reach + 1))]
            yield mixed(some, among)[-1]
