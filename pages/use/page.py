"""Use: give a trained model something new, and take model and data away."""

import streamlit as st

from backend.training import runs
from db import comparison
from db.models import Kind, Project, Run
from db.session import reading
from pages.parts.chosen import chosen_project, go_to
from pages.parts.words import plain
from pages.use import answer, take_away


def show() -> None:
    project = chosen_project()
    st.title("Use")
    run = choose(project)
    if run is None:
        st.info("There is no trained model in this project yet.")
        if st.button("Train a model", type="primary"):
            go_to("train")
        return
    if project.kind == Kind.TEXT:
        answer.to_text(project, run)
    else:
        answer.to_images(project, run)
    take_away.show(project, run)


def choose(project: Project) -> Run | None:
    """One of the runs that left a model: the one in the address, or the newest."""
    asked = st.query_params.get("run", "")
    also = [int(asked)] if asked.isdecimal() and len(asked) <= 18 else []
    with reading() as session:
        every = comparison.listed(session, project.id, also=also)
        listed = {each.id: each for each in every if each.accuracy is not None}
        found = {run_id: run for run_id in listed if (run := runs.get(session, run_id)).artifact}
    if not found:
        return None
    ids = list(found)
    chosen = st.selectbox(
        "Model",
        ids,
        index=ids.index(also[0]) if also and also[0] in ids else 0,
        format_func=lambda run_id: f"{found[run_id].name} · {listed[run_id].accuracy:.0%} accuracy on the test",
    )
    st.query_params["run"] = str(chosen)
    st.caption(plain(f"It tells apart: {', '.join(names(found[chosen]))}"))
    return found[chosen]


def names(run: Run) -> list[str]:
    with reading() as session:
        snapshot = runs.snapshot_of(session, run)
    found = [each["name"] for each in snapshot.classes] if snapshot else []
    return [*found[:30], "…"] if len(found) > 30 else found
