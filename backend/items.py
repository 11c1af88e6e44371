"""Items as the API and the pad show them: with their labels and the suggestion of the set in use.

Where a project is labeled blind, no suggestion is shown anywhere.
"""

from array import array
from collections.abc import Sequence
from typing import Any

from backend import errors, projects
from db import decisions, labels, suggestions
from db import items as rows
from db.models import Item, Project, Status, Suggestion, SuggestionSet
from db.session import Session


def get(session: Session, item_id: int) -> Item:
    item = rows.get(session, item_id)
    if item is None:
        raise errors.NotFound(f"There is no item {item_id}.", "It may have been deleted. Reload the page.")
    return item


def as_json(
    session: Session, project: Project, items: Sequence[Item], *, is_blind: bool = False
) -> list[dict[str, Any]]:
    """In the order given. Blind items show neither a suggestion nor what was decided."""
    if is_blind:
        return [_as_json(project, item) | {"status": Status.TODO, "is_blind": True} for item in items]
    item_ids = [item.id for item in items]
    class_ids = labels.class_ids_of(session, item_ids)
    used_set = shown_set(session, project)
    guesses = suggestions.of_items(session, used_set.id, item_ids) if used_set else {}
    names = decisions.annotator_names(session, [item.annotator_id for item in items if item.annotator_id])
    event_ids = decisions.event_ids(session, [item.last_event_id for item in items if item.last_event_id])
    return [
        _as_json(project, item)
        | {
            "class_ids": class_ids.get(item.id, []),
            "split": item.split,
            "annotator": names.get(item.annotator_id or 0),
            # A client that labels the item says which decision it saw on it.
            "over": event_ids.get(item.last_event_id or 0),
            "suggestion": suggestion_as_json(used_set, guesses[item.id]) if used_set and item.id in guesses else None,
        }
        for item in items
    ]


def _as_json(project: Project, item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": project.kind,
        "text": item.text,
        "image": image_address(item) if item.media_type else None,
        "media_type": item.media_type,
        "width": item.width,
        "height": item.height,
        # Of an animation or a document with pages, of which the first is shown.
        "frames": (item.meta or {}).get("frames"),
        "source": item.source,
        "status": item.status,
        "class_ids": [],
        "split": None,
        "annotator": None,
        "over": None,
        "suggestion": None,
    }


def shown_set(session: Session, project: Project) -> SuggestionSet | None:
    """The suggestions that people may see: those in use, unless the project is labeled blind."""
    if project.suggestion_set_id is None or projects.is_blind(project):
        return None
    return suggestions.get_set(session, project.suggestion_set_id)


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
