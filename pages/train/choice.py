"""The runs of the project in a table, and which of them is looked at: in the address, so that a link leads to it."""

from collections.abc import Sequence

import streamlit as st

from backend.training import class_sets
from db import runs
from db.comparison import Listed
from db.models import JobState, Project
from db.session import reading
from pages.parts.job_card import STATE_WORDS
from pages.parts.settings import base_title
from pages.train.form import METHODS

ROWS_SHOWN = 6
ROW_PX = 35


def chosen_run(project: Project, listed: Sequence[Listed]) -> int:
    """Draw the table; the chosen run, or the newest."""
    ids = [run.id for run in listed]
    with reading() as session:
        sets = class_sets.of_runs(session, project, listed)
    asked = in_address()
    # A table of its own for each choice from outside, so that an old click does not override it.
    key = f"train-runs-{len(ids)}-{st.session_state.get('train-asked')}"
    clicked = st.dataframe(
        [row(run, sets.get(run.id, "")) for run in listed],
        key=key,
        hide_index=True,
        height=ROW_PX * (1 + min(len(ids), ROWS_SHOWN)) + 3,
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Test accuracy": st.column_config.NumberColumn(format="%.1f %%"),
            "Test macro-F1": st.column_config.NumberColumn(format="%.1f %%"),
            "Classes": st.column_config.TextColumn(help="How the classes it was trained with differ from today's."),
            "When": st.column_config.DatetimeColumn(format="distance"),
        },
    )["selection"]["rows"]
    if clicked:
        st.query_params["run"] = str(ids[clicked[0]])
        return ids[clicked[0]]
    return asked if asked in ids else ids[0]


def in_address() -> int | None:
    """`run=ID`, or `job=ID` as the links in the header have it."""
    if (job := st.query_params.pop("job", "")).isdecimal():
        with reading() as session:
            run = runs.of_job(session, int(job))
        if run:
            st.query_params["run"] = str(run.id)
            st.session_state["train-asked"] = f"{run.id}-{job}"
    asked = st.query_params.get("run", "")
    return int(asked) if asked.isdecimal() else None


def row(run: Listed, class_set: str) -> dict[str, object]:
    return {
        "Run": run.name,
        "Method": METHODS.get(run.method or "", run.method),
        "Base": base_title(run.base),
        "State": STATE_WORDS[JobState(run.state)],
        "Test accuracy": percent(run.accuracy),
        "Test macro-F1": percent(run.f1_macro),
        "Classes": class_set or None,
        "When": run.created_at,
    }


def percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
