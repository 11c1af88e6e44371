"""Suggest: what suggests now and what else could, how good each suggester is, and where two of them differ."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend import projects
from backend.evaluating import suggest_report
from db import projects as rows
from db import suggestions
from db.models import Project
from db.session import reading
from pages.parts.chosen import chosen_project, go_to
from pages.parts.edit_classes import edit_classes
from pages.parts.edit_prompts import edit_templates
from pages.parts.job_card import job_card
from pages.parts.suggest import jobs_to_show, make
from pages.suggest import difference, kept, quality


def show() -> None:
    project = chosen_project()
    title, button = st.columns([4, 1], vertical_alignment="center")
    title.title("Suggest")
    with reading() as session:
        has_items = rows.has_items(session, project.id)
        has_classes = bool(rows.classes(session, project.id))
    if not has_items or not has_classes:
        return invite(has_items=has_items)
    with button.popover("Make suggestions", width="stretch", type="primary", icon=":material/lightbulb:"):
        make(project)
    for job in jobs_to_show(project):
        job_card(job.id)
    with reading() as session:
        found = suggest_report.of(session, project)
        classes = projects.as_json(session, project)["classes"]
    kept.show(project, found)
    what_is_read(project)
    if found["blind"]:
        st.info(
            "This project is labeled blind: what is suggested, and where suggesters differ, is hidden here as well. "
            "Show the suggestions on the Label page to see it."
        )
    if found["sets"] or found["suggesters"]:
        quality.show(found, classes)
    difference.show(project, found, classes)
    look_again(project.id, drawn(found))
    return None


def drawn(found: Mapping[str, Any]) -> list[tuple[int, bool]]:
    return [(each["id"], each["is_active"]) for each in found["sets"]]


@st.fragment(run_every=2.0)
def look_again(project_id: int, before: list[tuple[int, bool]]) -> None:
    """Draw the page again when there are other suggestions: they follow classes, words and labels by themselves."""
    with reading() as session:
        used = projects.get(session, project_id).suggestion_set_id
        now = [(each.id, each.id == used) for each in suggestions.sets(session, project_id)]
    if now != before:
        st.rerun()


def invite(*, has_items: bool) -> None:
    what = "There are no classes to choose from." if has_items else "There is nothing to suggest for yet."
    st.info(f"{what} Here models suggest a class for each item, and you see how good they are at it.")
    if st.button("Name classes" if has_items else "Add data", type="primary"):
        go_to("data")


def what_is_read(project: Project) -> None:
    """The words that a model reads which knows only words."""
    with st.expander(
        "Classes and prompts", on_change="rerun", key="suggest-words", icon=":material/edit_note:"
    ) as folded:
        if folded.open:
            edit_classes(project)
            edit_templates(project)
