"""A run that ended early: why, and the ways on: go on, or start again with what would mend it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend import errors
from backend.training import again, runs
from db import jobs
from db.models import Job, JobState, Run
from db.session import writing
from pages.parts.errors import show_error
from pages.parts.settings import in_words, title_of
from pages.parts.words import plain
from pages.train import log
from pages.train.choice import look_at


def show(run: Run, job: Job) -> None:
    if job.state not in jobs.RESUMABLE:
        return
    if job.error:
        st.error(f"{plain(job.error['message'])} {plain(job.error['hint'])}")
    elif job.state == JobState.INTERRUPTED:
        st.warning(plain(job.message) or "Its process ended unexpectedly.")
    else:
        st.info(plain(job.message) or "It was stopped.")
    for number, offer in enumerate(again.offers(run, job)):
        button, words = st.columns([1.4, 4], vertical_alignment="center")
        is_resume = offer.how == again.RESUME
        key = f"train-resume-{job.id}" if is_resume else f"train-offer-{number}"
        if button.button(offer.label, key=key, type="secondary" if number else "primary", width="stretch"):
            take_up(run.id, number)
        words.markdown(plain(offer.why) + (f"  \n:gray[{changed(offer.changes)}]" if offer.changes else ""))
    log.show(job)


def changed(changes: Mapping[str, Any]) -> str:
    """ "Batch size: 8, Batches a step: 2" """
    return plain(", ".join(f"{title_of(name)}: {in_words(name, value)}" for name, value in changes.items()))


def take_up(run_id: int, number: int) -> None:
    try:
        with writing() as session:
            run = again.retry(session, runs.get(session, run_id), number)
            next_id = run.id
    except errors.WinnowError as error:
        show_error(error)
        return
    look_at(next_id)
