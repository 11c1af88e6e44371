"""Data: bring items in, look at them, take them away."""

import streamlit as st

from backend.labeling import stats
from db import items as rows
from db.models import Kind, Project, Status
from db.session import reading
from pages.data.add import add_data
from pages.data.bin import bin_of
from pages.data.browse import browse
from pages.data.download import download
from pages.data.imports import imports
from pages.data.near import near_duplicates
from pages.parts.chosen import chosen_project, go_to


def show() -> None:
    project = chosen_project()
    title, button = st.columns([4, 1], vertical_alignment="center")
    title.title("Data")
    with reading() as session:
        counts = stats.progress(session, project)
        in_bin = rows.count(session, project.id, Status.DELETED)
    is_importing = imports(project)
    if not counts["items"] and not in_bin:
        if not is_importing:
            invite(project)
        return
    if button.button("Label them", type="primary", width="stretch", disabled=not counts["todo"]):
        go_to("label")
    # Only the open one is drawn: none has to wait for what another reads.
    names = ["Items", "Add data", "Near-duplicates", "Bin", "Download"]
    items, more, near, binned, away = st.tabs(names, key="data-tabs", on_change="rerun")
    if items.open:
        with items:
            browse(project, counts)
    if more.open:
        with more:
            add_data(project)
    if near.open:
        with near:
            near_duplicates(project)
    if binned.open:
        with binned:
            bin_of(project)
    if away.open:
        with away:
            download(project, counts)


def invite(project: Project) -> None:
    what = "images" if project.kind == Kind.IMAGE else "texts"
    st.markdown(f"This project has no {what} yet. Bring some in: they stay on this machine.")
    add_data(project)
