"""Labeling, deleting or restoring many items at once: counted first, done as one, taken back by one undo."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import streamlit as st

from backend import errors
from backend.augmenting import choosing
from backend.labeling import bulk
from backend.labeling.bulk import Wanted
from backend.suggesting import learn
from db import jobs
from db.items import Filter
from db.models import Action, JobKind, JobState, LabelClass, Project
from db.session import reading, writing
from pages.data.filters import DISAGREES_WORDS, SPLIT_WORDS
from pages.parts.annotator import annotator_field, annotator_now
from pages.parts.chosen import go_to
from pages.parts.done import standing, take_back
from pages.parts.errors import show_error
from pages.parts.job_card import job_card
from pages.parts.words import plain

# (project id, annotator, event id) of what was done last here.
LAST = "data-labeled-many"
# How long a person waits for a count; it then says "at least".
COUNT_S = 2.0
DONE = {Action.LABEL: "labeled", Action.DELETE: "in the bin", Action.RESTORE: "restored"}


def many(project: Project, classes: Sequence[LabelClass], fitting: Filter, selected: Sequence[int]) -> None:
    """The buttons, what the last of them did with its undo, and the job when there are very many."""
    row = st.container(horizontal=True, vertical_alignment="center")
    which = f"{len(selected):,} selected" if selected else "all that fit"
    chosen = Wanted(item_ids=list(selected)) if selected else Wanted(filter=fitting)
    words = "that you selected" if selected else described(fitting, classes)
    if row.button(f"Label {which}", icon=":material/done_all:", disabled=not classes):
        ask_label(project, classes, chosen, words)
    if row.button(f"Delete {which}", icon=":material/delete:", type="tertiary"):
        ask(project, replace(chosen, action=Action.DELETE), words)
    if 0 < len(selected) <= choosing.MOST_ROWS and row.button(
        "See them varied", icon=":material/auto_fix_high:", type="tertiary"
    ):
        go_to("augment", items=",".join(str(each) for each in selected))
    if selected:
        row.caption("Without a selection it is all items that fit the filters, on every page.")
    what_was_done(project)


@st.dialog("Label many items")
def ask_label(project: Project, classes: Sequence[LabelClass], chosen: Wanted, which: str) -> None:
    counted = count(project, chosen)
    st.markdown(about(counted, which))
    names = {each.id: each.name for each in classes}
    label = "Classes" if project.multi_label else "Class"
    if project.multi_label:
        class_ids = st.multiselect(label, names, format_func=names.__getitem__)
    else:
        one = st.selectbox(label, names, format_func=names.__getitem__, index=None, placeholder="Choose one")
        class_ids = [] if one is None else [one]
    annotator = annotator_field()
    is_ready = bool(counted["count"]) and (bool(class_ids) or project.multi_label)
    if st.button(f"Label {items(counted)}", type="primary", disabled=not is_ready):
        carry_out(project, annotator, replace(chosen, class_ids=class_ids), counted)


@st.dialog("Are you sure?")
def ask(project: Project, wanted: Wanted, which: str) -> None:
    counted = count(project, wanted)
    is_deleting = wanted.action == Action.DELETE
    verb, where = ("Delete", "into the bin") if is_deleting else ("Restore", "out of the bin")
    goes = "goes" if counted["count"] == 1 else "go"
    has_label = f" {labeled(counted)}." if counted["labeled"] else ""
    back = " One undo takes it back, until the bin is emptied." if is_deleting else " Each is then as it was before."
    st.markdown(f"**{items(counted)}** {which} {goes} {where}.{has_label}{back}")
    if st.button(f"{verb} {items(counted)}", type="primary", disabled=not counted["count"]):
        carry_out(project, annotator_now(), wanted, counted)


def count(project: Project, wanted: Wanted) -> dict[str, Any]:
    with st.spinner("Counting…"), reading() as session:
        return bulk.count(session, project, wanted, COUNT_S)


def about(counted: Mapping[str, Any], which: str) -> str:
    replaced = f" {labeled(counted)}, which is replaced." if counted["labeled"] else ""
    what = "gets this label" if counted["count"] == 1 else "get the same label"
    return f"**{items(counted)}** {which} {what}.{replaced} One undo takes it back."


def labeled(counted: Mapping[str, Any]) -> str:
    if counted["count"] == 1:
        return "It has a label"
    return f"**{counted['labeled']:,}** of them {'has' if counted['labeled'] == 1 else 'have'} a label"


def items(counted: Mapping[str, Any]) -> str:
    number, is_exact = counted["count"], counted.get("is_exact", True)
    return f"{'' if is_exact else 'at least '}{number:,} {'item' if number == 1 else 'items'}"


def described(fitting: Filter, classes: Sequence[LabelClass]) -> str:
    names = {each.id: plain(each.name) for each in classes}
    low, high = fitting.confidence_from, fitting.confidence_to
    parts = {
        f"with the status “{fitting.status}”": fitting.status,
        f"labeled “{names.get(fitting.class_id or 0, '?')}”": fitting.class_id,
        f"that contain “{plain(fitting.text)}”": fitting.text,
        "without a label": fitting.has_no_label,
        f"suggested to be “{names.get(fitting.suggestion or 0, '?')}”": fitting.suggestion,
        f"with a suggestion of {100 * (low or 0):.0f} to {100 * (1 if high is None else high):.0f} %": (
            low is not None or high is not None
        ),
        f"where the {DISAGREES_WORDS.get(fitting.disagrees or '', '').lower()}": fitting.disagrees,
        f"of the split “{SPLIT_WORDS.get(fitting.split or '', '')}”": fitting.split,
        "by the chosen person": fitting.annotator_id,
        "from the chosen file": fitting.origin_id,
    }
    return " and ".join(words for words, is_set in parts.items() if is_set) or "of this project, all of them,"


def carry_out(project: Project, annotator: str, wanted: Wanted, counted: Mapping[str, Any]) -> None:
    event_id = str(uuid4())
    try:
        if counted["count"] > bulk.MOST_AT_ONCE or not counted["is_exact"]:
            with writing() as session:
                bulk.start(session, project, annotator, wanted, event_id, total=counted["count"])
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
    done = standing(project, annotator, event_id) if project_id == project.id else None
    if done is not None:
        changed, action = done
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.success(f"{items({'count': changed})} {'is' if changed == 1 else 'are'} {DONE[action]}.")
        if button.button("Undo", width="stretch", icon=":material/undo:"):
            del st.session_state[LAST]
            take_back(project, annotator)
