"""All runs: found, marked, put in order, and chosen to be compared."""

from collections.abc import Sequence

import streamlit as st

from db.comparison import Listed
from db.models import Project


def show(project: Project, listed: Sequence[Listed]) -> None:
    st.info("Nothing to show yet.")
