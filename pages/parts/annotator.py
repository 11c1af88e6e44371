"""Who labels: the name that was given on the Label page, asked there once and kept in the browser."""

from urllib.parse import unquote

import streamlit as st

from backend.labeling.checks import NAME_LENGTH

KEY = "annotator"
# Set by the pad (see pages/parts/pad/pad.js), so that a new session knows the name before the pad was opened.
COOKIE = "winnow_annotator"
NOBODY = "me"


def annotator_now() -> str:
    return str(st.session_state.get(KEY) or unquote(st.context.cookies.get(COOKIE, "")) or NOBODY)


def named(name: str | None) -> None:
    if name:
        st.session_state[KEY] = name


def annotator_field() -> str:
    name = st.text_input("Your name", value=annotator_now(), max_chars=NAME_LENGTH, help="The label is kept as yours.")
    return name.strip() or NOBODY
