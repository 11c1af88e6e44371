"""A run at work: how far it is, its curves as they grow, and two ways to stop it."""

import streamlit as st

from backend.evaluating import charts
from backend.jobs import control
from backend.training import runs
from db import jobs
from db import runs as rows
from db.models import Job, JobState, Run
from db.session import reading, writing
from pages.parts.charts import draw
from pages.parts.job_card import STATE_WORDS, how_far, resume
from pages.parts.words import plain

LOOK_EVERY_S = 1.5


def show(run_id: int) -> bool:
    """Draw the run's progress, or why it ended early. Says whether it is still at work."""
    _, job = look(run_id)
    if job is not None and job.state in jobs.ACTIVE:
        at_work(run_id)
        return True
    if job is not None:
        ended_early(job)
    return False


def look(run_id: int) -> tuple[Run, Job | None]:
    with reading() as session:
        run = runs.get(session, run_id)
        return run, runs.job_of(session, run)


@st.fragment(run_every=LOOK_EVERY_S)
def at_work(run_id: int) -> None:
    run, job = look(run_id)
    if job is None or job.state not in jobs.ACTIVE:
        st.rerun()
    title, keep, discard = st.columns([4, 1.4, 1.4], vertical_alignment="center")
    title.subheader(f"{plain(run.name)} · {STATE_WORDS[JobState(job.state)]}")
    if job.state != JobState.STOPPING:
        keep.button("Stop, keep the best", on_click=stop, args=(job.id, "best"), key="train-keep", width="stretch")
        discard.button("Stop and discard", on_click=stop, args=(job.id, "nothing"), key="train-drop", width="stretch")
    if job.state == JobState.QUEUED:
        st.caption("It begins when the machine is free. You may close the browser, or Winnow: the run goes on.")
        return
    st.progress(min(1.0, job.done / job.total) if job.total else 0.0, text=words(job))
    curves(run)


def words(job: Job) -> str:
    told = [plain(job.message)] if job.message else []
    return " · ".join([*told, how_far(job)] if job.total else told) or "Starting"


def curves(run: Run) -> None:
    with reading() as session:
        found = runs.curves(rows.points(session, run.id))
    if not found:
        return
    shown = [{"id": run.id, "name": run.name, "curves": found}]
    left, right = st.columns(2, gap="medium")
    with left:
        draw(charts.curves(shown, "loss"), "train-live-loss", charts.curve_rows(shown, "loss"))
    with right:
        draw(charts.curves(shown, "f1_macro"), "train-live-f1", charts.curve_rows(shown, "f1_macro"))


def stop(job_id: int, keep: str) -> None:
    with writing() as session:
        control.stop(session, job_id, keep)


def ended_early(job: Job) -> None:
    """Why a run did not come to its end, and the way on."""
    if job.state not in jobs.RESUMABLE:
        return
    message, button = st.columns([5, 1], vertical_alignment="center")
    if job.error:
        message.error(f"{plain(job.error['message'])} {plain(job.error['hint'])}")
    elif job.state == JobState.INTERRUPTED:
        message.warning("Its process ended unexpectedly. Resume goes on from the last checkpoint.")
    else:
        message.info(plain(job.message) or "It was stopped.")
    button.button("Resume", on_click=resume, args=(job.id,), key=f"train-resume-{job.id}", width="stretch")
