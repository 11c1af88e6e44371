"""Pushing the labeled items to the Hugging Face hub."""

import streamlit as st

from backend import errors, projects
from backend.exporting import hub
from db import jobs
from db.items import Filter
from db.models import JobKind, Project
from db.session import reading, writing
from pages.parts.errors import show_error
from pages.parts.job_card import job_card


def push(project: Project, wanted: Filter, labeled: int, *, is_exact: bool) -> None:
    with reading() as session:
        at_work = [job for job in jobs.in_states(session, jobs.ACTIVE, project.id) if job.kind == JobKind.EXPORT]
    job_id = at_work[-1].id if at_work else st.session_state.get(f"pushed-{project.id}")
    with st.expander("Push to the Hugging Face hub", icon=":material/cloud_upload:", expanded=bool(job_id)):
        if job_id:
            job_card(job_id)
        with st.form(f"push-{project.id}", border=False):
            name, secret = st.columns(2)
            repo = name.text_input("Dataset", placeholder="ada/birds", max_chars=200)
            token = secret.text_input("Token with write access", type="password", help="Used once and kept nowhere.")
            is_private = st.checkbox("Private", value=True)
            st.caption(
                f"{'' if is_exact else 'At least '}{labeled:,} labeled items leave this machine. Everything else stays."
            )
            if st.form_submit_button("Push", disabled=is_exact and not labeled):
                begin(project, repo, token, wanted, is_private=is_private)


def begin(project: Project, repo: str, token: str, wanted: Filter, *, is_private: bool) -> None:
    try:
        with writing() as session:
            found = projects.get(session, project.id)
            job = hub.start(session, found, repo, token, wanted, private=is_private)
            st.session_state[f"pushed-{project.id}"] = job.id
    except errors.WinnowError as error:
        show_error(error)
        return
    st.rerun()
