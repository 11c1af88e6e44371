"""How alike two images are: a hash of 64 bits to find candidates by, and low frequencies to compare them with.

The hash is after Zauner 2010 (the perceptual hash of the discrete cosine transform): re-encoding, resizing, brightness
and small crops move a few of its bits. It is not the same for a mirrored image. Needs numpy and Pillow only.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend import blobs, errors, thumbs
from backend.encoding.records import Values

# Pixels a side that an image is brought to, and frequencies a side that are kept of brightness and of each colour.
SIDE, KEPT, KEPT_OF_COLOR = 32, 12, 4
HASHED = 8
NUMBERS = KEPT**2 + 2 * KEPT_OF_COLOR**2
# The smallest cosine of two images that are near-duplicates.
LIKENESS = {"strict": 0.97, "usual": 0.9, "loose": 0.85}
# Bits of the hash in which near-duplicates may differ.
MOST_BITS = 16
# With less contrast than this an image is one colour, and only that colour is compared. Brightness goes from 0 to 1.
FLAT = 0.01
# Two images of one colour may differ by so much of the scale: at this the likeness is 0.
MOST_SHADE = 0.25


def signatures(contents: Sequence[tuple[bytes, str | None]]) -> tuple[list[bytes], Values]:
    """Content hashes and (n, NUMBERS) float32; an image that cannot be read has zeros."""
    # Pillow lets go of the interpreter while it decodes and resizes.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = list(pool.map(_signature, [content_hash for content_hash, _ in contents]))
    return [content_hash for content_hash, _ in contents], np.stack(made)


def _signature(content_hash: bytes) -> Values:
    path = thumbs.cached(content_hash, thumbs.GRID_SIZE) or blobs.path_of(content_hash)
    try:
        return frequencies(thumbs.rgb(path, draft=2 * SIDE))
    except errors.BadFile:
        return np.zeros(NUMBERS, np.float32)


def frequencies(image: Image.Image) -> Values:
    """The low frequencies of brightness and colour, (NUMBERS,) float32; the first of each is its mean."""
    small = image.convert("YCbCr").resize((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    pixels = np.asarray(small, np.float32) / 255
    waves = WAVES @ pixels[..., 0] @ WAVES.T
    colors = [
        (WAVES[:KEPT_OF_COLOR] @ (pixels[..., each] - np.float32(128 / 255)) @ WAVES[:KEPT_OF_COLOR].T).ravel()
        for each in (1, 2)
    ]
    # A float32 of exactly zero everywhere means "could not be read": black has a mean too.
    found = np.concatenate([waves.ravel(), *colors]).astype(np.float32)
    found[0] = max(found[0], np.float32(1e-6))
    return found


def _waves() -> Values:
    """(KEPT, SIDE) float32: cosines such that the frequencies of an image have the units of its pixels."""
    angles = np.pi * (2 * np.arange(SIDE) + 1) * np.arange(KEPT)[:, None] / (2 * SIDE)
    scale = np.where(np.arange(KEPT) == 0, 1.0, np.sqrt(2.0))[:, None]
    return (scale * np.cos(angles) / SIDE).astype(np.float32)


WAVES = _waves()


def keys(found: Values) -> NDArray[np.uint64]:
    """(n, 1) uint64: which of the lowest frequencies are above their median, without the mean."""
    low = found[:, : KEPT**2].reshape(-1, KEPT, KEPT)[:, :HASHED, :HASHED].reshape(len(found), -1).copy()
    low[:, 0] = np.median(low[:, 1:], axis=1)
    bits = low > np.median(low, axis=1, keepdims=True)
    # Noise would decide every bit of an image of one colour.
    bits[_contrast(found) < FLAT] = False
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64).reshape(-1, 1)


def is_usable(found: Values) -> NDArray[np.bool_]:
    """Whether the image could be read."""
    return np.asarray(found[:, 0] > 0)


def _contrast(found: Values) -> Values:
    return np.asarray(np.linalg.norm(found[:, 1 : KEPT**2], axis=1))


def similarity(left: Values, right: Values) -> Values:
    """(n,) of rows that belong together, at most 1: the cosine of all frequencies but the mean brightness.

    Of two images of one colour it is how near the colours are; an image of one colour is like no other.
    """
    is_flat = [_contrast(each) < FLAT for each in (left, right)]
    waves = [each[:, 1:] for each in (left, right)]
    lengths = np.linalg.norm(waves[0], axis=1) * np.linalg.norm(waves[1], axis=1)
    cosine = np.einsum("nd,nd->n", *waves) / np.maximum(lengths, 1e-12)
    means = [0, KEPT**2, KEPT**2 + KEPT_OF_COLOR**2]
    shade = np.abs(left[:, means] - right[:, means]).max(axis=1)
    alike = np.where(is_flat[0] & is_flat[1], 1 - shade / MOST_SHADE, np.where(is_flat[0] | is_flat[1], 0, cosine))
    return np.asarray(np.clip(alike, 0, 1), np.float32)
