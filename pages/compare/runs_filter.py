"""Which runs the list shows and how they are put together: in the address, so that a link shows the same."""

from collections.abc import Sequence

import streamlit as st

from backend.evaluating import run_list
from backend.evaluating.run_list import Row, Wanted
from db.models import JobState
from pages.parts.job_card import STATE_WORDS
from pages.parts.words import plain

# Parameter of the address -> title of its list of choices.
LISTS = {"tag": "Tag", "state": "State", "method": "Method", "base": "Base", "data": "Data"}
ARCHIVED = {"": "Left out", "yes": "Listed too", "only": "Only these"}
GROUPS = {
    "": "Not",
    "settings": "Same settings, any seed",
    "method": "Method",
    "base": "Base",
    "data": "Data",
    "sweep": "Sweep",
    "tag": "Tag",
    "state": "State",
    "recipe": "Augmentation recipe",
}
# One of the groups, by its name.
ONE = "one"
# How often all were asked for again.
CLEARED = "runs-cleared"


def archived() -> str:
    asked = st.query_params.get("archived", "")
    return asked if asked in ARCHIVED else ""


def wanted(found: Sequence[Row]) -> Wanted:
    """Draw the filters; what they ask for."""
    words, tag, state, more, by = st.columns([3, 2, 2, 1.3, 2], vertical_alignment="bottom")
    with words:
        find()
    with tag:
        one_of_several("tag", found)
    with state:
        one_of_several("state", found)
    with more.popover("More", icon=":material/filter_list:", width="stretch"):
        for name in ("method", "base", "data"):
            one_of_several(name, found)
        st.session_state["runs-starred"] = "starred" in st.query_params
        st.checkbox("Only with a star", key="runs-starred", on_change=write, args=("starred",))
        one_of("archived", "Archived runs", ARCHIVED)
    with by:
        one_of("group", "Group by", GROUPS)
    lists = {name: tuple(st.session_state[f"runs-{name}"]) for name in LISTS}
    return Wanted(st.session_state["runs-find"], is_starred=st.session_state["runs-starred"], **lists)


def find() -> None:
    st.session_state["runs-find"] = st.query_params.get("find", "")
    st.text_input(
        "Find",
        key="runs-find",
        placeholder="Words of a name, note or tag",
        icon=":material/search:",
        on_change=write,
        args=("find",),
    )


def one_of_several(name: str, found: Sequence[Row]) -> None:
    asked = st.query_params.get_all(name)
    st.session_state[f"runs-{name}"] = asked
    # What the address asks for may be had by no run any more.
    there = run_list.choices(found, name)
    options = [*there, *(each for each in asked if each not in there)]
    st.multiselect(
        LISTS[name],
        options,
        key=f"runs-{name}",
        format_func=lambda value: in_words(name, value),
        placeholder="Any",
        on_change=write,
        args=(name,),
    )


def one_of(name: str, title: str, choices: dict[str, str]) -> None:
    asked = st.query_params.get(name, "")
    st.session_state[f"runs-{name}"] = asked if asked in choices else ""
    st.selectbox(title, list(choices), key=f"runs-{name}", format_func=choices.get, on_change=write, args=(name,))


def write(name: str) -> None:
    """What the person chose becomes the address. What asks for nothing is not in it."""
    value = st.session_state[f"runs-{name}"]
    if name == "group":
        st.query_params.pop(ONE, None)
    if value:
        st.query_params[name] = "yes" if value is True else value
    else:
        st.query_params.pop(name, None)


def clear() -> None:
    for name in ("find", "starred", "archived", ONE, *LISTS):
        st.query_params.pop(name, None)
    # A selected line cannot be taken back: the groups begin anew, as another table.
    st.session_state[CLEARED] = st.session_state.get(CLEARED, 0) + 1


def in_words(name: str, value: str) -> str:
    if value == run_list.NONE:
        return "None"
    return STATE_WORDS[JobState(value)] if name == "state" and value in list(JobState) else value


def said(asked: Wanted) -> str:
    """What is asked for behind "More", where it cannot be seen."""
    told = [
        f"{LISTS[name]}: {', '.join(in_words(name, value) for value in values)}"
        for name in ("method", "base", "data")
        if (values := getattr(asked, name))
    ]
    told += ["only with a star"] if asked.is_starred else []
    told += {"yes": ["with the archived"], "only": ["only the archived"]}.get(archived(), [])
    return plain(" · ".join(told))
