"""The forecast: what more labels would bring, drawn and in a sentence, and the button that makes or renews it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend import inspecting, projects
from backend.evaluating import forecast_charts
from backend.evaluating.forecast_charts import TITLES
from backend.inspecting import enough
from backend.inspecting.enough import LEAST_OF_CLASS
from db import inspections, jobs
from db.models import Inspection, JobState, Project
from db.session import Session, reading
from pages.parts.charts import draw
from pages.parts.chosen import go_to
from pages.parts.errors import tried
from pages.parts.job_card import job_card
from pages.parts.words import clock, plain

KIND = "learning_curve"
MOST_CLASSES = 10


def show(project: Project) -> None:
    st.subheader("What more labels would bring")
    with reading() as session:
        found = inspecting.newest(session, project, KIND)
        job = inspections.newest_job(session, project.id, KIND)
        since = inspecting.decided_since(session, found) if found else 0
        missing = enough.what_is_missing(session, project)
    if job and job.state != JobState.DONE:
        job = job_card(job.id)
    is_at_work = job is not None and job.state in jobs.ACTIVE
    if found:
        renew(project, found, since, may=not (missing or is_at_work))
        drawn(project, found.result)
    elif missing:
        invite(project, missing, "Label items", "label")
    elif not is_at_work:
        words = (
            "Parts of your labels, each larger than the one before, are learned from and tested on the rest. That "
            "takes a minute at most, and says what the next 100 labels would bring."
        )
        invite(project, words, "Forecast", None)


def invite(project: Project, words: str, button: str, page: str | None) -> None:
    told, place = st.columns([4, 1], vertical_alignment="center")
    told.info(plain(words))
    if place.button(button, type="primary", key="next-forecast", width="stretch"):
        if page:
            go_to(page)
        tried(lambda session: start(session, project.id))


def start(session: Session, project_id: int) -> None:
    inspecting.start(session, projects.get(session, project_id), KIND)


def renew(project: Project, found: Inspection, since: int, *, may: bool) -> None:
    """How old it is, and the button that makes it new."""
    words, button = st.columns([4, 1], vertical_alignment="center")
    told = (
        f"Measured on {found.result['items']:,} labels, {clock(found.created_at)}, for labels that are added at random."
    )
    if since:
        told += f" {since:,} {'decision' if since == 1 else 'decisions'} came since: not in it yet."
    words.caption(plain(told))
    how = {"width": "stretch", "icon": ":material/refresh:", "disabled": not may}
    if button.button("Forecast again", key="next-forecast", type="primary" if since else "secondary", **how):
        tried(lambda session: start(session, project.id))


def drawn(project: Project, result: Mapping[str, Any]) -> None:
    first = forecast_charts.figure_of(project.multi_label)
    chosen = str(
        st.segmented_control(
            "Figure", list(TITLES), default=first, format_func=TITLES.get, required=True, key="next-figure",
            label_visibility="collapsed",
        )
    )  # fmt: skip
    st.markdown(f"**{plain(forecast_charts.sentence(result, chosen))}**")
    if project.multi_label:
        st.caption("With several classes an item thresholds move with the labels as well: take this as a rough guide.")
    chart, classes = st.columns([3, 2], gap="medium")
    with chart:
        draw(forecast_charts.learning_curve(result, chosen), "next-curve", forecast_charts.table(result, chosen))
    with classes:
        st.dataframe(forecast_charts.forecast_rows(result, chosen), hide_index=True)
        rising(result)


def rising(result: Mapping[str, Any]) -> None:
    """The classes whose recall rose most with the second half of the labels."""
    known = [each for each in result["by_class"] if each["labels"] >= LEAST_OF_CLASS]
    rows = [each for each in known if each["recall"] > each["before"]][:MOST_CLASSES]
    if not rows:
        return
    st.markdown("**Classes that gained most from the second half of the labels**")
    shown = [
        {
            "Class": each["name"],
            "Labels": each["labels"],
            "Found before": f"{each['before']:.0%}",
            "Found now": f"{each['recall']:.0%}",
        }
        for each in rows
    ]
    st.dataframe(shown, hide_index=True)
