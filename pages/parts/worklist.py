"""A button that opens the label page on just these items, in this order, and the way back from there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from backend.labeling import worklists
from db.models import Project
from db.session import writing
from pages.parts.chosen import go_to

Notes = Mapping[int, str]


def open_button(
    project: Project,
    name: str,
    item_ids: Sequence[int],
    *,
    key: str,
    notes: Notes | Callable[[], Notes] | None = None,
    words: str = "Go through them",
    **how: Any,
) -> None:
    """notes: item id -> why it is in the list, or what makes them when the button is pressed.

    how: more of st.button, such as shortcut="l" or type="primary".
    """
    how = {"icon": ":material/label:", "help": "On the Label page, one after the other."} | how
    if st.button(words, key=key, disabled=not item_ids, **how):
        told = notes() if callable(notes) else notes
        with writing() as session:
            order = worklists.order_of(worklists.start(session, project, name, item_ids, told))
        go_to("label", order=order, **back())


def back() -> dict[str, str]:
    """For the address of the page to open: this page with all that is in its address, but for the project."""
    here = st.session_state.get("page")
    query = {name: value for name, value in st.query_params.items() if name != "project"}
    return {"back": f"{here}?{urlencode(query)}"} if here else {}


def from_page() -> str | None:
    """The title of the page that the person came from; None where the address names none that there is."""
    page = st.session_state.get("pages", {}).get(st.query_params.get("back", "").partition("?")[0])
    return str(page.title) if page else None


def go_back() -> None:
    page, _, query = st.query_params.get("back", "").partition("?")
    go_to(page, **dict(parse_qsl(query)))
