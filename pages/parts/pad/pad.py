"""The labeling pad: a component that talks to /api itself, so that a key press never waits for a run of the page.

Its script is one module put together from the files beside this one; each says at its top what it does.
"""

from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
SCRIPTS = ("outbox.js", "keys.js", "ahead.js", "help.js", "view.js", "decisions.js", "pad.js", "mount.js")

mount = st.components.v2.component(
    "winnow.pad",
    js="\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS),
    css=(HERE / "pad.css").read_text(encoding="utf-8"),
    # In the page's own tree, where people's scripts find it.
    isolate_styles=False,
)


def label_pad(project: dict[str, Any]) -> str | None:
    """Draw the pad. Returns the address of the page that the person asked for at the end of the queue."""
    return mount(key="pad", data=project, on_go_change=lambda: None).go
