"""How a run was made: its settings, on what, and which items could not be used."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend.evaluating.differences import flattened
from backend.models.catalogue import size_words
from db.models import Project, Run
from pages.parts.settings import in_words, setting_rows
from pages.parts.words import duration

# Shown in a place of its own.
ELSEWHERE = ("skipped",)


def show(shown: Mapping[str, Any], run: Run) -> None:
    if run.cloned_from:
        st.caption(f"Started again, with changes, from run {run.cloned_from}.")
    left, right = st.columns(2, gap="medium")
    spec = [{"setting": name, "values": [value]} for name, value in flattened(shown["spec"]).items()]
    with left:
        st.markdown("**Settings**")
        st.dataframe(setting_rows(spec, ["Value"]), hide_index=True)
    with right:
        st.markdown("**Environment**")
        there = {name: value for name, value in run.environment.items() if name not in ELSEWHERE}
        known = [
            {"setting": named(name), "values": [measured(name, value)]}
            for name, value in flattened(there).items()
            if value not in ("", None)
        ]
        st.dataframe(setting_rows(known, ["Value"]), hide_index=True)


def named(name: str) -> str:
    """Without the unit, which the value carries."""
    return name.removesuffix("_bytes").removesuffix("_seconds") if name != "seconds" else "took"


def measured(name: str, value: Any) -> str:
    if name.endswith("_bytes") and isinstance(value, int | float):
        return size_words(int(value))
    if name.endswith("seconds") and isinstance(value, int | float):
        return duration(value)
    return in_words(name, value)


def skipped(project: Project, environment: Mapping[str, Any]) -> None:
    """The items that were left out because they could not be read, each with a link to it."""
    found = environment.get("skipped") or []
    if not found:
        return
    what = "1 item was skipped" if len(found) == 1 else f"{len(found):,} items were skipped"
    with st.expander(f"{what}: unreadable", icon=":material/warning:", expanded=len(found) <= 3):
        st.dataframe(
            [
                {
                    "Item": each.get("name") or f"item {each['item_id']}",
                    "Why": each["reason"],
                    "Look": f"/data?project={project.id}&item={each['item_id']}",
                }
                for each in found
            ],
            hide_index=True,
            key="train-skipped",
            column_config={"Look": st.column_config.LinkColumn(display_text="On the Data page")},
        )
