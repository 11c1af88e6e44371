"""The line above every page: the project, how far its labeling is, and running jobs with a click to each."""

import streamlit as st

from backend import errors, projects
from db import jobs as job_rows
from db import projects as rows
from db.models import Job, JobKind, JobState, Project, Status
from db.session import reading
from pages.parts.chosen import choose, go_to
from pages.parts.words import plain

# Between two looks at the counts and the jobs, while there are jobs and while there are none.
WORKING_S = 2.0
QUIET_S = 15.0
# Where a person follows a job of each kind.
PAGE_OF = {JobKind.TRAIN: "train", JobKind.SUGGEST: "label", JobKind.EMBED: "label", JobKind.LABEL: "label"}


def header(project_id: int | None) -> None:
    with reading() as session:
        try:
            project = projects.get(session, project_id) if project_id is not None else None
        except errors.NotFound:
            # Deleted in another tab, or an old link.
            choose(None)
            project = None
    if project is not None:
        # Each look costs the browser a few frames, and on the label page a key press may be waiting for one.
        st.fragment(line, run_every=WORKING_S if jobs_of(project) else QUIET_S)(project)


def jobs_of(project: Project) -> list[Job]:
    with reading() as session:
        return list(job_rows.in_states(session, (*job_rows.ACTIVE, JobState.INTERRUPTED), project.id))


def line(project: Project) -> None:
    at_work = jobs_of(project)
    with reading() as session:
        counts = rows.status_counts(session, [project.id])[project.id]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="winnow-header"):
        st.markdown(f"**{plain(project.name)}** :gray[· {about(project, counts)}]", width="content")
        for job in at_work:
            if st.button(words_for(job), key=f"job-{job.id}", type="tertiary", icon=icon_of(job)):
                go_to(PAGE_OF.get(JobKind(job.kind), "data"), job=job.id)


def about(project: Project, counts: dict[str, int]) -> str:
    """ "images · 120 of 500 labeled" """
    total = sum(counts.values())
    kind = "images" if project.kind == "image" else "texts"
    return f"{kind} · {counts.get(Status.LABELED, 0):,} of {total:,} labeled" if total else f"{kind} · no data yet"


def words_for(job: Job) -> str:
    if job.state == JobState.RUNNING and job.total:
        return f"{plain(job.title)} {min(100, 100 * job.done // job.total)} %"
    return f"{plain(job.title)} ({job.state})"


def icon_of(job: Job) -> str:
    return ":material/warning:" if job.state == JobState.INTERRUPTED else ":material/progress_activity:"
