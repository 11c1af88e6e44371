"""Bringing in a whole project from another machine."""

import streamlit as st

from backend import archives, errors
from backend.importing import uploads
from db.models import JobState
from db.session import writing
from pages.parts.chosen import choose, go_to
from pages.parts.errors import show_error
from pages.parts.job_card import job_card


def bring_project() -> None:
    """The archive by upload or by path; then how far it is, and a button that opens the project."""
    if job_id := st.session_state.get("arriving"):
        job = job_card(job_id)
        if job.state == JobState.DONE and job.report and st.button("Open it", type="primary"):
            st.session_state["arriving"] = None
            choose(job.report["project_id"])
            go_to("data")
    st.caption("An archive that “Download the project” made on the Data page of another Winnow.")
    file = st.file_uploader("Archive of a project", type=["zip"], key="archive-file")
    path = st.text_input("Or its path on this machine", placeholder="/home/me/birds.winnow.zip", key="archive-path")
    if st.button("Import the project", disabled=not (file or path), key="archive-import"):
        source = {"path": path}
        if file:
            folder = uploads.new_folder()
            with uploads.place_for(folder, "project.zip").open("wb") as kept:
                while piece := file.read(1 << 20):
                    kept.write(piece)
            source = {"upload": folder.name}
        begin(source)


def begin(source: dict[str, str]) -> None:
    try:
        spec, title = archives.checked(source)
        with writing() as session:
            st.session_state["arriving"] = archives.start(session, spec, title).id
    except errors.WinnowError as error:
        if "upload" in source:
            uploads.remove(source["upload"])
        show_error(error)
        return
    st.rerun()
