"""Runs side by side: which is better and how surely, figures and settings, how they learned, what they cost."""

from collections.abc import Mapping
from typing import Any

from db.models import Project
from pages.compare import curves, figures


def show(_project: Project, found: Mapping[str, Any]) -> None:
    figures.show(found)
    curves.show(found)
