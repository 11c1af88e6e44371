"""Below the steps: keep the recipe under a name, train with it, see it as Python."""

import streamlit as st

from backend.augmenting import shelf
from backend.augmenting.recipes import python_source
from backend.errors import WinnowError
from db.session import writing
from pages.augment import chosen_steps
from pages.augment.editor import LOADED, saved_recipe
from pages.parts.chosen import go_to
from pages.parts.errors import show_error
from pages.parts.words import plain


def keep(size: int) -> None:
    st.text_input("Recipe name", key="augment-name", placeholder="A known name gets a new version")
    recipe_id = saved_recipe()
    with st.container(horizontal=True, gap="small"):
        st.button("Save recipe", on_click=save, type="primary")
        if st.button("Train with it", disabled=recipe_id is None, help=None if recipe_id else "Save the recipe first."):
            go_to("train", recipe=recipe_id)
        if st.button("Show the Python"):
            show_python(size)
    if problem := st.session_state.pop("augment-problem", None):
        show_error(problem)


@st.dialog("This recipe in Python", width="large")
def show_python(size: int) -> None:
    st.caption("torchvision makes the same pixels from this, without Winnow.")
    st.code(python_source(chosen_steps.plain_steps(), size), language="python")


def save() -> None:
    """Before the page is drawn again, so that its picker already has the new recipe."""
    try:
        with writing() as session:
            recipe = shelf.save(session, st.session_state["augment-name"], chosen_steps.plain_steps())
    except WinnowError as error:
        st.session_state["augment-problem"] = error
        return
    st.toast(f"Saved: {plain(recipe.name)}, version {recipe.version}")
    st.session_state["augment-start"] = st.session_state[LOADED] = f"recipe:{recipe.id}"
