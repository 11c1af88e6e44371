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
        if now.state == JobState.DONE and st.button("Close", key=f"close-{job.id}", icon=":material/close:"):
            st.query_params.pop("job", None)
            st.rerun()
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
    """The counts, what a person should know beyond them, then what was rejected and why."""
    told: dict[str, Any] = job.report or {}
    counts(told)
    for note in told["notes"]:
        st.info(plain(note))
    if told["classes_added"]:
        names = ", ".join(f"\u2068{name}\u2069" for name in told["classes_added"][:30])
        st.caption(plain(f"Classes added: {names}{', …' if len(told['classes_added']) > 30 else ''}"))
    if told["reasons"]:
        with st.expander(f"Rejected: {told['rejected']:,}, each with its reason", expanded=told["imported"] == 0):
            reasons(job, told)


def counts(told: dict[str, Any]) -> None:
    """Only what there is any of, beside what came in."""
    shown = {
        "Imported": told["imported"],
        "Duplicates": told["duplicates"],
        "Found at a new place": told.get("other_places", 0),
        "In the bin": told.get("in_bin", 0),
        "Labels": told["labels"],
        "Gold labels": told.get("gold", 0),
        "Rejected": told["rejected"],
    }
    there = {name: number for name, number in shown.items() if number or name == "Imported"}
    for column, (name, number) in zip(st.columns(len(shown)), there.items(), strict=False):
        column.metric(name, f"{number:,}")


def reasons(job: Job, told: dict[str, Any]) -> None:
    """By kind of reason with a first place, then one by one, and all of them as a file."""
    kinds = told.get("reasons_by_kind", [])
    if len(kinds) > 1 or told["reasons_left_out"]:
        table = [{"Why": each["reason"], "How many": each["count"], "First at": each["place"]} for each in kinds]
        st.dataframe(table, hide_index=True, key=f"kinds-{job.id}")
    each = [{"Where": one["place"], "Why": one["reason"]} for one in told["reasons"]]
    st.dataframe(each, hide_index=True, key=f"reasons-{job.id}")
    if told["reasons_left_out"]:
        st.caption(f"The first {len(told['reasons']):,} of {told['rejected']:,}. The file has all of them.")
    if "reasons_by_kind" in told:
        # What an earlier version imported has no file.
        st.link_button("Download all as CSV", f"/api/jobs/{job.id}/rejected.csv", icon=":material/download:")
