"""The assistant's answer to "show me" for texts: a person's own, before and after a recipe, as training reads them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from backend.augmenting import choosing, readers, replay, text_pieces, texts
from backend.models import catalogue as models
from backend.training import text, tokens
from backend.training.text import Reader, Span
from db import items
from db.models import Item
from db.session import reading

LENGTHS = (8, 8192)
OMITTED = {"text": "…", "change": None}


def preview(
    item_ids: Sequence[int],
    steps: Sequence[Mapping[str, Any]],
    *,
    samples: int,
    seed: int,
    size: int,
    base: str,
    epoch: int = 0,
    run_id: int | None = None,
    long_texts: str = "start",
) -> dict[str, Any]:
    """Rows of {"id", "original", "samples"}; texts are lists of {"text", "change"}, as `text_pieces.pieces` makes them.

    Sample number i is what training with this seed feeds the model `base` in epoch `epoch` + i, up to `size` tokens;
    of a longer text what `long_texts` says. The original is what it reads of the unvaried text in the first of them.
    An item without a text, or that the run did not train on, has "problem" instead. "note": a sentence when a step
    changes nothing for this base. Raises Invalid, BadSpec for a mask that the base does not have, ModelNotHere,
    BadFile, NotFound, Conflict.
    """
    choosing.check_room("text", len(item_ids), samples, size, LENGTHS)
    reader = readers.reader_of(base, steps, size, seed, long_texts)
    known = set(replay.of(run_id).content_hashes) if run_id is not None else None
    with reading() as session:
        found = items.by_ids(session, item_ids)
    epochs = range(epoch, epoch + samples)
    with readers.one_at_a_time:
        rows = [row(item, reader, epochs, known) for item in found]
    title, folder = models.find(base).title, models.folder_of(base)
    return {"rows": rows, "note": texts.what_is_lost(reader.steps, title, is_uncased=tokens.is_uncased(folder))}


def row(item: Item, reader: Reader, epochs: range, known: Set[bytes] | None) -> dict[str, Any]:
    """known: the content hashes of what a run trained on, where a run is shown."""
    if item.text is None:
        return {"id": item.id, "problem": "This item is an image, not a text."}
    if known is not None and item.content_hash not in known:
        return {"id": item.id, "problem": replay.not_trained_on("text")}
    plain, places = replace(reader, steps=()), reader.places(item.text)
    return {
        "id": item.id,
        "original": shown(item, plain, epochs.start, places),
        "samples": [shown(item, reader, epoch, places) for epoch in epochs],
    }


def shown(item: Item, reader: Reader, epoch: int, places: Sequence[Span]) -> list[dict[str, Any]]:
    whole = item.text or ""
    read = reader.read(whole, item.content_hash, epoch, places=places)
    original = whole[slice(*read.place)]
    spans = text.spans(reader.tokenizer, read.text, reader.max_length, text.side_of(reader.long_texts))
    mask = reader.tokenizer.mask_token or ""
    is_whole = len(read.ids) < reader.max_length
    found = text_pieces.pieces(original, read, spans, mask, is_whole=is_whole)
    # What stands before a window or an end, and what comes after a window, is not read.
    before = [OMITTED] if read.place[0] else []
    is_told = found[-1:] == [OMITTED]
    return before + found + ([OMITTED] if read.place[1] < len(whole) and not is_told else [])
