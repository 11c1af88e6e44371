"""The last lines that the process of a run wrote."""

import streamlit as st

from backend.jobs import tail
from db.models import Job

HEIGHT_PX = 320


def show(job: Job) -> None:
    """Folded away, and read only while it is open."""
    opened = st.expander("Log", icon=":material/terminal:", on_change="rerun", key=f"train-log-{job.id}")
    if not opened.open:
        return
    with opened:
        lines = tail.lines(job.id)
        if lines:
            st.code("\n".join(lines), language=None, wrap_lines=True, height=HEIGHT_PX)
        else:
            st.caption("Its process has written nothing yet.")
