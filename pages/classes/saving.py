"""Making a change of classes from a page: all of it, or a sentence that says why not."""

from collections.abc import Callable

import streamlit as st

from backend import errors, projects
from backend.suggesting import learn
from db.models import Project
from db.session import Session, writing
from pages.parts.errors import show_error


def save(project: Project, make: Callable[[Session, Project], object]) -> None:
    """Make the change and draw the page again, or say here why it cannot be."""
    try:
        with writing() as session:
            make(session, projects.get(session, project.id))
    except errors.WinnowError as error:
        show_error(error)
        return
    learn.classes_changed(project.id)
    st.rerun()
