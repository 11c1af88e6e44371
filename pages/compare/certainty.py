"""How far a run's scores can be trusted: precision and recall, reliability, and where to draw the line."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.models import Project


def show(project: Project, found: Mapping[str, Any]) -> None:
    st.info("Nothing to show yet.")
