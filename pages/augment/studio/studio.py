"""The augmentation studio: a component that talks to /api itself, so that a slider never waits for a run of the page.

Its script is one module put together from the files beside this one; each says at its top what it does.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.files import joined

HERE = Path(__file__).parent
SCRIPTS = (
    "../../parts/element.js",
    "../../parts/said.js",
    "dom.js",
    "wire.js",
    "recipe.js",
    "kept.js",
    "settings.js",
    "dragging.js",
    "cards.js",
    "steps.js",
    "adding.js",
    "shelf.js",
    "bringing.js",
    "controls.js",
    "asking.js",
    "words.js",
    "grid.js",
    "texts.js",
    "compare.js",
    "replay.js",
    "frame.js",
    "studio.js",
    "mount.js",
)
STYLES = ("studio.css", "steps.css", "grid.css")

mount = st.components.v2.component(
    "winnow_studio",
    js=joined(HERE, SCRIPTS),
    css=joined(HERE, STYLES),
)


def studio(data: dict[str, Any]) -> dict[str, Any] | None:
    """Draw the studio. Returns {"page", "recipe"} when the person asked for another page, once.

    data: what `pages.augment.page.told` says.
    """
    told = mount(key="augment-studio", data=data, on_go_change=lambda: None)
    return dict(told.go) if told.go else None
