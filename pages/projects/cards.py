"""A project as a card, and the bin where deleted ones wait."""

from collections.abc import Sequence

import streamlit as st

from backend import errors, projects
from db import projects as rows
from db.models import Kind, Project, Status
from db.session import reading, writing
from pages.parts.chosen import choose, go_to
from pages.parts.errors import show_error
from pages.parts.words import plain


def project_card(project: Project, counts: dict[str, int]) -> None:
    total, labeled = sum(counts.values()), counts.get(Status.LABELED, 0)
    with st.container(border=True):
        title, more = st.columns([6, 1], vertical_alignment="center")
        title.markdown(f"**{plain(project.name)}**")
        with more.popover("", icon=":material/more_vert:", type="tertiary"):
            settings(project, total, labeled)
        kind = "Images" if project.kind == Kind.IMAGE else "Texts"
        st.caption(f"{kind} · {labeled:,} of {total:,} labeled" if total else f"{kind} · no data yet")
        st.progress(labeled / total if total else 0.0)
        if st.button("Open", key=f"open-{project.id}", width="stretch"):
            choose(project.id)
            go_to("label" if total else "data")


def settings(project: Project, total: int, labeled: int) -> None:
    with st.form(f"rename-{project.id}", border=False):
        name = st.text_input("Name", project.name, max_chars=projects.NAME_LENGTH)
        if st.form_submit_button("Rename", width="stretch"):
            rename(project, name)
    st.caption(f"Deleting takes {total:,} items and {labeled:,} labels out of sight. It can be undone below the list.")
    if st.button("Delete project", key=f"delete-{project.id}", icon=":material/delete:", width="stretch"):
        with writing() as session:
            projects.delete(session, projects.get(session, project.id))
        if st.session_state.get("project_id") == project.id:
            choose(None)
        st.rerun()


def rename(project: Project, name: str) -> None:
    try:
        with writing() as session:
            projects.change(session, projects.get(session, project.id), {"name": name})
    except errors.WinnowError as error:
        show_error(error)
        return
    st.rerun()


def bin_of_projects(deleted: Sequence[Project]) -> None:
    with st.expander(f"Deleted projects ({len(deleted)})", icon=":material/delete:"):
        for project in deleted:
            name, button = st.columns([5, 1], vertical_alignment="center")
            name.markdown(plain(project.name))
            if button.button("Restore", key=f"restore-{project.id}", width="stretch"):
                with writing() as session:
                    projects.restore(session, project.id)
                st.rerun()
        with reading() as session:
            items = sum(rows.count_items(session, project.id) for project in deleted)
        st.caption(f"Emptying removes these projects with {items:,} items and their labels for good.")
        if st.button("Empty", key="empty-bin", icon=":material/delete_forever:"):
            with writing() as session:
                projects.empty_bin(session)
            st.rerun()
