"""The classes as a table to change, and a line to add one."""

from typing import Any

import streamlit as st

from backend import class_changes, classes, errors, projects
from backend.suggesting import learn
from db import projects as rows
from db.models import LabelClass, Project
from db.session import reading, writing
from pages.parts.annotator import annotator_now
from pages.parts.chosen import go_to
from pages.parts.errors import show_error

COLUMNS = {"Class": "name", "Key": "key", "Description": "description", "Prompt": "prompt"}
ABOUT = (
    "A description helps a model that knows only words; a prompt is what it reads instead of both, as it is written. "
    "Suggestions follow by themselves. Names and keys may change at any time; labels stay with their class."
)


def edit_classes(project: Project) -> None:
    with reading() as session:
        there = rows.classes(session, project.id)
    st.caption(ABOUT)
    edited = st.data_editor(
        {title: [getattr(each, field) for each in there] for title, field in COLUMNS.items()},
        column_config={
            "Class": st.column_config.TextColumn(width="medium", required=True),
            "Key": st.column_config.TextColumn(width="small", max_chars=1),
            "Description": st.column_config.TextColumn(width="medium"),
            "Prompt": st.column_config.TextColumn(
                width="medium",
                help="What a model reads instead of name and description, such as “a tall bird beside water”. "
                "Several are averaged: write one a line.",
            ),
        },
        hide_index=True,
        width="stretch",
        key=f"classes-{project.id}-{len(there)}",
    )
    changes = {each.id: changed for row, each in enumerate(there) if (changed := differences(each, edited, row))}
    if st.button("Save classes", disabled=not changes):
        apply(project, changes)
    with st.form(f"add-class-{project.id}", clear_on_submit=True, border=False):
        name = st.text_input("New class", placeholder="Its name", max_chars=classes.NAME_LENGTH)
        if st.form_submit_button("Add class", icon=":material/add:"):
            apply(project, {}, name)
    if st.button("Merge, split, reorder or undo …", key=f"to-classes-{project.id}", icon=":material/category:"):
        go_to("classes")


def differences(each: LabelClass, edited: Any, row: int) -> dict[str, str]:
    found = {field: str(edited[title][row] or "").strip() for title, field in COLUMNS.items()}
    return {field: value for field, value in found.items() if value != getattr(each, field)}


def apply(project: Project, changes: dict[int, dict[str, str]], new_name: str | None = None) -> None:
    """All of it or, with a sentence why, nothing."""
    try:
        with writing() as session:
            fresh = projects.get(session, project.id)
            class_changes.change(session, fresh, changes, annotator_now())
            if new_name is not None:
                class_changes.add(session, fresh, new_name, annotator_now())
    except errors.WinnowError as error:
        show_error(error)
        return
    if new_name is not None or any(classes.SAID_TO_MODELS & fields.keys() for fields in changes.values()):
        learn.classes_changed(project.id)
    st.rerun()
