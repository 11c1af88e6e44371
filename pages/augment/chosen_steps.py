"""The steps in the editor, kept in the session: each with a number of its own, so that its widgets follow it about."""

import itertools
from collections.abc import Sequence
from typing import Any

import streamlit as st

from backend.augmenting import catalogue

KEY = "augment-steps"
_numbers = itertools.count(1)


def get() -> list[dict[str, Any]]:
    return st.session_state.setdefault(KEY, [])


def plain_steps() -> list[dict[str, Any]]:
    """As a recipe stores them."""
    return [{name: step[name] for name in ("transform", "params", "probability")} for step in get()]


def replace(steps: Sequence[dict[str, Any]]) -> None:
    """New numbers mean new widgets, which then show the new values."""
    st.session_state[KEY] = [numbered(step) for step in catalogue.validate(list(steps))]


def add(name: str) -> None:
    step = numbered(catalogue.new_step(name))
    get().append(step)
    st.session_state["augment-opened"] = step["number"]


def remove(number: int) -> None:
    st.session_state[KEY] = [step for step in get() if step["number"] != number]


def move(number: int, by: int) -> None:
    """Up with -1, down with 1; at the end it stays."""
    steps = get()
    place = next(index for index, step in enumerate(steps) if step["number"] == number)
    steps.insert(min(max(place + by, 0), len(steps) - 1), steps.pop(place))


def numbered(step: dict[str, Any]) -> dict[str, Any]:
    return {"number": next(_numbers), **step}
