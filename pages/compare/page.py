"""Compare: runs side by side, what to make of the difference, and the items behind it."""

from collections.abc import Sequence

import streamlit as st

from backend.evaluating import comparison
from db import comparison as rows
from db import jobs
from db.comparison import Listed
from db.models import Project, RunState
from db.session import reading
from pages.compare import class_by_class, curves, figures, item_by_item
from pages.compare.choice import choose_runs
from pages.parts import suggest_with
from pages.parts.chosen import chosen_project, go_to
from pages.parts.words import plain


def show() -> None:
    project = chosen_project()
    st.title("Compare")
    with reading() as session:
        listed = rows.listed(session, project.id)
    if not listed:
        invite_to_train()
        return
    run_ids = choose_runs(project, listed)
    if not run_ids:
        st.info("Choose at least one run above.")
        return
    suggest_with_one(project, [run for run in listed if run.id in run_ids])
    is_live = any(run.id in run_ids and run.state in jobs.ACTIVE for run in listed)
    st.fragment(side_by_side, run_every=3.0 if is_live else None)(project, run_ids, is_live=is_live)


def suggest_with_one(project: Project, chosen: Sequence[Listed]) -> None:
    finished = {run.id: f"Suggest with {run.name}" for run in chosen if run.state == RunState.DONE}
    if len(finished) == 1:
        finished = dict.fromkeys(finished, "Suggest with this run")
    with st.container(horizontal=True, gap="small"):
        suggest_with.buttons(project, finished)
    suggest_with.what_follows(project)


def invite_to_train() -> None:
    st.info("There is no run in this project yet. Train a model, then see here how good it is and what it gets wrong.")
    if st.button("Train a model", type="primary"):
        go_to("train")


def side_by_side(project: Project, run_ids: Sequence[int], *, is_live: bool) -> None:
    with reading() as session:
        found = comparison.compare(session, project, run_ids)
    if is_live and not any(run["state"] in jobs.ACTIVE for run in found["runs"]):
        st.rerun()
    if found["warnings"]:
        st.warning("  \n".join(plain(each["message"]) for each in found["warnings"]), icon=":material/info:")
    figures.show(found)
    curves.show(found)
    class_by_class.show(found)
    item_by_item.show(project, found)
