"""By which labels runs are judged: those that each was trained with, or those of today, and one click to judge anew."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend import errors
from backend.evaluating import today
from db import jobs
from db.models import JobKind, JobState, Project, RunState
from db.session import reading, writing
from pages.parts.errors import show_error
from pages.parts.job_card import job_card

BY = {"then": "The labels of their training", "today": "Today's labels"}


def is_asked() -> bool:
    """Whether the address asks for the labels of today."""
    return st.query_params.get("labels") == "today"


def choose(project: Project, found: Mapping[str, Any]) -> None:
    """Draw the choice, where there is one: labels have changed since, or runs were judged by today's."""
    at_work = newest_job(project)
    judged = [run["evaluation"] for run in found["runs"] if run["evaluation"]]
    if at_work is not None and at_work.state != JobState.DONE:
        job_card(at_work.id)
    if not (found["outdated"] or judged or found["is_today"]):
        return
    st.session_state["compare-labels"] = "today" if found["is_today"] else "then"
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.segmented_control(
        "Judged by",
        list(BY),
        format_func=BY.get,
        key="compare-labels",
        required=True,
        on_change=write_address,
        help="A run keeps the figures of its training. By today's labels, all runs are judged by the same test items.",
    )
    finished = [run["id"] for run in found["runs"] if run["state"] == RunState.DONE]
    behind = [run["id"] for run in found["runs"] if run["id"] in finished and not is_current(run)]
    if behind and right.button(
        f"Judge {'it' if len(finished) == 1 else 'them'} by today's labels",
        icon=":material/update:",
        key="compare-judge",
        disabled=at_work is not None and at_work.state in jobs.ACTIVE,
        help="What they answered is held against today's labels; new test items are put to their models.",
    ):
        start(project, behind)
    if found["is_today"] and (unanswered := sum(each["unanswered"] for each in judged)):
        items = "1 newer test item" if unanswered == 1 else f"{unanswered:,} newer test items"
        st.caption(f"{items} could not be put to a run whose model is gone.")


def is_current(run: Mapping[str, Any]) -> bool:
    return bool(run["evaluation"] and run["evaluation"]["is_current"])


def write_address() -> None:
    if st.session_state["compare-labels"] == "today":
        st.query_params["labels"] = "today"
    else:
        st.query_params.pop("labels", None)


def newest_job(project: Project) -> Any:
    with reading() as session:
        found = jobs.page(session, project.id, None, 20)
    return next((job for job in found if job.kind == JobKind.EVALUATE), None)


def start(project: Project, run_ids: Sequence[int]) -> None:
    try:
        with writing() as session:
            today.start(session, project, run_ids)
    except errors.WinnowError as error:
        show_error(error)
        return
    st.query_params["labels"] = "today"
    st.rerun()
