"""Data: bring items in, look at them, take them away."""

import streamlit as st

from backend.labeling import stats
from db.models import Kind, Project
from db.session import reading
from pages.data.add import add_data
from pages.data.browse import browse
from pages.data.download import download
from pages.data.imports import imports
from pages.parts.chosen import chosen_project, go_to


def show() -> None:
    project = chosen_project()
    title, button = st.columns([4, 1], vertical_alignment="center")
    title.title("Data")
    with reading() as session:
        counts = stats.progress(session, project)
    is_importing = imports(project)
    if not counts["items"]:
        if not is_importing:
            invite(project)
        return
    if button.button("Label them", type="primary", width="stretch", disabled=not counts["todo"]):
        go_to("label")
    items, more, away = st.tabs(["Items", "Add data", "Download"])
    with items:
        browse(project, counts)
    with more:
        add_data(project)
    with away:
        download(project, counts)


def invite(project: Project) -> None:
    what = "images" if project.kind == Kind.IMAGE else "texts"
    st.markdown(f"This project has no {what} yet. Bring some in: they stay on this machine.")
    add_data(project)
