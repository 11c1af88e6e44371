"""A run as suggester in one click, and what follows from it: the job's card, and where its suggestions will be."""

from collections.abc import Mapping

import streamlit as st

from backend import errors, projects, suggesting
from backend.suggesting.naming import RUN
from db import jobs
from db.models import JobState, Project
from db.session import reading, writing
from pages.parts.chosen import go_to
from pages.parts.errors import show_error
from pages.parts.job_card import job_card
from pages.parts.words import plain

# Of the last click, kept while the page is open: (project id, job id), or the error that it met.
STARTED = "suggest-with-started"


def buttons(project: Project, runs: Mapping[int, str]) -> None:
    """One for each run: its id and what is written on it."""
    for run_id, words in runs.items():
        st.button(
            plain(words),
            key=f"suggest-with-{run_id}",
            icon=":material/lightbulb:",
            on_click=start,
            args=(project.id, run_id),
            help="What it predicts of every item is suggested on the Label page.",
        )


def start(project_id: int, run_id: int) -> None:
    try:
        with writing() as session:
            job = suggesting.start(session, projects.get(session, project_id), "run", f"{RUN}{run_id}")
        st.session_state[STARTED] = (project_id, job.id)
    except errors.WinnowError as error:
        st.session_state[STARTED] = error


def what_follows(project: Project) -> None:
    """After a click: how far it is and where to look, or why it cannot be."""
    found = st.session_state.get(STARTED)
    if isinstance(found, errors.WinnowError):
        show_error(found)
        del st.session_state[STARTED]
    if not isinstance(found, tuple) or found[0] != project.id:
        return
    with reading() as session:
        job = jobs.get(session, found[1])
    if job is None:
        return
    job_card(job.id)
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.caption(
        "Its suggestions are on the Label page now."
        if job.state == JobState.DONE
        else "When it is done, the Label page shows what it suggests. Until then it shows what it did before."
    )
    if button.button("To the Suggest page", key="suggest-with-page", width="stretch"):
        go_to("suggest")
