"""Explore as a map: every item a point, near to what is like it."""

from typing import Any

import streamlit as st

from backend import classes as class_views
from backend import inspecting, projects, suggesting
from backend.inspecting import map_colours, map_file
from db import inspections, jobs, maps
from db import projects as rows
from db.models import Job, JobState, Project
from db.session import Session, reading
from pages.explore.map.map import item_map
from pages.parts.annotator import annotator_now
from pages.parts.chosen import go_to
from pages.parts.errors import tried
from pages.parts.job_card import job_card


def map_view(project: Project) -> None:
    with reading() as session:
        project = projects.get(session, project.id)
        header = map_file.header(project, suggesting.encoder_of(session, project))
        added = maps.added_since(session, project.id, header["newest_id"]) if header else 0
        job = inspections.newest_job(session, project.id, "map")
        about = for_map(session, project, header, job)
    is_at_work = job is not None and job.state in jobs.ACTIVE
    if job is not None and job.state != JobState.DONE:
        job_card(job.id)
    if header is None and not is_at_work:
        return invite(project)
    if not is_at_work:
        news(project, added, header or {})
    if order := item_map(about):
        go_to("label", order=order)
    return None


def for_map(session: Session, project: Project, header: dict[str, Any] | None, job: Job | None) -> dict[str, Any]:
    """Small, because it travels on every run of the page: the map fetches the points itself."""
    return {
        # An id alone would be the same in another home on the same port.
        "key": f"{project.id}-{project.created_at.timestamp():.0f}",
        "id": project.id,
        "multi_label": project.multi_label,
        "blind": projects.is_blind(project),
        "has_suggestions": project.suggestion_set_id is not None,
        "classes": [class_views.as_json(each) for each in rows.classes(session, project.id, with_archived=True)],
        "runs": map_colours.runs_to_choose(session, project),
        "annotator": annotator_now(),
        "map_key": header["key"] if header else None,
        "is_at_work": job is not None and job.state in jobs.ACTIVE,
    }


def invite(project: Project) -> None:
    st.info(
        "A map shows all items at once: what is alike lies together. You see groups, outliers and wrong labels, and "
        "label whole groups with a lasso. It takes about a minute for 100,000 items that a model has read."
    )
    if st.button("Make the map", type="primary"):
        make(project)


def news(project: Project, added: int, header: dict[str, Any]) -> None:
    """What the map does not show, with the button that renews it."""
    if not added:
        return
    words, button = st.columns([5, 1], vertical_alignment="center")
    are_new = "1 item is" if added == 1 else f"{added:,} items are"
    words.info(f"{are_new} newer than this map of {header['items']:,}.", icon=":material/update:")
    if button.button("Renew the map", width="stretch"):
        make(project)


def make(project: Project) -> None:
    tried(lambda session: inspecting.start(session, projects.get(session, project.id), "map"))
