"""Labels that are likely wrong, items unlike all others, near-duplicates with different labels."""

import streamlit as st

from db.models import Project


def show(project: Project) -> None:
    st.info("Nothing to show yet.")
