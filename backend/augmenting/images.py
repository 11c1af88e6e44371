"""From an item to the picture that a recipe works on: upright, RGB, whole-number pixels, at the size of the model."""

from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from backend import blobs, errors
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

    try:
        with Image.open(blobs.path_of(content_hash)) as file:
            picture = rgb(ImageOps.exif_transpose(file))
    except FileNotFoundError:
        raise errors.BadFile("The file of this image is no longer there.", "Import it again.") from None
    except Exception as error:
        # Pillow raises nearly anything on a damaged file.
        raise errors.BadFile(f"This image cannot be read: {error}"[:300], "Replace it.") from error
    with one_thread():
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()
        return functional.resize(pixels, [size, size], antialias=True)


def rgb(image: Image.Image) -> Image.Image:
    """Grey, palette and CMYK as RGB; what is transparent becomes white; 16 bits become 8."""
    if image.mode.startswith("I"):
        # Pillow would turn everything above 255 white.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("RGB")
    return image.convert("RGB")
