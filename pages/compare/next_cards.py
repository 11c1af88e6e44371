"""Advice as cards, each with the button that does it."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend import grouping, inspecting, projects
from db import groups, inspections, jobs
from db.models import Job, Project
from db.session import Session, reading
from pages.parts.chosen import go_to
from pages.parts.errors import tried
from pages.parts.job_card import job_card
from pages.parts.words import plain
from pages.parts.worklist import open_button

NEAR_DUPLICATES = "near_duplicates"


def show(project: Project, given: Sequence[Mapping[str, Any]]) -> None:
    for number, each in enumerate(given):
        with st.container(border=True):
            words, button = st.columns([4, 1], vertical_alignment="center")
            words.markdown(f"**{plain(each['title'])}**  \n{plain(each['words'])}")
            with button:
                act(project, each["action"], key=f"next-{each['code']}-{number}", is_first=number == 0)
        if "job" in each["action"]:
            at_work(project, each["action"]["job"])


def act(project: Project, action: Mapping[str, Any], *, key: str, is_first: bool) -> None:
    how: dict[str, Any] = {"width": "stretch", "type": "primary" if is_first else "secondary"}
    words = plain(action["words"])
    if "worklist" in action:
        open_button(project, action["name"], action["worklist"], key=key, words=words, **how)
    elif "job" in action:
        if st.button(words, key=key, **how):
            tried(lambda session: start(session, project.id, action["job"]))
    elif st.button(words, key=key, **how):
        if "tab" in action:
            st.session_state[f"{action['page']}-tabs"] = action["tab"]
        go_to(action["page"], **action["query"])


def start(session: Session, project_id: int, what: str) -> Job:
    project = projects.get(session, project_id)
    return grouping.start(session, project) if what == NEAR_DUPLICATES else inspecting.start(session, project, what)


def at_work(project: Project, what: str) -> None:
    """The job that was started by this advice, until it is over."""
    with reading() as session:
        job = (
            groups.newest_job(session, project.id)
            if what == NEAR_DUPLICATES
            else inspections.newest_job(session, project.id, what)
        )
    if job and job.state in (*jobs.ACTIVE, *jobs.RESUMABLE):
        job_card(job.id)
