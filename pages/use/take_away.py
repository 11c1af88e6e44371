"""The model as a folder and the labeled data as a table: both are the person's own."""

import streamlit as st

from backend import errors
from backend.training import artifact, card
from db.models import Project, Run
from pages.parts.errors import show_error


def show(project: Project, run: Run) -> None:
    st.subheader("Take it with you")
    try:
        folder = artifact.model_folder(run)
    except errors.WinnowError as error:
        show_error(error)
        return
    model, data = st.columns(2, gap="medium")
    with model:
        st.link_button(
            "Download the model",
            f"/api/runs/{run.id}/model",
            icon=":material/download:",
            width="stretch",
        )
        size_bytes = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
        st.caption(f"A zip of {size_bytes / 1e6:,.1f} MB with the weights and a model card.")
    with data:
        st.link_button(
            "Download the labeled data as CSV",
            f"/api/projects/{project.id}/export?format=csv&status=labeled",
            icon=":material/download:",
            width="stretch",
        )
        st.caption("One row an item. The Data page has other formats.")
    st.markdown("**Load it in Python**")
    st.code(card.code_in(folder, f"winnow-run-{run.id}"), language="python")
