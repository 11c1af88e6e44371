"""Where a run is worse than elsewhere: by source, length, size, columns of the data, and suggestion."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.models import Project


def show(project: Project, found: Mapping[str, Any]) -> None:
    st.info("Nothing to show yet.")
