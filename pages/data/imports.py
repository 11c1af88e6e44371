"""Imports as they run, and what came of the newest one."""

from typing import Any

import streamlit as st

from db import jobs as rows
from db.models import Job, JobKind, JobState, Project
from db.session import reading
from pages.parts.job_card import job_card
from pages.parts.words import plain

LOOKED_AT = 100
UNFINISHED = (*rows.ACTIVE, JobState.INTERRUPTED)


def imports(project: Project) -> bool:
    """Cards of the imports at work, of the one in the address and of a newest one that ended badly.

    Says whether one is at work.
    """
    with reading() as session:
        found = [job for job in rows.page(session, project.id, None, LOOKED_AT) if job.kind == JobKind.IMPORT]
    asked = st.query_params.get("job", "")
    shown = [job for job in found if job.state in UNFINISHED or str(job.id) == asked]
    if found and found[0] not in shown and found[0].state != JobState.DONE:
        shown.append(found[0])
    for job in shown:
        now = job_card(job.id)
        if now.report:
            report(now)
    if not shown and found and found[0].report:
        last(found[0])
    return any(job.state in rows.ACTIVE for job in shown)


def last(job: Job) -> None:
    """The newest import in a line; what it has to tell is folded away."""
    told: dict[str, Any] = job.report or {}
    line = f"{plain(job.title)}: {plain(job.message)}"
    if told["notes"] or told["reasons"] or told["classes_added"]:
        with st.expander(line, icon=":material/receipt_long:"):
            report(job)
    else:
        st.caption(line)


def report(job: Job) -> None:
    """What a person should know beyond the numbers, then the reason of each rejection."""
    told: dict[str, Any] = job.report or {}
    for note in told["notes"]:
        st.info(plain(note))
    if told["classes_added"]:
        names = ", ".join(told["classes_added"][:30])
        st.caption(plain(f"Classes added: {names}{', …' if len(told['classes_added']) > 30 else ''}"))
    if told["reasons"]:
        with st.expander(f"Rejected: {told['rejected']:,}, each with its reason", expanded=told["imported"] == 0):
            reasons = [{"Where": each["place"], "Why": each["reason"]} for each in told["reasons"]]
            st.dataframe(reasons, hide_index=True, key=f"reasons-{job.id}")
            if told["reasons_left_out"]:
                st.caption(f"{told['reasons_left_out']:,} more are not listed.")
