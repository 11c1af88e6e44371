"""Items as a grid of cards: the picture or the text, its label or suggestion, and a button for more like it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from db.models import LabelClass
from pages.parts.chips import component_files

THUMBNAIL_PX = 240
TEXT_LETTERS = 2_000

_grid = st.components.v2.component("winnow_grid", **component_files(Path(__file__)))


def item_grid(cards: Sequence[dict[str, Any]], key: str) -> int | None:
    """Draw the cards; return the id of the item whose "Similar" was just pressed, once."""
    result = _grid(key=key, data={"cards": list(cards), "hasSimilar": True}, on_similar_change=lambda: None)
    return result.similar if result.similar is not None else None


def selectable_grid(cards: Sequence[dict[str, Any]], key: str) -> tuple[list[int], int | None]:
    """Draw the cards with a box on each; return the ids of the items whose box is ticked, and that of the item that was
    just clicked, once."""
    data = {"cards": list(cards), "hasSimilar": False, "isSelectable": True}
    result = _grid(
        key=key,
        data=data,
        default={"selected": []},
        on_selected_change=lambda: None,
        on_opened_change=lambda: None,
    )
    shown = {card["id"] for card in cards}
    return [item_id for item_id in result.selected or [] if item_id in shown], result.opened


def cards(
    items: Sequence[Mapping[str, Any]],
    classes: Sequence[LabelClass],
    scores: Mapping[int, float] | None = None,
    asked_id: int | None = None,
) -> list[dict[str, Any]]:
    """Cards of items as backend.items shows them.

    scores: item id -> how well it fits the search, at most 1. asked_id: the item that the others are compared with.
    """
    by_id = {each.id: {"name": each.name, "color": each.color} for each in classes}
    return [card(item, by_id, (scores or {}).get(item["id"])) | {"isAsked": item["id"] == asked_id} for item in items]


def card(item: Mapping[str, Any], classes: Mapping[int, dict[str, str]], score: float | None) -> dict[str, Any]:
    guess = item["suggestion"]
    return {
        "id": item["id"],
        "image": item["image"],
        "thumbnail": THUMBNAIL_PX,
        "text": (item["text"] or "")[:TEXT_LETTERS],
        "source": item["source"],
        "status": item["status"],
        "classes": [classes[class_id] for class_id in item["class_ids"] if class_id in classes],
        "suggestion": classes[guess["class_id"]] | {"confidence": guess["confidence"]}
        if guess and guess["class_id"] in classes
        else None,
        "score": None if score is None else round(score, 3),
    }
