"""Vectors of contents: from the cache where they are, computed and kept where they are not.

For workers and the assistant. A content is its hash and, for a text, the text; an image is read from the blobs.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence

import numpy as np

from backend.encoding import descriptor, images, texts, vectors
from backend.encoding.vectors import Vectors
from backend.models import catalogue

Content = tuple[bytes, str | None]
OnProgress = Callable[[int, int], None]

# Kept after this many, so that a killed job loses a few seconds of work.
CHUNK = 256
one_at_a_time = threading.Lock()


def ensure(encoder_id: str, contents: Sequence[Content], on_progress: OnProgress | None = None) -> Vectors:
    """Vectors of all contents, (n, d) float32 of unit length, in their order.

    An image that can no longer be read has zeros. Raises ModelNotHere or BadFile when the encoder cannot be loaded,
    and whatever `on_progress(done, total)` raises.
    """
    hashes = [content_hash for content_hash, _ in contents]
    _, is_there = vectors.get(encoder_id, hashes)
    missing = _by_length([contents[row] for row in np.flatnonzero(~is_there).tolist()])
    # The same content twice is computed once.
    missing = list(dict.fromkeys(missing))
    for start in range(0, len(missing), CHUNK):
        if on_progress:
            on_progress(start, len(missing))
        _compute(encoder_id, missing[start : start + CHUNK])
    if on_progress:
        on_progress(len(missing), len(missing))
    return vectors.get(encoder_id, hashes)[0]


def of_texts(encoder_id: str, written: Sequence[str]) -> Vectors:
    """Vectors of texts that are no items, such as prompts and questions; cached all the same."""
    return ensure(encoder_id, [(hashlib.sha256(text.encode()).digest(), text) for text in written])


def _by_length(contents: Sequence[Content]) -> list[Content]:
    """Longest first: little padding in a batch, and a batch too large for the memory shows at once."""
    return sorted(contents, key=lambda content: -len(content[1] or ""))


def _compute(encoder_id: str, contents: Sequence[Content]) -> None:
    written = [(content_hash, text) for content_hash, text in contents if text is not None]
    drawn = [content_hash for content_hash, text in contents if text is None]
    # One at a time: tokenizers keep their padding as state, and two passes at once only share the cores.
    with one_at_a_time:
        if written:
            vectors.add(encoder_id, [each[0] for each in written], texts.encode(encoder_id, [t for _, t in written]))
        if drawn:
            _compute_images(encoder_id, drawn)


def _compute_images(encoder_id: str, hashes: Sequence[bytes]) -> None:
    if encoder_id == catalogue.DESCRIPTOR:
        found = images.each(hashes, descriptor.SIDE, descriptor.describe)
    else:
        found = images.encode(encoder_id, hashes)
    readable = [
        (content_hash, vector) for content_hash, vector in zip(hashes, found, strict=True) if vector is not None
    ]
    if readable:
        vectors.add(encoder_id, [each[0] for each in readable], np.stack([vector for _, vector in readable]))
