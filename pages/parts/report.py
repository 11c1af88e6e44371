"""The way to a report of some runs, from every page that shows them."""

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from backend.evaluating import comparison
from db.models import Project


def report_link(project: Project, run_ids: Sequence[int], *, is_today: bool = False) -> None:
    """A report of these runs as a file that opens anywhere. is_today: by the labels of today."""
    query = {"runs": ",".join(map(str, run_ids))} | ({"is_today": "true"} if is_today else {})
    st.link_button(
        "Report",
        f"/api/projects/{project.id}/compare/report?{urlencode(query, safe=',')}",
        icon=":material/download:",
        disabled=not 0 < len(run_ids) <= comparison.MOST_RUNS,
        help="One HTML file with figures, charts, settings and data, to keep or to send. It names no item.",
    )
