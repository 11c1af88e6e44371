"""The left side of the Augment page: where to start from, and the chosen transforms with their settings."""

from typing import Any

import streamlit as st

from backend.augmenting import catalogue, presets, shelf
from backend.augmenting.catalogue import Parameter, Transform, Widget
from db import recipes as rows
from db.session import reading
from pages.augment import chosen_steps
from pages.parts.words import plain

SAVED_SHOWN = 100
LOADED = "augment-loaded"
FIRST = "preset:medium"


def editor() -> None:
    """Draw the editor; what it holds afterwards is `chosen_steps.plain_steps()`."""
    picked = start_from()
    about = st.empty()
    steps = chosen_steps.get()
    for place, step in enumerate(steps):
        edit(step, is_first=place == 0, is_last=place == len(steps) - 1)
    if not steps:
        st.caption("No transforms: training sees every picture as it is.")
    add_one()
    # Last, for the widgets above have only now written what they hold.
    about.caption(words_about(picked))


def start_from() -> str:
    """A picker of presets and saved recipes. Choosing one replaces the steps. Returns "preset:NAME" or "recipe:ID"."""
    with reading() as session:
        saved = rows.page(session, None, SAVED_SHOWN)
    names = {f"preset:{each.name}": each.title for each in presets.PRESETS}
    names |= {f"recipe:{each.id}": f"{each.name}, version {each.version}" for each in saved}
    # The widget's own state goes when another page is opened; what was loaded stays.
    loaded = st.session_state.setdefault(LOADED, FIRST)
    if chosen_steps.KEY not in st.session_state:
        chosen_steps.replace(steps_of(loaded))
    st.session_state.setdefault("augment-start", loaded)
    return st.selectbox("Start from", list(names), format_func=names.get, key="augment-start", on_change=load)


def words_about(picked: str) -> str:
    if chosen_steps.plain_steps() != steps_of(picked):
        return "Changed since you chose it."
    if picked.startswith("preset:"):
        return presets.find(picked.removeprefix("preset:")).purpose
    return "Your recipe, as you saved it."


def load() -> None:
    st.session_state[LOADED] = st.session_state["augment-start"]
    chosen_steps.replace(steps_of(st.session_state[LOADED]))


def saved_recipe() -> int | None:
    """The id of the recipe that was loaded or saved, as long as nothing was changed since."""
    kind, name = st.session_state[LOADED].split(":")
    is_as_saved = kind == "recipe" and chosen_steps.plain_steps() == steps_of(st.session_state[LOADED])
    return int(name) if is_as_saved else None


def steps_of(picked: str) -> list[dict[str, Any]]:
    """The steps of "preset:NAME" or "recipe:ID"."""
    kind, name = picked.split(":")
    if kind == "preset":
        return presets.steps(name)
    with reading() as session:
        return catalogue.validate(shelf.get(session, int(name)).steps)


def edit(step: dict[str, Any], *, is_first: bool, is_last: bool) -> None:
    """One transform: its settings, how often, and buttons to move or remove it. Writes into `step`."""
    transform, number = catalogue.find(step["transform"]), step["number"]
    is_open = st.session_state.get("augment-opened") == number
    with st.expander(transform.title, expanded=is_open, key=f"augment-{number}"):
        st.caption(transform.purpose)
        for parameter in transform.parameters:
            step["params"][parameter.name] = setting(parameter, step["params"][parameter.name], number)
        percent = st.slider(
            "How often", 0, 100, round(100 * step["probability"]), 5, format="%d %%", key=f"augment-{number}-often"
        )
        # A recipe from elsewhere may have a probability between the slider's steps.
        if percent != round(100 * step["probability"]):
            step["probability"] = percent / 100
        buttons(transform, number, is_first=is_first, is_last=is_last)


def setting(parameter: Parameter, value: Any, number: int) -> Any:
    """The widget of one setting; returns its value."""
    key = f"augment-{number}-{parameter.name}"
    label = f"{parameter.title} ({parameter.unit})" if parameter.unit else parameter.title
    if parameter.widget == Widget.CHOICE:
        return st.selectbox(label, parameter.choices, parameter.choices.index(value), key=key, format_func=str.title)
    as_number = int if parameter.is_whole else float
    low, high, step = (as_number(each) for each in (parameter.low, parameter.high, parameter.step))
    if parameter.widget == Widget.RANGE:
        return list(st.slider(label, low, high, tuple(value), step, key=key))
    return st.slider(label, low, high, value, step, key=key)


def buttons(transform: Transform, number: int, *, is_first: bool, is_last: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Earlier",
            icon=":material/arrow_upward:",
            key=f"augment-{number}-up",
            disabled=is_first,
            on_click=chosen_steps.move,
            args=(number, -1),
        )
        st.button(
            "Later",
            icon=":material/arrow_downward:",
            key=f"augment-{number}-down",
            disabled=is_last,
            on_click=chosen_steps.move,
            args=(number, 1),
        )
        st.button(
            "Remove",
            icon=":material/close:",
            key=f"augment-{number}-remove",
            help=f"Take {plain(transform.title)} out",
            on_click=chosen_steps.remove,
            args=(number,),
        )


def add_one() -> None:
    """Choose from the catalogue, read what it is for, add it."""
    titles = {each.name: f"{each.title} · {each.group.lower()}" for each in catalogue.TRANSFORMS}
    name = st.selectbox(
        "Add a transform",
        list(titles),
        index=None,
        format_func=titles.get,
        placeholder="Choose one to read what it is for",
        key="augment-new",
    )
    if name is None:
        return
    st.caption(catalogue.find(name).purpose)
    is_full = len(chosen_steps.get()) >= catalogue.STEPS_MAX
    st.button("Add", icon=":material/add:", on_click=add_chosen, disabled=is_full, type="primary")


def add_chosen() -> None:
    chosen_steps.add(st.session_state["augment-new"])
    st.session_state["augment-new"] = None
