"""The labeling pad: a component that talks to /api itself, so that a key press never waits for a run of the page.

Its script is one module put together from the files beside this one; each says at its top what it does.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.annotator import named
from pages.parts.files import joined

HERE = Path(__file__).parent
SCRIPTS = (
    "../element.js",
    "../ids.js",
    "outbox.js",
    "tab.js",
    "who.js",
    "keys.js",
    "zoom.js",
    "item.js",
    "ahead.js",
    "orders.js",
    "again.js",
    "over.js",
    "dialogs.js",
    "help.js",
    "grid.js",
    "second_looks.js",
    "blind.js",
    "view.js",
    "decisions.js",
    "pad.js",
    "mount.js",
)
STYLES = ("pad.css", "item.css", "grid.css")

mount = st.components.v2.component(
    "winnow.pad",
    js=joined(HERE, SCRIPTS),
    css=joined(HERE, STYLES),
    # In the page's own tree, where people's scripts find it.
    isolate_styles=False,
)


def label_pad(project: dict[str, Any]) -> str | None:
    """Draw the pad. Returns the address of the page that the person asked for at the end of the queue."""
    told = mount(key="pad", data=project, on_go_change=lambda: None, on_annotator_change=lambda: None)
    named(told.annotator)
    return told.go
