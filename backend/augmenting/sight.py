"""What a model sees of a picture: the image processor that prepares it, and its pixels before they are normalised.

Training, preview and everything that compares the two come through here.
"""

import sys
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend import errors
from backend.augmenting.threads import one_thread
from backend.models import catalogue
from backend.training import anatomy

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

# What scales the pixels of the network that has no folder to say so.
MIDDLE, SPREAD = [0.5] * 3, [0.25] * 3


def processor_of(base: str, size: int) -> Any:
    """The image processor of `base` that gives pictures of `size` pixels: the very one of training. Not to be changed.

    Kept, so that only the first call costs something. Raises ModelNotHere, NotFound or BadFile.
    """
    return _made(None if base == catalogue.COMPACT_RESNET else catalogue.folder_of(base), size)


@lru_cache(maxsize=16)
def _made(folder: Path | None, size: int) -> Any:
    import_module("transformers")
    # Not what the import gives: transformers replaces itself, and a thread that waited for that is given the old one.
    transformers = sys.modules["transformers"]
    if folder is None:
        sides = {"height": size, "width": size}
        return transformers.ViTImageProcessor(size=sides, image_mean=MIDDLE, image_std=SPREAD, do_convert_rgb=True)
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(
            folder, local_files_only=True, backend="torchvision"
        )
        if size != anatomy.image_size(folder):
            resize(processor, size)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise errors.BadFile(
            f"The image processor in {folder} cannot be loaded: {reason[0][:200]}", "Choose another base."
        ) from error
    return processor


def resize(processor: Any, side: int) -> None:
    """Make the processor give pictures of `side` pixels, cutting as much of the edge away as before."""
    if getattr(processor, "do_center_crop", False) and processor.crop_size:
        before = processor.crop_size["height"]
        processor.crop_size = {"height": side, "width": side}
        processor.size = {name: round(value * side / before) for name, value in dict(processor.size).items() if value}
    elif hasattr(processor, "crop_pct"):
        # ConvNeXt's way: it cuts the edge away by itself.
        processor.size = {"shortest_edge": side}
    else:
        processor.size = {"height": side, "width": side}


def seen(processor: Any, picture: "Image.Image") -> "Tensor":
    """An RGB picture as (3, height, width) uint8, resized and cut as the processor does, nothing scaled yet."""
    import torch

    with one_thread():
        made = processor(images=picture, do_rescale=False, do_normalize=False, return_tensors="pt")
    return made["pixel_values"][0].to(torch.uint8)


def normalised(processor: Any, pixels: "Tensor") -> "Tensor":
    """(n, 3, h, w) of 0 to 255 -> what the model takes, on the tensor's own device: a quarter of the traffic to it."""
    import torch

    scale = processor.rescale_factor if processor.do_rescale else 1.0
    middle, spread = (0.0, 1.0) if not processor.do_normalize else (processor.image_mean, processor.image_std)
    shape = (1, -1, 1, 1)
    middles, spreads = (torch.tensor(each, device=pixels.device).reshape(shape) for each in (middle, spread))
    # In place, in a copy: a batch of floats is large enough for its allocation to cost more than its arithmetic.
    return pixels.to(torch.float32, copy=True).mul_(scale).sub_(middles).div_(spreads)
