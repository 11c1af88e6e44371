"""One group of near-duplicates: its members side by side, and what can be done with all of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import streamlit as st

from backend import errors, grouping
from backend import projects as project_views
from backend.grouping import view
from backend.labeling import bulk
from db import groups as rows
from db.models import Action, LabelClass, Project
from db.session import reading, writing
from pages.parts.annotator import annotator_field
from pages.parts.chips import component_files
from pages.parts.done import remember
from pages.parts.errors import show_error
from pages.parts.words import plain

# Where what was done to a group is said and taken back: see `pages.parts.done`.
PLACE = "near"
_members = st.components.v2.component("winnow_near", **component_files(Path(__file__).with_name("near")))


def show(project: Project, group: Mapping[str, Any], classes: Sequence[LabelClass]) -> None:
    group_id = group["group_id"]
    with st.container(border=True):
        words, label, delete = st.columns([3, 1.2, 1.4], vertical_alignment="center")
        words.markdown(about(group))
        if label.button("Label all of these", key=f"near-label-{group_id}", width="stretch"):
            ask(project, group, [each for each in classes if not each.archived])
        if delete.button("Delete all but the first", key=f"near-delete-{group_id}", width="stretch"):
            ask_to_delete(project, group)
        data = {"members": members(group, classes)}
        result = _members(key=f"near-{project.id}-{group_id}", data=data, on_apart_change=lambda: None)
        if result.apart is not None:
            take_out(project, group_id, int(result.apart))
        if group["count"] > len(group["items"]):
            st.caption(f"{group['count'] - len(group['items']):,} more are not shown.")


def about(group: Mapping[str, Any]) -> str:
    parts = [f"**{group['count']:,} items**", f"at least {int(100 * group['similarity'])} % like the first"]
    if group["disagree"]:
        parts.append(":orange[:material/warning: labels differ]")
    if len(group["splits"]) > 1:
        parts.append(f":gray[in {', '.join(group['splits'])}]")
    return " · ".join(parts)


def members(group: Mapping[str, Any], classes: Sequence[LabelClass]) -> list[dict[str, Any]]:
    """What the component draws; of texts the pieces, each with whether the first has it not."""
    by_id = {each.id: {"name": each.name, "color": each.color} for each in classes}
    first = group["items"][0]
    return [
        {
            "id": each["id"],
            "image": each["image"],
            "pieces": view.differences(first["text"] or "", each["text"]) if each["text"] is not None else [],
            "source": each["source"],
            "status": each["status"],
            "split": each["split"],
            "classes": [by_id[class_id] for class_id in each["class_ids"] if class_id in by_id],
            "likeness": None if each is first else f"{int(100 * each['similarity'])} %",
        }
        for each in group["items"]
    ]


@st.dialog("Label near-duplicates")
def ask(project: Project, group: Mapping[str, Any], classes: Sequence[LabelClass]) -> None:
    names = {each.id: each.name for each in classes}
    st.markdown(f"**{group['count']:,} items** get the same label. One undo takes it back.")
    if project.multi_label:
        class_ids = st.multiselect("Classes", names, format_func=names.__getitem__, key="near-classes")
    else:
        chosen = st.pills("Class", names, format_func=lambda each: plain(names[each]), key="near-class")
        class_ids = [] if chosen is None else [chosen]
    annotator = annotator_field()
    is_ready = bool(class_ids) or project.multi_label
    if st.button(f"Label {group['count']:,} items", type="primary", disabled=not is_ready, key="near-label"):
        label(project, group["group_id"], annotator, class_ids)


def label(project: Project, group_id: int, annotator: str, class_ids: Sequence[int]) -> None:
    wanted = bulk.Wanted(class_ids=class_ids, item_ids=member_ids(project, group_id))
    carry_out(project, annotator, wanted, "labeled")


def member_ids(project: Project, group_id: int) -> list[int]:
    with reading() as session:
        return [each.id for each in rows.members(session, project.id, [group_id])[group_id]]


@st.dialog("Delete all but the first")
def ask_to_delete(project: Project, group: Mapping[str, Any]) -> None:
    others = member_ids(project, group["group_id"])[1:]
    what = "1 item goes" if len(others) == 1 else f"{len(others):,} items go"
    st.markdown(f"**{what}** to the bin with their labels; the first one stays. One undo brings them back.")
    annotator = annotator_field()
    if st.button("Delete", type="primary", disabled=not others, key="near-delete"):
        carry_out(project, annotator, bulk.Wanted(action=Action.DELETE, item_ids=others), "in the bin")


def carry_out(project: Project, annotator: str, wanted: bulk.Wanted, became: str) -> None:
    event_id = str(uuid4())
    try:
        done = bulk.label(project.id, annotator, wanted, event_id)
    except errors.WinnowError as error:
        show_error(error)
        return
    said = f"1 item is {became}." if done.changed == 1 else f"{done.changed:,} items are {became}."
    remember(project, annotator, event_id, said, key=PLACE)
    st.rerun()


def take_out(project: Project, group_id: int, item_id: int) -> None:
    try:
        with writing() as session:
            grouping.take_out(session, project_views.get(session, project.id), group_id, item_id)
    except errors.WinnowError as error:
        show_error(error)
        return
    st.toast("Taken out. It stays out when you look again.")
    st.rerun()
