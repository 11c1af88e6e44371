"""A button that opens the label page on just these items, in this order."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.labeling import worklists
from db.models import Project
from db.session import writing
from pages.parts.chosen import go_to


def open_button(
    project: Project,
    name: str,
    item_ids: Sequence[int],
    *,
    key: str,
    notes: Mapping[int, str] | None = None,
    words: str = "Go through them",
    **how: Any,
) -> None:
    """how: more of st.button, such as shortcut="l" or type="primary"."""
    how = {"icon": ":material/label:", "help": "On the Label page, one after the other."} | how
    if st.button(words, key=key, disabled=not item_ids, **how):
        with writing() as session:
            order = worklists.order_of(worklists.start(session, project, name, item_ids, notes))
        go_to("label", order=order)
