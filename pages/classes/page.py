"""Classes: what there is to choose from, changed in place; merged, split, archived or deleted; and all of it undone."""

import streamlit as st

from backend import class_changes, classes, projects
from backend.labeling import queue
from db import projects as rows
from db.models import Project
from db.session import reading
from pages.classes import history, table
from pages.classes.saving import save
from pages.parts.annotator import annotator_now
from pages.parts.chosen import chosen_project, go_to
from pages.parts.words import plain


def show() -> None:
    project = chosen_project()
    st.title("Classes")
    st.caption(
        "Labels stay with their class, whatever it is called. Each change says first what it touches, and can be "
        "undone below. Suggestions follow by themselves."
    )
    with reading() as session:
        there = rows.classes(session, projects.get(session, project.id).id, with_archived=True)
        waiting = queue.splits(session, project)
    for each in waiting:
        go_on_splitting(each["name"], each["total"], each["left"])
    table.show(project, [each for each in there if not each.archived])
    add(project)
    table.archived(project, [each for each in there if each.archived])
    history.show(project)


def go_on_splitting(name: str, total: int, left: int) -> None:
    words, button = st.columns([4, 1.2], vertical_alignment="center")
    words.info(f"{plain(name)} was split. {total - left:,} of {total:,} items have been looked at.")
    if button.button("Look at the rest", key=f"split-on-{name}", type="primary", width="stretch"):
        go_to("label", order=f"split:{name}")


def add(project: Project) -> None:
    with st.form(f"add-class-{project.id}", clear_on_submit=True, border=False):
        field, button = st.columns([4, 1], vertical_alignment="bottom")
        name = field.text_input("New class", placeholder="Its name", max_chars=classes.NAME_LENGTH)
        if button.form_submit_button("Add class", icon=":material/add:", width="stretch"):
            save(project, lambda session, fresh: class_changes.add(session, fresh, name, annotator_now()))
