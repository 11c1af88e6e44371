"""Images to vectors with a pretrained model: CLIP's image side, or the pooled output of any image model."""

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PIL import Image

from backend import blobs, errors, thumbs
from backend.models import load

log = logging.getLogger("winnow.images")
BATCH = 32


def encode(model_id: str, hashes: Sequence[bytes]) -> list[Any]:
    """One vector of unit length (d,) float32 for each image, None for one that cannot be read."""
    import torch

    loaded = load.encoder(model_id)
    found: list[Any] = []
    with torch.inference_mode():
        for start in range(0, len(hashes), BATCH):
            pictures = each(hashes[start : start + BATCH], 0, lambda image: image)
            readable = [picture for picture in pictures if picture is not None]
            vectors: list[Any] = []
            if readable:
                pixels = loaded.processor(images=readable, return_tensors="pt")["pixel_values"].to(loaded.device)
                pooled = _pooled(loaded.model, pixels).flatten(1)
                vectors = list(torch.nn.functional.normalize(pooled, dim=-1).float().cpu().numpy())
            found += [None if picture is None else vectors.pop(0) for picture in pictures]
    return found


def each(hashes: Sequence[bytes], side: int, work: Callable[[Image.Image], Any]) -> list[Any]:
    """`work(image)` for each blob, on all cores; None where the image cannot be read. See `read` for `side`."""

    def one(content_hash: bytes) -> Any:
        image = read(content_hash, side)
        return None if image is None else work(image)

    # Pillow lets go of the interpreter while it decodes and resizes.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, hashes))


def read(content_hash: bytes, side: int = 0) -> Image.Image | None:
    """The image as RGB, turned as its camera said, transparency on white. None when it cannot be read.

    side: a JPEG may be decoded smaller, down to this many pixels a side; 0 for its full size.
    """
    try:
        return thumbs.rgb(blobs.path_of(content_hash), draft=side or None)
    except errors.BadFile as error:
        log.warning("the image %s cannot be read: %s", content_hash.hex(), error.message)
        return None


def _pooled(model: Any, pixels: Any) -> Any:
    if hasattr(model, "get_image_features"):
        return model.get_image_features(pixel_values=pixels).pooler_output
    output = model(pixel_values=pixels)
    pooled = getattr(output, "pooler_output", None)
    return output.last_hidden_state.mean(1) if pooled is None else pooled
