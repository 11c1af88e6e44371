"""Cards of what was found: the item, its label, what is proposed and why, and a button for each answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from backend import items
from backend.inspecting import standing
from db import items as rows
from db.models import LabelClass, Project
from db.session import reading
from pages.parts.chips import component_files

TEXT_LETTERS = 2_000
What = Literal["accept", "keep"]

_cards = st.components.v2.component("winnow_doubts", **component_files(Path(__file__)))


def draw(
    project: Project, found: Sequence[Mapping[str, Any]], classes: Sequence[LabelClass], key: str
) -> tuple[set[int], tuple[int, What] | None]:
    """Draw a card each. Returns the ids of the items that are ticked, and what was just decided on which, once."""
    result = _cards(
        key=key,
        data={"cards": cards(project, found, classes)},
        default={"selected": []},
        on_selected_change=lambda: None,
        on_decided_change=lambda: None,
    )
    decided = result.decided
    return set(result.selected or []), (int(decided["id"]), decided["what"]) if decided else None


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
