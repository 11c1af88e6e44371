"""Items as the API and the pad show them: with their labels and the suggestion of the set in use.

Where a project is labeled blind, no suggestion is shown anywhere.
"""

from array import array
from collections.abc import Sequence
from typing import Any

from backend import errors, projects
from db import browse, decisions, labels, origins, suggestions
from db import gold as gold_rows
from db import items as rows
from db.browse import Cursor, Found, Sort
from db.items import Filter
from db.models import Item, Project, Status, Suggestion, SuggestionSet
from db.session import Session


def get(session: Session, item_id: int) -> Item:
    item = rows.get(session, item_id)
    if item is None:
        raise errors.NotFound(f"There is no item {item_id}.", "It may have been deleted. Reload the page.")
    return item


def find(
    session: Session,
    project: Project,
    wanted: Filter,
    *,
    sort: Sort = "oldest",
    after: Cursor | None = None,
    limit: int = 50,
) -> Found:
    """A page of the items that fit: see `db.browse.page`.

    Raises Invalid for a cursor of another order, and when suggestions are asked for that nobody may see.
    """
    if wanted.is_of_suggestions or sort in ("least_sure", "surest"):
        refuse_hidden(project)
    try:
        return browse.page(session, project.id, wanted, sort=sort, after=after, limit=limit)
    except browse.BadCursor:
        raise errors.Invalid(
            f'"{after}" is no place in this order.', "Send `next` of the page before, or none."
        ) from None


def refuse_hidden(project: Project) -> None:
    """Raises Invalid where suggestions are hidden: what fits a filter would show them."""
    if projects.is_blind(project):
        raise errors.Invalid(
            "This project is labeled blind, so nothing shows what was suggested.",
            "Leave the suggestion out, or show suggestions in the project's settings.",
        )


def as_json(
    session: Session, project: Project, items: Sequence[Item], *, is_blind: bool = False
) -> list[dict[str, Any]]:
    """In the order given. Blind items show neither a suggestion nor what was decided."""
    if is_blind:
        return [_as_json(project, item) | {"status": Status.TODO, "is_blind": True} for item in items]
    item_ids = [item.id for item in items]
    class_ids = labels.class_ids_of(session, item_ids)
    gold = gold_rows.class_ids_of(session, item_ids)
    used_set = shown_set(session, project)
    guesses = suggestions.of_items(session, used_set.id, item_ids) if used_set else {}
    names = decisions.annotator_names(session, [item.annotator_id for item in items if item.annotator_id])
    event_ids = decisions.event_ids(session, [item.last_event_id for item in items if item.last_event_id])
    return [
        _as_json(project, item)
        | {
            "class_ids": class_ids.get(item.id, []),
            "gold_class_ids": gold.get(item.id, []),
            "split": item.split,
            "annotator": names.get(item.annotator_id or 0),
            # A client that labels the item says which decision it saw on it.
            "over": event_ids.get(item.last_event_id or 0),
            "suggestion": suggestion_as_json(used_set, guesses[item.id]) if used_set and item.id in guesses else None,
        }
        for item in items
    ]


def whole(session: Session, project: Project, item: Item) -> dict[str, Any]:
    """One item with everything that is known of it."""
    [shown] = as_json(session, project, [item])
    origin = origins.name(session, item.origin_id) if item.origin_id is not None else None
    return shown | {
        # The first is the item's own; the others are where the same content was found as well.
        "sources": [item.source, *(each for each in origins.other_sources(session, item.id) if each != item.source)],
        "origin": origin,
        "meta": item.meta or {},
        "group_id": item.group_id,
        "content_hash": item.content_hash.hex(),
        "created_at": item.created_at.isoformat(),
        "decided_at": item.decided_at.isoformat() if item.decided_at else None,
    }


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
        "origin_id": item.origin_id,
        "status": item.status,
        "class_ids": [],
        "gold_class_ids": [],
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
