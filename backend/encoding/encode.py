"""Vectors of contents: from the cache where they are, computed and kept where they are not.

For workers and the assistant. A content is its hash and, for a text, the text; an image is read from the blobs.
"""

import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial

import numpy as np

from backend.encoding import descriptor, images, texts, vectors
from backend.encoding.records import Values
from backend.encoding.vectors import Vectors
from backend.models import catalogue, load

Content = tuple[bytes, str | None]
# Of one pass of a model: keys and their numbers.
Made = list[tuple[bytes, Values | None]]
OnProgress = Callable[[int, int], None]

# Vectors go to the disk so often: a killed job loses as much work.
KEPT_EVERY_S = 2.0
# Texts that are tokenized at once.
CHUNK = 2_048
# Images that are described between two words about progress.
DESCRIBED = 64
one_at_a_time = threading.Lock()


def ensure(
    encoder_id: str,
    contents: Sequence[Content],
    on_progress: OnProgress | None = None,
    unreadable: set[bytes] | None = None,
) -> Vectors:
    """Vectors of all contents, (n, d) float32 of unit length, in their order.

    An image that can no longer be read has zeros, and its hash is added to `unreadable`. Raises ModelNotHere or BadFile
    when the encoder cannot be loaded, and whatever `on_progress(done, total)` raises.
    """
    hashes = [content_hash for content_hash, _ in contents]
    _, is_there = vectors.get(encoder_id, hashes)
    needs_model = encoder_id != catalogue.DESCRIPTOR and not is_there.all()
    if needs_model and vectors.is_other_precision(load.precision()):
        _, is_there = vectors.get(encoder_id, hashes)
    # The same content twice is computed once.
    missing = list(dict.fromkeys(_by_length([contents[row] for row in np.flatnonzero(~is_there).tolist()])))
    if on_progress:
        on_progress(0, len(missing))
    done = 0
    with closing(kept(_passes(encoder_id, missing), partial(vectors.add, encoder_id))) as passes:
        for count in passes:
            done += count
            if on_progress:
                on_progress(done, len(missing))
    found, is_there = vectors.get(encoder_id, hashes)
    if unreadable is not None:
        unreadable.update(itertools.compress(hashes, ~is_there))
    return found


def of_texts(encoder_id: str, written: Sequence[str]) -> Vectors:
    """Vectors of texts that are no items, such as prompts and questions; cached all the same."""
    return ensure(encoder_id, [(hashlib.sha256(text.encode()).digest(), text) for text in written])


def _by_length(contents: Sequence[Content]) -> list[Content]:
    """Longest first: little padding in a batch, and a batch too large for the memory shows at once."""
    return sorted(contents, key=lambda content: -len(content[1] or ""))


def kept(source: Generator[Made, None, None], add: Callable[[list[bytes], Values], None]) -> Generator[int, None, None]:
    """Give what `source` computes to `add` every few seconds; yields how many each pass was for.

    source: lists of (key, numbers), None for what has none. What was done before a stop is kept.
    """
    waiting: list[tuple[bytes, Values]] = []
    kept_at = time.monotonic()

    def keep() -> None:
        if waiting:
            add([key for key, _ in waiting], np.stack([numbers for _, numbers in waiting]))
            waiting.clear()

    try:
        while True:
            # One at a time: tokenizers keep their padding as state, and two passes at once only share the cores.
            with one_at_a_time:
                made = next(source, None)
            if made is None:
                return
            waiting += [(key, numbers) for key, numbers in made if numbers is not None]
            if time.monotonic() - kept_at > KEPT_EVERY_S:
                keep()
                kept_at = time.monotonic()
            yield len(made)
    finally:
        keep()
        source.close()


def _passes(encoder_id: str, contents: Sequence[Content]) -> Generator[Made, None, None]:
    """(content hash, vector) of each content, None for what cannot be read; as many at a time as the model takes."""
    written = [(content_hash, text) for content_hash, text in contents if text is not None]
    drawn = [content_hash for content_hash, text in contents if text is None]
    for start in range(0, len(written), CHUNK):
        chunk = written[start : start + CHUNK]
        for rows, found in texts.each_batch(encoder_id, [text for _, text in chunk]):
            yield [(chunk[row][0], vector) for row, vector in zip(rows, found, strict=True)]
    if encoder_id != catalogue.DESCRIPTOR:
        for rows, seen in images.each_batch(encoder_id, drawn) if drawn else ():
            yield [(drawn[row], vector) for row, vector in zip(rows, seen, strict=True)]
        return
    for start in range(0, len(drawn), DESCRIBED):
        some = drawn[start : start + DESCRIBED]
        yield list(zip(some, images.each(some, descriptor.SIDE, descriptor.describe), strict=True))
