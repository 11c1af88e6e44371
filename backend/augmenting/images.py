"""From an item to the picture that a recipe works on: upright, RGB, whole-number pixels, at the size of the model."""

from functools import lru_cache
from typing import TYPE_CHECKING

from backend import blobs, thumbs
from backend.augmenting.threads import one_thread

if TYPE_CHECKING:
    from torch import Tensor

# At 224 pixels 150 kB each.
KEPT = 400


@lru_cache(maxsize=KEPT)
def load(content_hash: bytes, size: int) -> "Tensor":
    """The image of an item as (3, size, size) uint8. Raises BadFile. Not to be changed in place: it is kept.

    Stretched to the square, and by the very resize of the image processor of ViT and of the built-in network: the
    pixels are those that training starts from.
    """
    import numpy as np
    import torch
    from torchvision.transforms.v2 import functional

    picture = thumbs.rgb(blobs.path_of(content_hash))
    with one_thread():
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()
        return functional.resize(pixels, [size, size], antialias=True)
