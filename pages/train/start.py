"""What was picked for a run and what it will take; the rest of the settings; and two ways to start."""

from typing import Any

import streamlit as st

from backend import errors
from backend.training import defaults, estimate, runs, spec
from db.models import Project, Run
from db.session import reading, writing
from pages.parts.errors import show_error
from pages.parts.words import plain
from pages.train import plan, settings, several
from pages.train.choice import look_at


def show(project: Project, told: dict[str, Any], cloned: Run | None) -> None:
    """The settings as they would be, and the button; or what speaks against it."""
    try:
        with reading() as session:
            chosen = spec.complete(session, project, told)
    except errors.WinnowError as error:
        show_error(error)
        return
    picked = st.container(gap="xxsmall")
    told = told | settings.more(chosen, project)
    try:
        with reading() as session:
            whole = spec.complete(session, project, told)
            takes, why = estimate.of(session, project, whole), defaults.why(session, project, whole)
    except errors.WinnowError as error:
        show_error(error)
        st.button("Start training", type="primary", key="train-start", disabled=True)
        return
    with picked:
        st.markdown(f"**{plan.picked(whole)}**")
        st.caption(plain(plan.reasons(why)))
        st.markdown(f":material/schedule: {plain(plan.expected([takes]))}")
    if st.toggle("Try several settings", key="train-several", help="Starts one run for each combination of values."):
        several.show(project, told, whole)
    elif st.button("Start training", type="primary", key="train-start"):
        start(project, told, cloned)


def start(project: Project, told: dict[str, Any], cloned: Run | None) -> None:
    try:
        with writing() as session:
            run = runs.start(session, project, told, cloned_from=cloned.id if cloned else None)
    except errors.WinnowError as error:
        show_error(error)
        return
    look_at(run.id)
