"""The line above every page: the project, and running jobs with a click to each."""

import streamlit as st

from backend import errors, projects
from db import jobs as rows
from db.models import Job, JobKind, JobState, Project
from db.session import reading
from pages.parts.chosen import choose, go_to
from pages.parts.words import plain

# Where a person follows a job of each kind.
PAGE_OF = {JobKind.TRAIN: "train", JobKind.SUGGEST: "label", JobKind.EMBED: "label"}


def header(project_id: int | None) -> None:
    with reading() as session:
        try:
            project = projects.get(session, project_id) if project_id is not None else None
        except errors.NotFound:
            # Deleted in another tab, or an old link: the page itself says so.
            choose(None)
            project = None
    if project is None:
        return
    with st.sidebar:
        st.markdown(f"**{plain(project.name)}**")
        st.caption(f"{'Images' if project.kind == 'image' else 'Texts'}, {several(project)}")
        running_jobs(project.id)


def several(project: Project) -> str:
    return "several classes an item" if project.multi_label else "one class an item"


@st.fragment(run_every=2.0)
def running_jobs(project_id: int) -> None:
    with reading() as session:
        active = rows.in_states(session, rows.ACTIVE, project_id)
        interrupted = rows.in_states(session, [JobState.INTERRUPTED], project_id)
    for job in [*active, *interrupted]:
        if st.button(words_for(job), key=f"job-{job.id}", type="tertiary", icon=icon_of(job)):
            go_to(PAGE_OF.get(JobKind(job.kind), "data"), job=job.id)


def words_for(job: Job) -> str:
    if job.state == JobState.RUNNING and job.total:
        return f"{plain(job.title)} {min(100, 100 * job.done // job.total)} %"
    return f"{plain(job.title)} ({job.state})"


def icon_of(job: Job) -> str:
    return ":material/warning:" if job.state == JobState.INTERRUPTED else ":material/progress_activity:"
