"""Which project the person is working on: in the address, so that a link leads back to it."""

import streamlit as st

from backend import projects
from db.models import Project
from db.session import reading


def chosen_id() -> int | None:
    """The project in the address, or the one chosen before in this session. Keeps both the same."""
    in_address = st.query_params.get("project", "")
    if in_address.isdecimal():
        st.session_state["project_id"] = int(in_address)
    project_id: int | None = st.session_state.get("project_id")
    if project_id is not None:
        st.query_params["project"] = str(project_id)
    return project_id


def chosen_project() -> Project:
    """The project, or an invitation to choose one instead of the page."""
    project_id = chosen_id()
    if project_id is None:
        st.info("No project is chosen.")
        st.page_link(st.session_state["pages"]["projects"], label="Choose or make a project")
        st.stop()
    with reading() as session:
        return projects.get(session, project_id)


def choose(project_id: int | None) -> None:
    st.session_state["project_id"] = project_id
    if project_id is None:
        st.query_params.pop("project", None)
    else:
        st.query_params["project"] = str(project_id)


def go_to(page: str, **query: str | int) -> None:
    """Open another page by its address, such as "data", with the project and `query` in the address."""
    params = {"project": str(st.session_state["project_id"])} if st.session_state.get("project_id") else {}
    st.switch_page(
        st.session_state["pages"][page], query_params=params | {name: str(value) for name, value in query.items()}
    )
