"""Test items as cards: the item, its label, what each run said of it, and a way to mend the label in place.

The cards label and undo over /api by themselves, so that no press waits for a run of the page.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from backend.evaluating import agreement, looks
from db import projects
from db.models import Project
from db.session import reading
from pages.parts.annotator import annotator_now
from pages.parts.files import joined

CARDS = 24
TEXT_LETTERS = 1_500
# It opens the items on the Label page (see item_by_item), so here it is no class's.
TAKEN_KEY = "l"

HERE = Path(__file__).parent
mount = st.components.v2.component(
    "winnow_gallery",
    js=joined(HERE, ("../parts/element.js", "../parts/ids.js", "mending.js", "gallery.js")),
    css=joined(HERE, ("gallery.css",)),
)


def draw(
    project: Project,
    found: Mapping[str, Any],
    runs: Sequence[Mapping[str, Any]],
    item_ids: Sequence[int],
    names: Mapping[int, str],
    *,
    key: str,
) -> None:
    """The first of these items, and more on demand. names: of the runs. key: of this choice of items."""
    more = f"gallery-more-{key}"
    count = st.session_state.get(more, CARDS)
    with reading() as session:
        cards = agreement.cards(session, project, runs, item_ids[:count])
        open_ids = {each.id: each.key for each in projects.classes(session, project.id)}
        known = {each.id: (each.name, each.color) for each in projects.classes(session, project.id, with_archived=True)}
    known |= {each["id"]: (each["name"], each["color"]) for each in found["classes"] if each["id"] not in known}
    classes = [
        {
            "id": class_id,
            "name": name,
            "color": color,
            "isOpen": class_id in open_ids,
            "key": key_of(open_ids, class_id),
        }
        for class_id, (name, color) in known.items()
    ]
    mount(
        key="gallery",
        data={
            "url": f"/api/projects/{project.id}",
            "several": project.multi_label,
            "annotator": annotator_now(),
            "classes": classes,
            "runs": {str(run_id): name for run_id, name in names.items()},
            "cards": [card | {"text": looks.cut(card["text"] or "", TEXT_LETTERS)} for card in cards],
        },
    )
    if count < len(item_ids):
        left = min(CARDS, len(item_ids) - count)
        if st.button(f"Show {left} more", key="gallery-more", help=f"{count:,} of {len(item_ids):,} are shown."):
            st.session_state[more] = count + CARDS
            st.rerun(scope="fragment")


def key_of(keys: Mapping[int, str], class_id: int) -> str:
    key = keys.get(class_id, "")
    return "" if key == TAKEN_KEY else key
