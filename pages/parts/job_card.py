"""A job as a card: what it does, how far it is, how to stop it, how it ended. Looks again by itself while it runs."""

import streamlit as st

from backend.jobs import control
from backend.models import catalogue
from db import jobs as rows
from db.models import Job, JobKind, JobState
from db.session import Session, reading, writing
from pages.parts.words import duration, plain

STATE_WORDS = {
    JobState.QUEUED: "waiting",
    JobState.RUNNING: "running",
    JobState.STOPPING: "stopping",
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.STOPPED: "stopped",
    JobState.INTERRUPTED: "interrupted",
}


def job_card(job_id: int) -> Job:
    """Draw the card and return the job as it is now. The page runs again once when the job ends."""
    with reading() as session:
        job = control.get(session, job_id)
    if job.state in rows.ACTIVE:
        live(job_id)
    else:
        draw(job)
    return job


@st.fragment(run_every=1.0)
def live(job_id: int) -> None:
    with reading() as session:
        job = control.get(session, job_id)
    if job.state not in rows.ACTIVE:
        st.rerun()
    draw(job)


def draw(job: Job) -> None:
    with st.container(border=True):
        words, button = st.columns([5, 1], vertical_alignment="center")
        words.markdown(f"**{plain(job.title)}** · {STATE_WORDS[JobState(job.state)]}")
        if job.state in (JobState.QUEUED, JobState.RUNNING):
            button.button("Stop", key=f"stop-{job.id}", on_click=stop, args=(job.id,), width="stretch")
        elif job.state in (JobState.INTERRUPTED, JobState.STOPPED, JobState.FAILED):
            button.button("Resume", key=f"resume-{job.id}", on_click=resume, args=(job.id,), width="stretch")
        if job.state == JobState.QUEUED:
            with reading() as session:
                before = before_it(session, job)
            st.caption(before)
        if job.state in rows.ALIVE:
            st.progress(min(1.0, job.done / job.total) if job.total else 0.0, text=how_far(job))
        if job.error:
            st.error(f"{plain(job.error['message'])} {plain(job.error['hint'])}")
        elif job.message:
            st.caption(plain(job.message))


def how_far(job: Job) -> str:
    """ "1,200 of 5,000 items · 310 a second · 12 s left" """
    if job.unit == "bytes":
        done, total, rate = (catalogue.size_words(int(each or 0)) for each in (job.done, job.total, job.per_second))
        words = [f"{done} of {total}" if job.total else done]
    else:
        words = [f"{job.done:,} of {job.total:,} {job.unit}" if job.total else f"{job.done:,} {job.unit}"]
        rate = f"{job.per_second or 0:,.0f}" if (job.per_second or 0) >= 10 else f"{job.per_second or 0:.1f}"
    if job.per_second:
        words.append(f"{rate} a second")
        if job.total:
            words.append(f"{duration(max(0, job.total - job.done) / job.per_second)} left")
    return " · ".join(words)


def before_it(session: Session, job: Job) -> str:
    """Of a waiting job: "2 runs before it." """
    lane = [each for each in rows.in_states(session, rows.ACTIVE) if each.lane == job.lane and each.id != job.id]
    n = sum(each.state in rows.ALIVE or each.id < job.id for each in lane)
    if not n:
        return "It begins in a moment."
    what = "run" if job.kind == JobKind.TRAIN else "job"
    return f"{n} {what}{'s' if n > 1 else ''} before it; it begins when the machine is free."


def stop(job_id: int) -> None:
    with writing() as session:
        control.stop(session, job_id)


def resume(job_id: int) -> None:
    with writing() as session:
        control.resume(session, job_id)
