"""The assistant's answer to "show me": a person's own images, before and after a recipe, as the model sees them."""

import base64
import io
from collections.abc import Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from backend import errors
from backend.augmenting import choosing, images, replay, variants
from db import items
from db.models import Item
from db.session import reading

if TYPE_CHECKING:
    from torch import Tensor

SIZES = (8, 1024)
JPEG_QUALITY = 85


def preview(
    item_ids: Sequence[int],
    steps: Sequence[dict[str, Any]],
    *,
    samples: int,
    seed: int,
    size: int,
    base: str,
    epoch: int = 0,
    run_id: int | None = None,
) -> dict[str, Any]:
    """Rows of {"id", "original", "samples"}, pictures as base64 JPEG, as a model on `base` sees pictures of `size`.

    Sample number i is what training with this seed feeds the model in epoch `epoch` + i, before it is normalised.
    Steps on batches take the rows as the batch, or with a run the batch in which the item really stood. An image that
    cannot be read, or that the run did not train on, has "problem" instead of pictures.
    Raises Invalid, ModelNotHere, NotFound, Conflict.
    """
    choosing.check_room("image", len(item_ids), samples, size, SIZES)
    run = replay.of(run_id) if run_id is not None else None
    known = set(run.content_hashes) if run else None
    with reading() as session:
        found = items.by_ids(session, item_ids)
    # This thread makes pictures (torch has one random state) while the others read and write them.
    with ThreadPoolExecutor() as pool:
        rows = list(pool.map(lambda item: shown_or_why(item, base, size, known), found))
        shown = [item.content_hash for item, told in zip(found, rows, strict=True) if "problem" not in told]
        columns = [
            [
                pool.submit(as_text, picture)
                for picture in variants.of(shown, steps, base=base, size=size, seed=seed, epoch=each, run=run)
            ]
            for each in range(epoch, epoch + samples)
        ]
        texts = iter([[each.result() for each in made] for made in zip(*columns, strict=True)])
    return {"rows": [told if "problem" in told else told | {"samples": next(texts)} for told in rows]}


def shown_or_why(item: Item, base: str, size: int, known: Set[bytes] | None) -> dict[str, Any]:
    """{"id", "original"}, or {"id", "problem"}: why there is nothing to show. known: what a run trained on."""
    if known is not None and item.content_hash not in known:
        return {"id": item.id, "problem": replay.not_trained_on("image")}
    try:
        return {"id": item.id, "original": original(item.content_hash, base, size)}
    except errors.BadFile as error:
        return {"id": item.id, "problem": error.message}


@lru_cache(maxsize=images.KEPT)
def original(content_hash: bytes, base: str, size: int) -> str:
    return as_text(images.load(content_hash, base, size))


def as_text(image: "Tensor") -> str:
    """(3, height, width) of 0 to 255 as base64 JPEG. What a mixture has between two whole numbers is rounded."""
    if image.is_floating_point():
        image = image.round().byte()
    file = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=JPEG_QUALITY)
    return base64.b64encode(file.getvalue()).decode()
