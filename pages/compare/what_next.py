"""What to do next: what more labels would bring, and what in the data holds the model back."""

import streamlit as st

from db.models import Project


def show(project: Project) -> None:
    st.info("Nothing to show yet.")
