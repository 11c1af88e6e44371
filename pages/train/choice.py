"""The runs of the project in a table, and which of them is looked at: in the address, so that a link leads to it."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.training import class_sets
from backend.training.setting import METHOD_TITLES
from db import runs, sweeps
from db.comparison import Listed
from db.models import JobState, Project
from db.session import reading
from pages.parts.job_card import STATE_WORDS
from pages.parts.settings import base_title
from pages.parts.words import duration

ROWS_SHOWN = 6
ROW_PX = 35
FIGURES = ("Test accuracy", "Test macro-F1", "F1 in folds")


def chosen_run(project: Project, listed: Sequence[Listed], asked: int | None) -> int:
    """Draw the table; the run that was chosen or asked for, or the newest."""
    ids = [run.id for run in listed]
    with reading() as session:
        sets = class_sets.of_runs(session, project, listed)
        names = sweeps.names(session, {run.sweep_id for run in listed if run.sweep_id is not None})
    looked_at = asked if asked in ids else ids[0]
    table = [row(run, sets.get(run.id, ""), names) for run in listed]
    # What no run has is no column.
    shown = [title for title in table[0] if any(each[title] is not None for each in table)]
    # A table of its own for each choice from outside, so that an old click does not override it.
    key = f"train-runs-{len(ids)}-{st.session_state.get('train-asked')}"
    clicked = st.dataframe(
        table,
        key=key,
        hide_index=True,
        height=ROW_PX * (1 + min(len(ids), ROWS_SHOWN)) + 3,
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        selection_default=selected(ids.index(looked_at)),
        column_order=shown,
        column_config={name: st.column_config.NumberColumn(format="%.1f %%") for name in FIGURES}
        | {
            "Classes": st.column_config.TextColumn(help="How the classes it was trained with differ from today's."),
            "F1 in folds": st.column_config.NumberColumn(
                format="%.1f %%",
                help="Macro-F1 by cross-validation, over all labeled items: the better figure with few labels.",
            ),
            "When": st.column_config.DatetimeColumn(format="distance"),
        },
    )["selection"]["rows"]
    if clicked:
        st.query_params["run"] = str(ids[clicked[0]])
        return ids[clicked[0]]
    return looked_at


def selected(row: int) -> dict[str, Any]:
    """What a table shows as chosen before anybody clicks in it."""
    return {"selection": {"rows": [row], "columns": [], "cells": []}}


def in_address() -> int | None:
    """`run=ID`, or `job=ID` as the links in the header have it."""
    if (job := st.query_params.pop("job", "")).isdecimal():
        with reading() as session:
            run = runs.of_job(session, int(job))
        if run:
            st.query_params["run"] = str(run.id)
            st.session_state["train-asked"] = f"{run.id}-{job}"
    asked = st.query_params.get("run", "")
    return int(asked) if asked.isdecimal() and len(asked) <= 18 else None


def look_at(run_id: int) -> None:
    """This run is what the page shows now, and the form of a new one is folded away."""
    for each in ("recipe", "clone"):
        st.query_params.pop(each, None)
    st.query_params["run"] = str(run_id)
    st.session_state["train-asked"] = f"{run_id}-looked-at"
    st.rerun()


def row(run: Listed, class_set: str, sweep_names: Mapping[int, str]) -> dict[str, object]:
    return {
        "Run": run.name,
        "State": STATE_WORDS[JobState(run.state)],
        "Method": METHOD_TITLES.get(run.method or "", run.method),
        "Base": base_title(run.base),
        "Sweep": sweep_names.get(run.sweep_id or 0),
        "Test accuracy": percent(run.accuracy),
        "Test macro-F1": percent(run.f1_macro),
        "F1 in folds": percent(run.folds_f1_macro),
        "Trained in": None if run.seconds is None else duration(run.seconds),
        "Classes": class_set or None,
        "When": run.created_at,
    }


def percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
