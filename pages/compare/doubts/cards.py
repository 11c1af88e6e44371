"""Cards of what was found: the item, its label, what is proposed and why, and a button for each answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

import streamlit as st

from backend import items
from backend.inspecting import standing
from db import items as rows
from db.models import LabelClass, Project
from db.session import reading
from pages.parts.files import joined

TEXT_LETTERS = 2_000


class Press(TypedDict):
    """An answer that was pressed on a card. press: its own id; id: of the item; kind: of what was found."""

    press: str
    id: int
    kind: str
    what: Literal["accept", "keep"]


HERE = Path(__file__).parent
_cards = st.components.v2.component(
    "winnow_doubts",
    js=joined(HERE, ("../../parts/chips.js", "../../parts/ids.js", "cards.js")),
    css=joined(HERE, ("../../parts/chips.css", "cards.css")),
)


def draw(
    project: Project, found: Sequence[Mapping[str, Any]], classes: Sequence[LabelClass], key: str
) -> tuple[set[int], list[Press]]:
    """Draw a card each. Returns the ids of the items that are ticked, and what was pressed and is not `settled`."""
    seen: list[str] = st.session_state.get(f"{key}-seen", [])
    result = _cards(
        key=key,
        data={"cards": cards(project, found, classes), "seen": seen},
        default={"selected": [], "decided": []},
        on_selected_change=lambda: None,
        on_decided_change=lambda: None,
    )
    st.session_state[f"{key}-seen"] = [each["press"] for each in result.decided or [] if each["press"] in seen]
    return set(result.selected or []), [each for each in result.decided or [] if each["press"] not in seen]


def settled(presses: Sequence[Press], key: str) -> None:
    """These have been decided on, or cannot be."""
    seen = st.session_state.get(f"{key}-seen", [])
    st.session_state[f"{key}-seen"] = [*seen, *(each["press"] for each in presses)]


def cards(project: Project, found: Sequence[Mapping[str, Any]], classes: Sequence[LabelClass]) -> list[dict[str, Any]]:
    names = {each.id: each.name for each in classes}
    chips = {each.id: {"name": each.name, "color": each.color} for each in classes}
    ids = [each[which] for each in found for which in ("item_id", "twin") if each[which] is not None]
    with reading() as session:
        shown = {each["id"]: each for each in items.as_json(session, project, rows.by_ids(session, ids))}
    return [
        {
            "id": each["item_id"],
            "kind": each["kind"],
            "item": content(shown[each["item_id"]]),
            "twin": content(shown[each["twin"]]) if each["twin"] in shown else None,
            "given": [chips[class_id] for class_id in each["given"] if class_id in chips],
            "proposed": [chips[class_id] for class_id in each["proposed"] if class_id in chips],
            "confidence": None if each["kind"] == "duplicate" else each["confidence"],
            "reason": standing.reason(each, names, multi_label=project.multi_label),
        }
        for each in found
        if each["item_id"] in shown
    ]


def content(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"image": item["image"], "text": (item["text"] or "")[:TEXT_LETTERS], "source": item["source"]}
