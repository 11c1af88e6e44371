"""Items as the API and the pad show them: with their labels and the suggestion of the set in use."""

from array import array
from collections.abc import Sequence
from typing import Any

from backend import errors
from db import items as rows
from db import labels, suggestions
from db.models import Item, Project, Suggestion, SuggestionSet
from db.session import Session


def get(session: Session, item_id: int) -> Item:
    item = rows.get(session, item_id)
    if item is None:
        raise errors.NotFound(f"There is no item {item_id}.", "It may have been deleted. Reload the page.")
    return item


def as_json(session: Session, project: Project, items: Sequence[Item]) -> list[dict[str, Any]]:
    """In the order given."""
    item_ids = [item.id for item in items]
    class_ids = labels.class_ids_of(session, item_ids)
    used_set = suggestions.get_set(session, project.suggestion_set_id) if project.suggestion_set_id else None
    guesses = suggestions.of_items(session, used_set.id, item_ids) if used_set else {}
    return [
        {
            "id": item.id,
            "kind": project.kind,
            "text": item.text,
            "image": image_address(item) if item.media_type else None,
            "width": item.width,
            "height": item.height,
            "source": item.source,
            "status": item.status,
            "class_ids": class_ids.get(item.id, []),
            "split": item.split,
            "suggestion": suggestion_as_json(used_set, guesses[item.id]) if used_set and item.id in guesses else None,
        }
        for item in items
    ]


def image_address(item: Item) -> str:
    """With the start of its hash, so that a browser may keep it for ever; a size is added as `&size=`."""
    return f"/api/items/{item.id}/image?v={item.content_hash.hex()[:12]}"


def suggestion_as_json(used_set: SuggestionSet, guess: Suggestion) -> dict[str, Any]:
    scores = array("f", guess.scores)
    return {
        "id": guess.id,
        "class_id": guess.class_id,
        "confidence": round(guess.confidence, 4),
        "margin": round(guess.margin, 4),
        "scores": {class_id: round(score, 4) for class_id, score in zip(used_set.class_ids, scores, strict=True)},
        "engine": used_set.engine,
        "model": used_set.model,
    }
