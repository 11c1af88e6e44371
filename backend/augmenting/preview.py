"""The assistant's answer to "show me": a person's own images, before and after a recipe."""

import base64
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from PIL import Image

from backend import errors
from backend.augmenting import images, recipes
from db import items
from db.models import Item
from db.session import reading

if TYPE_CHECKING:
    from torch import Tensor

ROWS_MAX, SAMPLES_MAX = 24, 12
SIZES = (16, 512)
JPEG_QUALITY = 85


def preview(
    item_ids: Sequence[int], steps: Sequence[dict[str, Any]], *, samples: int, seed: int, size: int, epoch: int = 0
) -> dict[str, Any]:
    """Rows of {"id", "original", "samples"}, pictures as base64 JPEG of size x size pixels.

    Sample number i is what training with this seed feeds the model in epoch `epoch` + i. An image that cannot be read
    has "problem" instead of pictures. Raises Invalid.
    """
    if not 1 <= len(item_ids) <= ROWS_MAX or not 1 <= samples <= SAMPLES_MAX or not SIZES[0] <= size <= SIZES[1]:
        raise errors.Invalid(
            f"{len(item_ids)} images with {samples} samples at {size} pixels cannot be shown.",
            f"Ask for 1 to {ROWS_MAX} images, 1 to {SAMPLES_MAX} samples, {SIZES[0]} to {SIZES[1]} pixels.",
        )
    compose = recipes.to_compose(steps, size)
    with reading() as session:
        found = items.by_ids(session, item_ids)
    with ThreadPoolExecutor() as pool:
        opened = list(pool.map(lambda item: opened_or_why(item, size), found))
    epochs = range(epoch, epoch + samples)
    return {"rows": [row(item, image, compose, epochs, seed) for item, image in zip(found, opened, strict=True)]}


def opened_or_why(item: Item, size: int) -> "Tensor | str":
    """The image, or why it cannot be read."""
    try:
        return images.load(item.content_hash, size)
    except errors.BadFile as error:
        return error.message


def row(item: Item, image: "Tensor | str", compose: Any, epochs: range, seed: int) -> dict[str, Any]:
    if isinstance(image, str):
        return {"id": item.id, "problem": image}
    variants = (
        recipes.augment(image, compose, seed=seed, content_hash=item.content_hash, epoch=epoch) for epoch in epochs
    )
    return {"id": item.id, "original": as_text(image), "samples": [as_text(variant) for variant in variants]}


def as_text(image: "Tensor") -> str:
    """(3, height, width) uint8 as base64 JPEG."""
    file = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=JPEG_QUALITY)
    return base64.b64encode(file.getvalue()).decode()
