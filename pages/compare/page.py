"""Compare: runs side by side, what to make of the difference, and what to do next. A view each, in the address."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import streamlit as st

from backend.evaluating import comparison
from db import comparison as rows
from db import jobs
from db.comparison import Listed
from db.models import Project, RunState
from db.session import reading
from pages.compare import today
from pages.compare.choice import choose_runs, named
from pages.parts import suggest_with
from pages.parts.chosen import chosen_project, go_to
from pages.parts.report import report_link
from pages.parts.words import plain

# Address, title, and the module that draws it.
VIEWS = {
    "runs": ("Runs", "runs_list"),
    "side": ("Side by side", "side_by_side"),
    "classes": ("Classes", "class_by_class"),
    "certainty": ("Certainty", "certainty"),
    "items": ("Item by item", "item_by_item"),
    "slices": ("Slices", "slices"),
    "errors": ("Label errors", "label_errors"),
    "next": ("What next", "what_next"),
}
# These are called with the project alone; the others with the project and what `comparison.compare` found.
WITHOUT_RUNS = ("errors", "next")
# More of them in a row would push the comparison off the page.
MOST_BUTTONS = 3


def show() -> None:
    project = chosen_project()
    st.title("Compare")
    view = choose_view()
    draw: Callable[..., None] = import_module(f"pages.compare.{VIEWS[view][1]}").show
    if view in WITHOUT_RUNS:
        draw(project)
        return
    with reading() as session:
        listed = rows.listed(session, project.id, also=named())
    if view == "runs":
        draw(project, listed)
    elif not listed:
        invite_to_train()
    else:
        of_runs(project, listed, view, draw)


def choose_view() -> str:
    """The address decides, so that a view can be linked to."""
    asked = st.query_params.get("view", "")
    st.session_state["compare-view"] = asked if asked in VIEWS else "side"
    return str(
        st.segmented_control(
            "View",
            list(VIEWS),
            format_func=lambda view: VIEWS[view][0],
            key="compare-view",
            required=True,
            on_change=lambda: st.query_params.update(view=st.session_state["compare-view"]),
            label_visibility="collapsed",
        )
    )


def of_runs(project: Project, listed: Sequence[Listed], view: str, draw: Callable[..., None]) -> None:
    run_ids = choose_runs(project, listed)
    if not run_ids:
        st.info("Choose at least one run above.")
        return
    if view == "side":
        ways_on(project, [run for run in listed if run.id in run_ids])
    is_live = any(run.id in run_ids and run.state in jobs.ACTIVE for run in listed)
    how = {"is_live": is_live, "is_today": today.is_asked()}
    st.fragment(compared, run_every=3.0 if is_live else None)(project, run_ids, draw, **how)


def ways_on(project: Project, chosen: Sequence[Listed]) -> None:
    """Suggest with one of them, or take the comparison along."""
    finished = {run.id: f"Suggest with {run.name}" for run in chosen if run.state == RunState.DONE}
    if len(finished) == 1:
        finished = dict.fromkeys(finished, "Suggest with this run")
    with st.container(horizontal=True, gap="small"):
        if len(finished) <= MOST_BUTTONS:
            suggest_with.buttons(project, finished)
        else:
            with st.popover("Suggest with one of them", icon=":material/lightbulb:"):
                suggest_with.buttons(project, finished)
        report_link(project, [run.id for run in chosen], is_today=today.is_asked())
    suggest_with.what_follows(project)


def invite_to_train() -> None:
    st.info("There is no run in this project yet. Train a model, then see here how good it is and what it gets wrong.")
    if st.button("Train a model", type="primary"):
        go_to("train")


def compared(
    project: Project, run_ids: Sequence[int], draw: Callable[..., None], *, is_live: bool, is_today: bool
) -> None:
    if today.is_asked() != is_today:
        # Just chosen: the report above is by the same labels.
        st.rerun()
    with reading() as session:
        found: Mapping[str, Any] = comparison.compare(session, project, run_ids, is_today=is_today)
    if is_live and not any(run["state"] in jobs.ACTIVE for run in found["runs"]):
        st.rerun()
    if found["warnings"]:
        st.warning("  \n".join(plain(each["message"]) for each in found["warnings"]), icon=":material/info:")
    today.choose(project, found)
    draw(project, found)
