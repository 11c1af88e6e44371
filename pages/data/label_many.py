"""Labeling everything that a filter or a selection names: counted first, done as one, taken back by one undo."""

from collections.abc import Sequence
from uuid import uuid4

import streamlit as st

from backend import errors
from backend.labeling import bulk, moves
from backend.labeling.bulk import Wanted
from backend.labeling.checks import annotator_name
from backend.suggesting import learn
from db import bulk_actions, decisions, jobs
from db.items import Filter
from db.models import JobKind, JobState, LabelClass, Project
from db.session import reading, writing
from pages.parts.annotator import annotator_field
from pages.parts.errors import show_error
from pages.parts.job_card import job_card
from pages.parts.words import plain

# (project id, annotator, event id) of what was labeled last here.
LAST = "data-labeled-many"


def label_many(project: Project, classes: Sequence[LabelClass], fitting: Filter, selected: Sequence[int]) -> None:
    """The button, what the last time did with its undo, and the job when there are very many."""
    row = st.container(horizontal=True, vertical_alignment="center")
    words = f"Label {len(selected):,} selected" if selected else "Label all that fit"
    if row.button(words, icon=":material/done_all:", disabled=not classes):
        ask(project, classes, fitting, list(selected))
    if selected:
        row.caption("Without a selection it is all items that fit the filters, on every page.")
    what_was_done(project)


@st.dialog("Label many items")
def ask(project: Project, classes: Sequence[LabelClass], fitting: Filter, selected: list[int]) -> None:
    wanted_items = Wanted(item_ids=selected) if selected else Wanted(filter=fitting)
    with reading() as session:
        counted = bulk.count(session, project, wanted_items)
    st.markdown(about(counted, "that you selected" if selected else described(fitting, classes)))
    names = {each.id: each.name for each in classes}
    label = "Classes" if project.multi_label else "Class"
    if project.multi_label:
        class_ids = st.multiselect(label, names, format_func=names.__getitem__)
    else:
        chosen = st.selectbox(label, names, format_func=names.__getitem__, index=None, placeholder="Choose one")
        class_ids = [] if chosen is None else [chosen]
    annotator = annotator_field()
    is_ready = bool(counted["count"]) and (bool(class_ids) or project.multi_label)
    if st.button(f"Label {items(counted['count'])}", type="primary", disabled=not is_ready):
        wanted = Wanted(class_ids=class_ids, item_ids=selected, filter=None if selected else fitting)
        carry_out(project, annotator, wanted, counted["count"])


def about(counted: dict[str, int], which: str) -> str:
    replaced = f" **{counted['labeled']:,}** of them have a label, which is replaced." if counted["labeled"] else ""
    what = "gets this label" if counted["count"] == 1 else "get the same label"
    return f"**{items(counted['count'])}** {which} {what}.{replaced} One undo takes it back."


def items(count: int) -> str:
    return f"{count:,} {'item' if count == 1 else 'items'}"


def described(fitting: Filter, classes: Sequence[LabelClass]) -> str:
    parts = []
    if fitting.status:
        parts.append(f"with the status “{fitting.status}”")
    if fitting.class_id:
        name = next((each.name for each in classes if each.id == fitting.class_id), "?")
        parts.append(f"labeled “{plain(name)}”")
    if fitting.text:
        parts.append(f"that contain “{plain(fitting.text)}”")
    return " and ".join(parts) or "of this project, all of them,"


def carry_out(project: Project, annotator: str, wanted: Wanted, count: int) -> None:
    event_id = str(uuid4())
    try:
        if count > bulk.MOST_AT_ONCE:
            with writing() as session:
                bulk.start(session, project, annotator, wanted, event_id, total=count)
        else:
            bulk.label(project.id, annotator, wanted, event_id)
    except errors.WinnowError as error:
        show_error(error)
        return
    st.session_state[LAST] = (project.id, annotator, event_id)
    learn.labels_changed(project.id)
    st.rerun()


def what_was_done(project: Project) -> None:
    with reading() as session:
        newest = next((job for job in jobs.page(session, project.id, None, 20) if job.kind == JobKind.LABEL), None)
    if newest and newest.state != JobState.DONE:
        job_card(newest.id)
    project_id, annotator, event_id = st.session_state.get(LAST, (None, "", ""))
    changed = standing(project, annotator, event_id) if project_id == project.id else None
    if changed is not None:
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.success(f"{items(changed)} {'is' if changed == 1 else 'are'} labeled.")
        if button.button("Undo", width="stretch", icon=":material/undo:"):
            take_back(project, annotator)


def standing(project: Project, annotator: str, event_id: str) -> int | None:
    """How many items it labeled; None while it is at work, and once an undo would take back something newer."""
    with reading() as session:
        done = bulk_actions.get(session, event_id)
        annotator_id = decisions.annotator_id(session, annotator_name(annotator))
        if done is None or annotator_id is None or not done.is_done:
            return None
        return done.changed if decisions.newest_done(session, project.id, annotator_id) == done.decision_id else None


def take_back(project: Project, annotator: str) -> None:
    """The annotator's newest decision: the same as Ctrl+Z on the Label page."""
    moved = moves.whole(moves.undo, project.id, annotator, str(uuid4()))
    learn.labels_changed(project.id)
    del st.session_state[LAST]
    st.toast(f"Undone: {items(moved.changed)}.")
    st.rerun()
