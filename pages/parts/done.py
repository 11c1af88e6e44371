"""What was done last to many items with one press, and the button that takes it back while nothing newer came."""

from uuid import uuid4

import streamlit as st

from backend.labeling import moves
from backend.labeling.checks import annotator_name
from backend.suggesting import learn
from db import bulk_actions, decisions
from db.models import Action, Project
from db.session import reading


def remember(project: Project, annotator: str, event_id: str, said: str, *, key: str) -> None:
    """event_id: of the bulk action. said: what became of the items. key: the place on the page where it is said."""
    st.session_state[f"{key}-last"] = (project.id, annotator, event_id, said)
    learn.labels_changed(project.id)


def show(project: Project, *, key: str) -> None:
    """What was remembered, with its undo; nothing when something newer was decided since."""
    project_id, annotator, event_id, said = st.session_state.get(f"{key}-last", (None, "", "", ""))
    if project_id != project.id or standing(project, annotator, event_id) is None:
        return
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.success(said)
    if button.button("Undo", width="stretch", icon=":material/undo:", key=f"{key}-undo"):
        del st.session_state[f"{key}-last"]
        take_back(project, annotator)


def standing(project: Project, annotator: str, event_id: str) -> tuple[int, Action] | None:
    """How many items it changed and how; None while it is at work, and once an undo would take back something newer."""
    with reading() as session:
        done = bulk_actions.get(session, event_id)
        annotator_id = decisions.annotator_id(session, annotator_name(annotator))
        if done is None or annotator_id is None or not done.is_done:
            return None
        is_newest = decisions.newest_done(session, project.id, annotator_id) == done.decision_id
        return (done.changed, Action(done.kind)) if is_newest else None


def take_back(project: Project, annotator: str) -> None:
    """The annotator's newest decision: the same as Ctrl+Z on the Label page."""
    moved = moves.whole(moves.undo, project.id, annotator, str(uuid4()))
    learn.labels_changed(project.id)
    st.toast(f"Undone: {moved.changed:,} {'item' if moved.changed == 1 else 'items'}.")
    st.rerun()
