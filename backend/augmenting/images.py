"""From an item to the picture that a recipe works on: upright, RGB, whole-number pixels, as the model sees it."""

from functools import lru_cache
from typing import TYPE_CHECKING

from backend import blobs, thumbs
from backend.augmenting import sight

if TYPE_CHECKING:
    from torch import Tensor

# At 224 pixels 150 kB each.
KEPT = 400


@lru_cache(maxsize=KEPT)
def load(content_hash: bytes, base: str, size: int) -> "Tensor":
    """The image of an item as (3, h, w) uint8: the pixels that training on `base` starts from. Kept: do not change it.

    Raises BadFile, and what `sight.processor_of` raises.
    """
    return sight.seen(sight.processor_of(base, size), thumbs.rgb(blobs.path_of(content_hash)))
