"""The first page: make a project, open one, or try an example."""

import streamlit as st

from backend import projects
from db import projects as rows
from db.session import reading
from pages.projects.bring import bring_project
from pages.projects.cards import bin_of_projects, project_card
from pages.projects.new import example_buttons, new_project


def show() -> None:
    with reading() as session:
        found = rows.page(session, None, 200)
        counts = rows.status_counts(session, [project.id for project in found])
        deleted = projects.deleted(session)
    if not found:
        welcome()
    else:
        st.title("Projects")
        columns = st.columns(3)
        for number, project in enumerate(found):
            with columns[number % 3]:
                project_card(project, counts[project.id])
        with st.expander("New project", icon=":material/add:"):
            new_project()
        with st.expander("Try an example", icon=":material/science:"):
            example_buttons()
        with st.expander("Import a project", icon=":material/inventory_2:", expanded=is_arriving()):
            bring_project()
    if deleted:
        bin_of_projects(deleted)


def welcome() -> None:
    st.title("Winnow")
    st.markdown(
        "Label images or texts with one key an item while a model suggests, train a classifier in the background, "
        "and see what it gets wrong. Everything stays on this machine."
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("New project")
        new_project()
    with right:
        st.subheader("Or try an example")
        example_buttons()
        with st.expander(
            "Import a project from another machine", icon=":material/inventory_2:", expanded=is_arriving()
        ):
            bring_project()


def is_arriving() -> bool:
    return bool(st.session_state.get("arriving"))
