"""Explore: find items by words or by likeness, see what the data is made of, and where the items lie on a map."""

import streamlit as st

from db import projects as rows
from db.models import Project
from db.session import reading
from pages.explore import search
from pages.explore.map_view import map_view
from pages.explore.overview import overview
from pages.parts.chosen import chosen_project, go_to

OVERVIEW, MAP = "Overview", "Map"


def show() -> None:
    project = chosen_project()
    st.title("Explore")
    with reading() as session:
        has_items = rows.has_items(session, project.id)
    if not has_items:
        st.info("Here you search your items and see what they are made of. There are none in this project yet.")
        if st.button("Add items", type="primary"):
            go_to("data")
        return
    words, similar_to = question(project)
    is_comparing = similar_to is not None or (words and search.reads_words(project))
    if is_comparing and search.offer_vectors(project):
        return
    if similar_to is not None:
        pressed = search.by_item(project, similar_to)
    elif words:
        pressed = search.by_words(project, words)
    elif view() == MAP:
        map_view(project)
        pressed = None
    else:
        pressed = overview(project)
    if pressed is not None:
        ask_for_similar(pressed)
        st.rerun()


def question(project: Project) -> tuple[str, int | None]:
    """The words asked for and the item to compare with. Both are in the address, so that a link finds the same."""
    if "explore-words" not in st.session_state:
        st.session_state["explore-words"] = st.query_params.get("words", "")
    hint = "What is it about?" if search.reads_words(project) else "Part of a file name"
    box, back = st.columns([5, 1], vertical_alignment="bottom")
    box.text_input("Search", key="explore-words", placeholder=hint, on_change=ask_for_words, icon=":material/search:")
    words, similar_to = st.query_params.get("words", ""), st.query_params.get("similar", "")
    back.button("Clear", width="stretch", disabled=not (words or similar_to), on_click=ask_for_nothing)
    return words, int(similar_to) if similar_to.isdecimal() else None


def view() -> str:
    """The overview or the map, as the address says: a link and the browser's back button lead to the same."""
    st.session_state["explore-view"] = MAP if st.query_params.get("view") == "map" else OVERVIEW
    return str(
        st.segmented_control(
            "What to see",
            [OVERVIEW, MAP],
            key="explore-view",
            required=True,
            on_change=ask_for_view,
            label_visibility="collapsed",
        )
    )


def ask_for_view() -> None:
    if st.session_state["explore-view"] == MAP:
        st.query_params["view"] = "map"
    else:
        st.query_params.pop("view", None)


def ask_for_words() -> None:
    st.query_params.pop("similar", None)
    if words := st.session_state["explore-words"].strip():
        st.query_params["words"] = words
    else:
        st.query_params.pop("words", None)


def ask_for_similar(item_id: int) -> None:
    # The box empties with the next run: its value cannot be set once it is drawn.
    del st.session_state["explore-words"]
    st.query_params.pop("words", None)
    st.query_params["similar"] = str(item_id)


def ask_for_nothing() -> None:
    st.session_state["explore-words"] = ""
    st.query_params.pop("words", None)
    st.query_params.pop("similar", None)
