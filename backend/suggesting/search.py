"""Find items by words or by likeness, over the cached vectors. Needs no labels.

`search` is the assistant's task, for words must be encoded; `find` asks it from the app.
"""

from typing import Any

import numpy as np

from backend import errors, projects, suggesting
from backend.encoding import vectors
from backend.encoding.vectors import Vectors
from backend.jobs import ask
from backend.models import catalogue
from db import items
from db import suggestions as rows
from db.session import reading

# Vectors in memory at once.
PIECE = 20_000


def find(project_id: int, text: str | None = None, item_id: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """[{"id", "score"}], best first. Ask from the app; raises what `search` raises."""
    return list(ask.now("search", project_id=project_id, text=text, item_id=item_id, limit=limit)["items"])


def search(project_id: int, text: str | None = None, item_id: int | None = None, limit: int = 50) -> dict[str, Any]:
    """{"items": [{"id", "score"}]}: the items nearest to the words, or to another item; score is the cosine."""
    with reading() as session:
        project = projects.get(session, project_id)
        encoder_id = suggesting.encoder_of(session, project)
        pairs = rows.hashes(session, project_id)
    question = _of_item(project_id, encoder_id, item_id) if item_id is not None else _of_text(encoder_id, text or "")
    scores = np.full(len(pairs), -2.0, np.float32)
    for start in range(0, len(pairs), PIECE):
        found, is_there = vectors.get(encoder_id, [content_hash for _, content_hash in pairs[start : start + PIECE]])
        if found.shape[1]:
            scores[start : start + PIECE][is_there] = found[is_there] @ question
    order = np.argsort(-scores, kind="stable")[: limit + 1].tolist()
    best = [{"id": pairs[row][0], "score": round(float(scores[row]), 4)} for row in order if scores[row] > -1.5]
    if not best:
        raise errors.Conflict("No item has been prepared for search yet.", "Make suggestions once, on the Label page.")
    return {"items": [each for each in best if each["id"] != item_id][:limit]}


def _of_text(encoder_id: str, text: str) -> Vectors:
    from backend.encoding import encode

    if not text.strip():
        raise errors.Invalid("There is nothing to search for.", "Write a few words.")
    model = catalogue.find(encoder_id)
    if not model.how:
        size = catalogue.size_words(catalogue.find(catalogue.CLIP).size_bytes)
        raise errors.Invalid(
            "Images can be searched by words once CLIP has made suggestions.",
            f"Fetch CLIP ({size}) on the Label page and make suggestions with it, or look for items like another.",
        )
    return encode.of_texts(encoder_id, [text.strip()])[0]


def _of_item(project_id: int, encoder_id: str, item_id: int) -> Vectors:
    from backend.encoding import encode

    with reading() as session:
        item = items.get(session, item_id)
    if item is None or item.project_id != project_id:
        raise errors.NotFound(f"There is no item {item_id} in this project.", "Reload the page.")
    return encode.ensure(encoder_id, [(item.content_hash, item.text)])[0]
