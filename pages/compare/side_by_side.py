"""Runs side by side: which is better and how surely, figures and settings, how they learned, what they cost."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.models import Project
from pages.compare import cost, curves, figures, settings, verdict


def show(_project: Project, found: Mapping[str, Any]) -> None:
    verdict.show(found)
    figures.show(found)
    left, right = st.columns(2, gap="medium")
    with left:
        figures.bars(found)
    with right:
        if len(found["runs"]) > 1:
            verdict.forest(found)
        else:
            settings.of_one(found["runs"][0])
    settings.show(found)
    curves.show(found)
    cost.show(found)
