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
        with st.expander(f"Last import: {in_short(found[0].report)}", icon=":material/receipt_long:"):
            report(found[0])
    return any(job.state in rows.ACTIVE for job in shown)


def in_short(report: dict[str, Any]) -> str:
    return f"{report['imported']:,} imported, {report['duplicates']:,} duplicates, {report['rejected']:,} rejected"


def report(job: Job) -> None:
    """The numbers, then what a person should know, then every reason."""
    told: dict[str, Any] = job.report or {}
    numbers = {"Imported": "imported", "Duplicates": "duplicates", "Rejected": "rejected", "Labels": "labels"}
    for column, (title, name) in zip(st.columns(len(numbers)), numbers.items(), strict=True):
        column.metric(title, f"{told[name]:,}")
    for note in told["notes"]:
        st.info(plain(note))
    if told["classes_added"]:
        names = ", ".join(told["classes_added"][:30])
        st.caption(plain(f"Classes added: {names}{', …' if len(told['classes_added']) > 30 else ''}"))
    if told["reasons"]:
        with st.expander(f"Why {told['rejected']:,} were rejected", expanded=told["imported"] == 0):
            reasons = [{"Where": each["place"], "Why": each["reason"]} for each in told["reasons"]]
            st.dataframe(reasons, hide_index=True, key=f"reasons-{job.id}")
            if told["reasons_left_out"]:
                st.caption(f"{told['reasons_left_out']:,} more are not listed.")
