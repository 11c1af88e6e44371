"""A run at work: how far it is, its curves as they grow, what it takes of the machine, and two ways to stop it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend.evaluating.comparison import thinned
from backend.jobs import control
from backend.training import runs
from db import comparison, jobs
from db.models import Job, JobState, Run
from db.session import reading, writing
from pages.parts.job_card import STATE_WORDS, before_it, how_far
from pages.parts.words import plain
from pages.train import curves, log

LOOK_EVERY_S = 1.5
DRAW_EVERY_S = 4.0
DISCARD = (
    "What it has learned so far is deleted: its checkpoints and its model. Its settings and its curves stay, and it "
    "can be started again from the beginning."
)


def show(run_id: int) -> bool:
    """Draw the run's progress, if it is at work or waits for it. Says whether."""
    _, job = look(run_id)
    if job is None or job.state not in jobs.ACTIVE:
        return False
    at_work(run_id)
    growing(run_id)
    written(run_id)
    return True


def look(run_id: int) -> tuple[Run, Job | None]:
    with reading() as session:
        run = runs.get(session, run_id)
        return run, runs.job_of(session, run)


def points(run_id: int) -> dict[str, list[Mapping[str, Any]]]:
    with reading() as session:
        found = comparison.points(session, [run_id])[run_id]
    return {name: thinned(each) for name, each in found.items()}


@st.fragment(run_every=LOOK_EVERY_S)
def at_work(run_id: int) -> None:
    run, job = look(run_id)
    if job is None or job.state not in jobs.ACTIVE:
        st.rerun()
    st.subheader(f"{plain(run.name)} · {STATE_WORDS[JobState(job.state)]}")
    if job.state == JobState.QUEUED:
        waiting(job)
        return
    st.progress(min(1.0, job.done / job.total) if job.total else 0.0, text=words(job))
    if job.state == JobState.STOPPING:
        keeps = "Its best model so far is kept." if job.stop_keep != "nothing" else "What it learned is deleted."
        st.caption(f"It ends after the step that it is at. {keeps}")
    else:
        ways_to_stop(job)
    curves.now(points(run_id), run.spec.get("best_metric"))


# Apart from the figures: four charts take the browser longer than a line of numbers.
@st.fragment(run_every=DRAW_EVERY_S)
def growing(run_id: int) -> None:
    run, job = look(run_id)
    if job is not None and job.state in jobs.ALIVE:
        curves.show({"id": run.id, "name": run.name, "curves": points(run_id), "spec": run.spec}, "train-live")


@st.fragment(run_every=DRAW_EVERY_S)
def written(run_id: int) -> None:
    _, job = look(run_id)
    if job is not None and job.state in jobs.ALIVE:
        log.show(job)


def waiting(job: Job) -> None:
    with reading() as session:
        before = before_it(session, job)
    st.caption(f"{before} You may close the browser, or Winnow: the run goes on.")
    st.button("Take it out of the queue", on_click=stop, args=(job.id, "nothing"), key="train-drop")


def ways_to_stop(job: Job) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            "Stop, keep the best",
            on_click=stop,
            args=(job.id, "best"),
            key="train-keep",
            icon=":material/stop_circle:",
            help="It ends now. Its best model so far is tested and kept; Resume goes on from here.",
        )
        with st.popover("Stop and discard", icon=":material/delete:"):
            st.markdown(DISCARD)
            st.button("Stop and discard it", on_click=stop, args=(job.id, "nothing"), key="train-drop", type="primary")
        st.caption("You may close the browser, or Winnow: the run goes on.")


def words(job: Job) -> str:
    told = [plain(job.message)] if job.message else []
    return " · ".join([*told, how_far(job)] if job.total else told) or "Starting"


def stop(job_id: int, keep: str) -> None:
    with writing() as session:
        control.stop(session, job_id, keep)
