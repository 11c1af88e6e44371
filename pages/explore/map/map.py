"""The map as a component: it draws the points and talks to /api itself, so that nothing waits for a run of the page.

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
    "../../parts/ids.js",
    "api.js",
    "points.js",
    "camera.js",
    "colours.js",
    "webgl.js",
    "canvas.js",
    "cards.js",
    "hover.js",
    "pointer.js",
    "bar.js",
    "legend.js",
    "deeds.js",
    "panel.js",
    "save.js",
    "keys.js",
    "map.js",
    "mount.js",
)

mount = st.components.v2.component(
    "winnow.map",
    js=joined(HERE, SCRIPTS),
    css=joined(HERE, ("map.css",)),
    # In the page's own tree, where the focus and people's scripts find it.
    isolate_styles=False,
)


def item_map(project: dict[str, Any]) -> str | None:
    """Draw the map. Returns the order of the label page that the person asked for, once."""
    told = mount(key="map", data=project, on_go_change=lambda: None)
    order: str | None = told.go
    return order
