"""The grid of originals and samples, as one element: forty pictures change without a flicker."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__)

_pictures = st.components.v2.component(
    "winnow_pictures", js=HERE.with_suffix(".js").read_text("utf-8"), css=HERE.with_suffix(".css").read_text("utf-8")
)


def pictures(columns: Sequence[str], rows: Sequence[dict[str, Any]], key: str) -> None:
    """rows: {"title", "color", "original", "samples"} with base64 JPEGs, or "problem" in words instead of them."""
    _pictures(key=key, data={"columns": list(columns), "rows": list(rows)})
