"""Find items by words or by likeness, over the cached vectors. Needs no labels.

`search` (among all items) and `nearest_to_do` (for the queue) are tasks of the assistant, for words must be encoded;
`find` asks it from the app.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np

from backend import errors, projects, suggesting
from backend.encoding import nearest, vectors
from backend.encoding.vectors import Vectors
from backend.jobs import ask
from backend.models import catalogue
from db import items
from db import projects as project_rows
from db import queue as queue_rows
from db.models import Status
from db.queue import Part
from db.session import Session, reading

# So many items are compared one and all. Of more, those are looked up whose vectors lie nearest, whosever they are.
FEW = 20_000


@dataclass(frozen=True)
class Among:
    """The items to search: how many, all of them as (id, content hash), or the ids of some content hashes."""

    count: int
    pairs: Callable[[], Sequence[tuple[int, bytes]]]
    of_hashes: Callable[[Sequence[bytes]], dict[bytes, int]]


def find(project_id: int, text: str | None = None, item_id: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """[{"id", "score"}], best first. Ask from the app; raises what `search` raises."""
    return list(ask.now("search", project_id=project_id, text=text, item_id=item_id, limit=limit)["items"])


def search(project_id: int, text: str | None = None, item_id: int | None = None, limit: int = 50) -> dict[str, Any]:
    """{"items": [{"id", "score"}]}: the items nearest to the words, or to another item; score is the cosine."""
    encoder_id, question = _question(project_id, text, item_id)
    with reading() as session:
        best = list(islice(_ranked(encoder_id, question, _all(session, project_id)), limit + 1))
    if not best:
        raise errors.Conflict("No item has been prepared for search yet.", "Make suggestions on the Suggest page.")
    found = [{"id": each, "score": round(score, 4)} for each, score in best if each != item_id]
    return {"items": found[:limit]}


def nearest_to_do(
    project_id: int,
    limit: int,
    *,
    text: str | None = None,
    item_id: int | None = None,
    without: Collection[int] = (),
    holder: str = "",
) -> dict[str, Any]:
    """{"items": [ids]}: as `search`, but only items to do, without those that the caller names or that others hold."""
    encoder_id, question = _question(project_id, text, item_id)
    left_out = [*without, item_id] if item_id is not None else without
    with reading() as session:
        among = _to_do(session, Part(project_id, FEW, left_out, holder=holder))
        best = list(islice(_ranked(encoder_id, question, among), limit))
    if not best:
        # Either all is done, or nothing is prepared; then this says so.
        search(project_id, text, item_id, 1)
    return {"items": [each for each, _ in best]}


def _all(session: Session, project_id: int) -> Among:
    def of_hashes(some: Sequence[bytes]) -> dict[bytes, int]:
        found = items.by_hashes(session, project_id, some)
        return {each: item_id for each, (item_id, status) in found.items() if status != Status.DELETED}

    count = project_rows.count_items(session, project_id)
    return Among(count, lambda: items.hashes(session, project_id), of_hashes)


def _to_do(session: Session, part: Part) -> Among:
    count = project_rows.status_counts(session, [part.project_id])[part.project_id].get(Status.TODO, 0)
    return Among(
        count,
        lambda: list(zip(*queue_rows.hashes(session, part), strict=True)),
        lambda some: queue_rows.of_hashes(session, part, some),
    )


def _ranked(encoder_id: str, question: Vectors, among: Among) -> Iterator[tuple[int, float]]:
    """(id, cosine), best first, of those that have a vector."""
    if among.count <= FEW:
        pairs = among.pairs()
        found, is_there = vectors.get(encoder_id, [content_hash for _, content_hash in pairs])
        scores = found[is_there] @ question if found.shape[1] else np.empty(0)
        there = np.flatnonzero(is_there)
        yield from ((pairs[there[row]][0], float(scores[row])) for row in np.argsort(-scores, kind="stable"))
        return
    seen: set[int] = set()
    for named in nearest.ranked(encoder_id, question):
        ids = among.of_hashes([content_hash for content_hash, _ in named])
        for content_hash, score in named:
            item_id = ids.get(content_hash)
            if item_id is not None and item_id not in seen:
                seen.add(item_id)
                yield item_id, score


def _question(project_id: int, text: str | None, item_id: int | None) -> tuple[str, Vectors]:
    """The encoder in use, and the vector to compare with, (d,)."""
    with reading() as session:
        encoder_id = suggesting.encoder_of(session, projects.get(session, project_id))
    if item_id is not None:
        return encoder_id, _of_item(project_id, encoder_id, item_id)
    return encoder_id, _of_words(encoder_id, " ".join((text or "").split()))


def _of_words(encoder_id: str, words: str) -> Vectors:
    if not words:
        raise errors.Invalid("There is nothing to search for.", "Write a few words.")
    model = catalogue.find(encoder_id)
    if not model.how:
        size = catalogue.size_words(catalogue.find(catalogue.CLIP).size_bytes)
        raise errors.Invalid(
            "Images can be searched by words once CLIP has made suggestions.",
            f"Fetch CLIP ({size}) on the Models page and make suggestions with it, or look for items like another.",
        )
    return _encoded(encoder_id, catalogue.revision_of(encoder_id), words)


@lru_cache(maxsize=500)
def _encoded(encoder_id: str, _revision: str, words: str) -> Vectors:
    """Kept here and not with the items' vectors: that file would grow with every question, and be indexed anew."""
    from backend.encoding import encode, texts

    # As for items: tokenizers keep their padding as state.
    with encode.one_at_a_time:
        return np.asarray(texts.encode(encoder_id, [words])[0], np.float32)


def _of_item(project_id: int, encoder_id: str, item_id: int) -> Vectors:
    from backend.encoding import encode

    with reading() as session:
        item = items.get(session, item_id)
    if item is None or item.project_id != project_id:
        raise errors.NotFound(f"There is no item {item_id} in this project.", "Reload the page.")
    return encode.ensure(encoder_id, [(item.content_hash, item.text)])[0]
