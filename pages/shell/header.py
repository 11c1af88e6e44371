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
PAGE_OF = {JobKind.TRAIN: "train", JobKind.SUGGEST: "suggest", JobKind.EMBED: "label", JobKind.LABEL: "label"}


def header(project_id: int | None, *, has_counts: bool) -> None:
    """`has_counts` is False where the page itself shows how far the labeling is, and sooner than this line could."""
    with reading() as session:
        try:
            project = projects.get(session, project_id) if project_id is not None else None
        except errors.NotFound:
            # Deleted in another tab, or an old link.
            choose(None)
            project = None
    if project is not None:
        # Each look costs the browser a few frames, and on the label page a key press may be waiting for one.
        st.fragment(line, run_every=WORKING_S if jobs_of(project) else QUIET_S)(project, has_counts=has_counts)


def jobs_of(project: Project) -> list[Job]:
    with reading() as session:
        return list(job_rows.in_states(session, (*job_rows.ACTIVE, JobState.INTERRUPTED), project.id))


def line(project: Project, *, has_counts: bool) -> None:
    about = "images" if project.kind == "image" else "texts"
    if has_counts:
        about = f"{about} · {how_far(project)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="winnow-header"):
        st.markdown(f"**{plain(project.name)}** :gray[· {about}]", width="content")
        for job in jobs_of(project):
            if st.button(words_for(job), key=f"job-{job.id}", type="tertiary", icon=icon_of(job)):
                go_to(PAGE_OF.get(JobKind(job.kind), "data"), job=job.id)


def how_far(project: Project) -> str:
    """ "120 of 500 labeled" """
    with reading() as session:
        counts = rows.status_counts(session, [project.id])[project.id]
    total = sum(counts.values())
    return f"{counts.get(Status.LABELED, 0):,} of {total:,} labeled" if total else "no data yet"


def words_for(job: Job) -> str:
    if job.state == JobState.RUNNING and job.total:
        return f"{plain(job.title)} {min(100, 100 * job.done // job.total)} %"
    return f"{plain(job.title)} ({job.state})"


def icon_of(job: Job) -> str:
    return ":material/warning:" if job.state == JobState.INTERRUPTED else ":material/progress_activity:"
