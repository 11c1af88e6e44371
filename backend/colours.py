"""Pixels of any kind as a screen shows them: 8 bits a channel, sRGB, with alpha only where something shows through.

A colour profile in the file is obeyed: cameras, phones and print shops mean other colours by the same numbers.
"""

import io
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
# What a profile of this colour space speaks of, in Pillow's word for it.
MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# Differences of one or two in 255 come from rounding: such a profile is sRGB under another name.
ROUNDING = 2


def screen(image: Image.Image, profile: bytes | None = None) -> Image.Image:
    """The image in RGB, or RGBA when something shows through. `profile` is the ICC profile that came with it."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = eight_bits(image)
    if image.mode == "LAB":
        image = from_lab(image)
    alpha = alpha_of(image)
    image = as_srgb(image, profile)
    if alpha is None:
        return image
    image = image.copy()
    image.putalpha(alpha)
    return image


def alpha_of(image: Image.Image) -> Image.Image | None:
    if image.mode not in WITH_ALPHA and "transparency" not in image.info:
        return None
    alpha = image.convert("RGBA").getchannel("A")
    lowest, _ = alpha.getextrema()
    return alpha if isinstance(lowest, int | float) and lowest < 255 else None


def as_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Without its alpha. A profile that is broken, or is for another kind of image, says nothing."""
    if image.mode not in MODES.values():
        image = image.convert("RGBA").convert("RGB") if image.mode in WITH_ALPHA else image.convert("RGB")
    transform = transform_of(profile, image.mode) if profile else None
    if transform is not None:
        return transform.apply(image)
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=16)
def transform_of(profile: bytes, mode: str) -> "ImageCmsTransform | None":
    """From the space of this ICC profile to sRGB; None when it cannot be used, or would change nothing."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if MODES.get(source.profile.xcolor_space) != mode:
            return None
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        transform = ImageCms.buildTransform(source, target, mode, "RGB")
        patches = colour_patches().convert(mode)
        changed = np.abs(np.asarray(transform.apply(patches), np.int16) - np.asarray(patches.convert("RGB"), np.int16))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return transform if int(changed.max()) > ROUNDING else None


def colour_patches() -> Image.Image:
    """Nine steps of each of red, green and blue in all combinations."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1)
    return Image.fromarray(cube.reshape(27, 27, 3))


def eight_bits(image: Image.Image) -> Image.Image:
    """16-bit and float grey as 8 bits. Scanners store 12 bits in 16: taken as 16 these would be nearly black."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    if image.mode == "F" or low < 0 or high > 65_535:
        scaled = (values - low) * (255 / (high - low)) if high > low else values * 0
    else:
        white = next(white for white in (255, 4095, 65_535) if high <= white)
        scaled = values * (255 / white)
    grey = Image.fromarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return grey


def from_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, srgb = (ImageCms.ImageCmsProfile(ImageCms.createProfile(name)) for name in ("LAB", "sRGB"))
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None
    return converted
