"""Accept what is proposed, or keep the label: a person's decision, which one undo takes back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import streamlit as st

from backend import errors
from backend.labeling import bulk, moves
from backend.suggesting import learn
from db.models import Project
from pages.parts.annotator import annotator_now
from pages.parts.errors import show_error

# (project id, annotator, what was said) of what was decided last here.
LAST = "errors-last"


def decide(project: Project, found: Sequence[Mapping[str, Any]], what: str) -> None:
    """what: "accept" or "keep". What somebody decided on meanwhile is not among them."""
    if not found:
        return
    which = "proposed" if what == "accept" else "given"
    wanted = bulk.Wanted(each=[{"item_id": each["item_id"], "class_ids": each[which]} for each in found])
    annotator = annotator_now()
    try:
        done = bulk.label(project.id, annotator, wanted, str(uuid4()))
    except errors.WinnowError as error:
        show_error(error)
        return
    learn.labels_changed(project.id)
    labels = "1 label is" if done.changed == 1 else f"{done.changed:,} labels are"
    became = "changed" if what == "accept" else "kept: nobody is asked about it again" if done.changed == 1 else "kept"
    st.session_state[LAST] = (project.id, annotator, f"{labels} {became}.")
    st.rerun()


def what_was_done(project: Project) -> None:
    project_id, annotator, said = st.session_state.get(LAST, (None, "", ""))
    if project_id != project.id:
        return
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.success(said)
    if button.button("Undo", width="stretch", icon=":material/undo:", key="errors-undo"):
        moved = moves.whole(moves.undo, project.id, annotator, str(uuid4()))
        learn.labels_changed(project.id)
        del st.session_state[LAST]
        st.toast(f"Undone: {moved.changed:,} {'item' if moved.changed == 1 else 'items'}.")
        st.rerun()
