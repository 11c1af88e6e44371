"""Images to vectors with a pretrained model: CLIP's image side, or the pooled output of any image model.

Images are decoded and prepared ahead on other threads while the model is at work.
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from backend import blobs, errors, thumbs
from backend.encoding import batches
from backend.encoding.vectors import Vectors
from backend.models import load
from backend.models.load import Loaded

log = logging.getLogger("winnow.images")
# Images in the first pass; `batches` finds what is best.
START = 8
# A JPEG is decoded no smaller than so many times what the model sees. On photographs of flowers vectors then moved by
# 3e-7 (1 - cosine), at twice by 4e-6: enough to move a probability of CLIP by more than 0.001.
OVERSIZE = 4
# Times its short side; of a longer strip only the middle is looked at.
SLIMMEST = 20


def each_batch(model_id: str, hashes: Sequence[bytes]) -> Iterator[tuple[list[int], list[Any]]]:
    """Rows of `hashes` and for each a vector of unit length (d,) float32, or None for one that cannot be read."""
    loaded = load.encoder(model_id)
    source = _prepared(loaded, hashes)
    rows_ahead = iter(range(len(hashes)))
    pixels: dict[int, Future[Any]] = {}
    # One thread prepares, in order, for torch spreads its work over the cores itself.
    with ThreadPoolExecutor(1) as preparing:

        def work(rows: list[int]) -> list[Any]:
            for row in islice(rows_ahead, max(0, 3 * len(rows) - len(pixels))):
                pixels[row] = preparing.submit(next, source)
            return of_pixels(loaded, [pixels[row].result() for row in rows])

        try:
            every = range(len(hashes))
            for rows, vectors in batches.of(f"{model_id} images", every, [1] * len(hashes), work, START):
                # Only now: a batch that the memory did not hold is tried again in parts.
                for row in rows:
                    del pixels[row]
                yield rows, vectors
        finally:
            for future in pixels.values():
                future.cancel()


def _prepared(loaded: Loaded, hashes: Sequence[bytes]) -> Iterator[Any]:
    """What the model reads of each image, (3, height, width), or None. Some are decoded ahead, on all cores."""
    side = OVERSIZE * input_side(loaded.processor)
    cores = os.cpu_count() or 1
    # Threads, not processes: Pillow lets go of the interpreter, and no pixels are sent about. Measured on two cores
    # that had other work too, JPEGs of 800 x 600: threads 240 to 330 a second, processes 140 to 155; of 1600 x 1200:
    # 165 against 110.
    with ThreadPoolExecutor(cores) as pool:
        decoding: deque[Future[Image.Image | None]] = deque()
        ahead = iter(hashes)
        for _ in hashes:
            decoding.extend(pool.submit(read, each, side) for each in islice(ahead, 2 * cores - len(decoding)))
            image = decoding.popleft().result()
            if image is None:
                yield None
            else:
                yield loaded.processor(images=[middle(image)], return_tensors="pt")["pixel_values"][0]


def middle(image: Image.Image) -> Image.Image:
    """The middle of a strip: processors make the short side as long as the model's and only then crop, in gigabytes."""
    width, height = image.size
    longest = SLIMMEST * min(width, height)
    if max(width, height) <= longest:
        return image
    left, top = max(0, width - longest) // 2, max(0, height - longest) // 2
    return image.crop((left, top, left + min(width, longest), top + min(height, longest)))


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
    path = blobs.path_of(content_hash)
    try:
        return thumbs.rgb(path, draft=_draft(path, side) if side and path.exists() else None)
    except errors.BadFile as error:
        log.warning("the image %s cannot be read: %s", content_hash.hex(), error.message)
        return None


def _draft(path: Path, side: int) -> int | None:
    """The shorter side of the smallest exact fraction of a JPEG that has `side` pixels; None for the whole image.

    Not any fraction: a side that does not divide is rounded up, and everything in the picture lies a little aside.
    """
    with thumbs.guarded(), Image.open(path, formats=thumbs.formats()) as raw:
        width, height = raw.size
    shorter = min(width, height)
    exact = (scale for scale in (8, 4, 2) if width % scale == height % scale == 0 and shorter // scale >= side)
    return next((shorter // scale for scale in exact), None)


def input_side(processor: Any) -> int:
    """The longest side that the processor brings images to; 0 when it leaves them as they are or does not say."""
    size = getattr(processor, "size", None)
    if not size or not getattr(processor, "do_resize", False):
        return 0
    return max((int(side) for side in dict(size).values() if side), default=0)


def of_pixels(loaded: Loaded, pixels: Sequence[Any]) -> list[Any]:
    import torch

    readable = [each for each in pixels if each is not None]
    if not readable:
        return [None] * len(pixels)
    with load.inference():
        pooled = _pooled(loaded.model, torch.stack(readable).to(loaded.device)).flatten(1).float()
        found: Vectors = np.asarray(torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy())
    vectors = iter(found)
    return [None if each is None else next(vectors) for each in pixels]


def _pooled(model: Any, pixels: Any) -> Any:
    if hasattr(model, "get_image_features"):
        return model.get_image_features(pixel_values=pixels).pooler_output
    output = model(pixel_values=pixels)
    pooled = getattr(output, "pooler_output", None)
    return output.last_hidden_state.mean(1) if pooled is None else pooled
