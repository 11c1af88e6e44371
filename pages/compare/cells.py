"""The items behind one cell of a confusion matrix: chosen by a click in it, or by name from a list."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend.evaluating import confusions
from backend.evaluating.answers import Answers
from backend.evaluating.confusions import Cell
from db.models import Project
from pages.compare import gallery
from pages.parts.words import plain
from pages.parts.worklist import open_button

KEY = "compare-cell"


def choose_clicked(chart: str, run_ids: tuple[int, ...], class_ids: list[int], counts: tuple[Any, ...]) -> None:
    """A click chooses the cell of the last of these runs that has items in it. For `on_select`: the page is drawn after
    it."""
    points = st.session_state[chart]["selection"]["points"]
    if not points:
        return
    i, j = points[0]["customdata"]
    holders = [run_id for run_id, of_run in zip(run_ids, counts, strict=True) if of_run[i, j]]
    if holders:
        st.session_state[KEY] = (holders[-1], (class_ids[i], class_ids[j]))
        st.toast("The items of this cell are listed below the matrices.", icon=":material/south:")


def show(project: Project, found: Mapping[str, Any], tables: Mapping[int, Answers], names: Mapping[int, str]) -> None:
    """tables: of the runs that are shown, each with its own answers. names: of the runs."""
    classes = {each["id"]: each["name"] for each in found["classes"]}
    counts = {(run_id, cell): n for run_id, table in tables.items() for cell, n in confusions.cells(table, 0).items()}
    if st.session_state.get(KEY) not in counts:
        st.session_state.pop(KEY, None)
    options = sorted(counts, key=lambda option: (option[1][0] == option[1][1], -counts[option]))
    chosen = st.selectbox(
        "Items of a cell" if not project.multi_label else "Items of a class",
        options,
        index=None,
        key=KEY,
        placeholder="Click a cell above, or choose one here" if not project.multi_label else "Choose a class",
        format_func=lambda option: described(
            option[1], counts[option], classes, names[option[0]] if len(tables) > 1 else ""
        ),
    )
    if chosen is None:
        return
    run = next(each for each in found["runs"] if each["id"] == chosen[0])
    ids = confusions.items_in(tables[chosen[0]], 0, chosen[1])
    words = described(chosen[1], len(ids), classes)
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(f"**{plain(words)}** · {plain(names[chosen[0]])}, the surest first")
    with right:
        open_button(project, f"{words}, {names[chosen[0]]}", ids, key="compare-cell-open", width="stretch")
    gallery.draw(project, found, [run], ids, names, key=f"cell-{chosen}")


def described(cell: Cell, count: int, classes: Mapping[int, str], run: str = "") -> str:
    """ "12 items of heron taken for egret"."""
    true, answered = (None if each is None else classes.get(each, "a deleted class") for each in cell)
    items = "1 item" if count == 1 else f"{count:,} items"
    if answered is None:
        told = f"{items} where {true} was missed"
    elif true is None:
        told = f"{items} wrongly answered {answered}"
    else:
        told = f"{items} of {true} " + ("answered rightly" if true == answered else f"taken for {answered}")
    return f"{told} · {run}" if run else told
