"""Samples as an encoder sees them: pictures and texts that exist nowhere but in training, as vectors.

They are not put into the vector cache, which is for items; a few of the newest are remembered, for a person who moves
one slider leaves all other steps as they were.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from backend.augmenting import images, readers, recipes, sight, texts
from backend.encoding import descriptor, encode
from backend.encoding import images as image_encoders
from backend.encoding import texts as text_encoders
from backend.encoding.vectors import Vectors
from backend.models import catalogue, load

if TYPE_CHECKING:
    from torch import Tensor

# Of one item and a few epochs each: some MB.
KEPT = 1_000


@dataclass(frozen=True)
class Way:
    """How samples are made and looked at. revision: of the encoder, so that other weights are other vectors."""

    kind: str
    base: str
    size: int
    seed: int
    encoder_id: str
    revision: str
    long_texts: str = "start"


def way(kind: str, base: str, size: int, seed: int, encoder_id: str) -> Way:
    """Raises ModelNotHere, and BadFile when the base cannot be loaded: now, not for each item."""
    if kind == "text":
        readers.tokenizer_of(catalogue.folder_of(base))
    else:
        sight.processor_of(base, size)
    return Way(kind, base, size, seed, encoder_id, catalogue.revision_of(encoder_id))


def original(way: Way, content: encode.Content, epoch: int = 0) -> Vectors:
    """(d,) of unit length: the item as the base sees it, unchanged. Raises BadFile.

    epoch: of which window of a long text, where it is read in windows.
    """
    return samples(way, content, (), range(epoch, epoch + 1))[0]


def samples(way: Way, content: encode.Content, steps: Sequence[dict[str, Any]], epochs: range) -> Vectors:
    """(n, d) of unit length: what training makes of the item in each of these epochs. Raises BadFile."""
    return _samples(way, content, json.dumps(list(steps)), epochs)


@lru_cache(maxsize=KEPT)
def _samples(way: Way, content: encode.Content, steps_json: str, epochs: range) -> Vectors:
    steps = json.loads(steps_json)
    if way.kind == "text":
        return of_texts(way.encoder_id, worded(way, content, steps, epochs))
    picture = images.load(content[0], way.base, way.size)
    compose = recipes.to_compose(steps, (picture.shape[1], picture.shape[2]))
    about: dict[str, Any] = {"seed": way.seed, "content_hash": content[0]}
    return of_pictures(way.encoder_id, [recipes.augment(picture, compose, epoch=each, **about) for each in epochs])


def of_pictures(encoder_id: str, pictures: Sequence["Tensor"]) -> Vectors:
    """pictures: (3, h, w) uint8 each."""
    opened = [Image.fromarray(each.permute(1, 2, 0).numpy()) for each in pictures]
    if encoder_id == catalogue.DESCRIPTOR:
        return np.stack([descriptor.describe(each) for each in opened])
    loaded = load.encoder(encoder_id)
    prepared = loaded.processor(images=opened, return_tensors="pt")["pixel_values"]
    with encode.one_at_a_time:
        return np.stack(image_encoders.of_pixels(loaded, list(prepared)))


def of_texts(encoder_id: str, written: Sequence[str]) -> Vectors:
    # Tokenizers keep their padding as state.
    with encode.one_at_a_time:
        return text_encoders.encode(encoder_id, written)


def worded(way: Way, content: encode.Content, steps: Sequence[dict[str, Any]], epochs: range) -> list[str]:
    """What the base can read in each epoch, as text for an encoder with perhaps other tokens."""
    reader = readers.reader_of(way.base, steps, way.size, way.seed, way.long_texts)
    with readers.one_at_a_time:
        read = [reader.read(content[1] or "", content[0], epoch) for epoch in epochs]
    return [as_text(reader.tokenizer, each.fed, reader.facts) for each in read]


def as_text(tokenizer: Any, ids: Sequence[int], facts: texts.Facts) -> str:
    """Without what is masked: encoders of sentences never met a mask, and would judge it instead of what is left.

    On 72 news texts with 15 % masked the marks were 26 % with masks; with 60 % left out they are 8 %.
    """
    return str(tokenizer.decode([each for each in ids if each not in facts.special]))
