"""One item, opened: large, with its labels, where it came from, and what happened to it."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import streamlit as st

from backend import errors, projects
from backend import items as views
from backend.labeling import labels
from backend.suggesting import learn
from db import decisions
from db import projects as project_rows
from db.models import Action, LabelEvent, Project, Status
from db.session import reading, writing
from pages.parts.annotator import annotator_now
from pages.parts.chosen import go_to
from pages.parts.errors import show_error
from pages.parts.words import clock, plain

IMAGE_PX = 1_200
TEXT_LETTERS = 50_000
EVENTS = 30
WORDS = {
    Action.LABEL: "labeled it", Action.SKIP: "skipped it", Action.FLAG: "flagged it",
    Action.CLEAR: "took the label away", Action.CHECK: "looked again", Action.DELETE: "put it into the bin",
    Action.RESTORE: "restored it", Action.UNDO: "undid", Action.REDO: "redid",
}  # fmt: skip


@st.dialog("Item", width="large")
def show_item(project: Project, item_id: int) -> None:
    try:
        with reading() as session:
            item = views.whole(session, project, views.get(session, item_id))
            names = {each.id: each.gone_name or each.name for each in project_rows.all_classes(session, project.id)}
            events = decisions.of_item(session, item_id, None, EVENTS)
            people = decisions.annotator_names(session, [event.annotator_id for event in events])
    except errors.WinnowError as error:
        show_error(error)
        return
    content(item)
    known(item, names)
    decide(project, item)
    about(item)
    if events:
        with st.expander(f"History ({len(events)}{'+' if len(events) == EVENTS else ''})"):
            st.dataframe(
                [told(event, people, names, is_blind=projects.is_blind(project)) for event in events],
                hide_index=True,
            )


def content(item: Mapping[str, Any]) -> None:
    if item["image"]:
        # The address is made of numbers and hexadecimal digits alone.
        st.html(
            f'<img src="{item["image"]}&size={IMAGE_PX}" style="max-width: 100%; max-height: 60vh" alt="The image">'
        )
        frames = f" · the first of {item['frames']} pictures" if item["frames"] else ""
        st.caption(f"{item['width']:,} × {item['height']:,} pixels · {item['media_type']}{frames}")
        return
    text = item["text"] or ""
    with st.container(border=True, height=320 if len(text) > 1_200 else "content"):
        st.text(text[:TEXT_LETTERS])
    more = f", of which {TEXT_LETTERS:,} are shown" if len(text) > TEXT_LETTERS else ""
    st.caption(f"{len(text):,} letters{more}")


def known(item: Mapping[str, Any], names: Mapping[int, str]) -> None:
    guess = item["suggestion"]
    parts = {
        "Label": ", ".join(names.get(each, "?") for each in item["class_ids"]) or str(item["status"]),
        "Suggested": f"{names.get(guess['class_id'], '?')}, {guess['confidence']:.0%}" if guess else None,
        "Gold label": ", ".join(names.get(each, "?") for each in item["gold_class_ids"]) or None,
        "Split": item["split"],
        "By": item["annotator"],
    }
    there = {title: value for title, value in parts.items() if value}
    for column, (title, value) in zip(st.columns(len(there)), there.items(), strict=True):
        column.caption(title)
        column.markdown(f"**{plain(str(value))}**")


def decide(project: Project, item: Mapping[str, Any]) -> None:
    """Give it a label, put it into the bin or take it out: each can be undone on the Label page."""
    if item["status"] == Status.DELETED:
        if st.button("Restore", icon=":material/restore_from_trash:"):
            record(project, item, Action.RESTORE, [])
        return
    with reading() as session:
        names = {each.id: each.name for each in project_rows.classes(session, project.id)}
    here = [each for each in item["class_ids"] if each in names]
    mode = "multi" if project.multi_label else "single"
    chosen = st.pills(
        "Label",
        list(names),
        format_func=lambda each: plain(names[each]),
        selection_mode=mode,
        default=here if project.multi_label else (here[0] if here else None),
        key=f"data-item-{item['id']}",
    )
    class_ids = list(chosen) if project.multi_label else [chosen] if chosen is not None else []
    row = st.container(horizontal=True)
    is_ready = bool(names) and (project.multi_label or bool(class_ids))
    if row.button("Label it", type="primary", icon=":material/label:", disabled=not is_ready):
        record(project, item, Action.LABEL, class_ids)
    if row.button("Label more like it", icon=":material/travel_explore:"):
        go_to("label", order=f"similar:{item['id']}")
    if row.button("Delete", icon=":material/delete:", type="tertiary"):
        record(project, item, Action.DELETE, [])


def record(project: Project, item: Mapping[str, Any], action: Action, class_ids: list[int]) -> None:
    event = {"event_id": str(uuid4()), "item_id": item["id"], "action": action, "class_ids": class_ids}
    with writing() as session:
        done = labels.record(session, project, annotator_now(), [event | {"over": item["over"]}])
    learn.labels_changed(project.id)
    if done.rejected:
        st.error(done.rejected[0]["message"])
        return
    st.rerun()


def about(item: Mapping[str, Any]) -> None:
    sources = [each for each in item["sources"] if each]
    if sources:
        # The place of a row begins with its file, which is then its origin.
        is_said = not item["origin"] or sources[0].startswith(item["origin"])
        st.markdown(f"From {plain(sources[0])}" + ("" if is_said else f", in {plain(item['origin'])}"))
    if len(sources) > 1:
        with st.expander(f"The same content was found in {len(sources) - 1:,} other places"):
            st.dataframe([{"Found in": each} for each in sources[1:]], hide_index=True)
    kept = [{"Column": name, "Value": str(value)} for name, value in item["meta"].items() if name != "frames"]
    if kept:
        st.dataframe(kept, hide_index=True)


def told(event: LabelEvent, people: Mapping[int, str], names: Mapping[int, str], *, is_blind: bool) -> dict[str, Any]:
    said = None if is_blind else event.suggested
    return {
        "When": clock(event.created_at),
        "Who": people.get(event.annotator_id, "?"),
        "What": WORDS[Action(event.action)],
        "Label then": ", ".join(names.get(each, "?") for each in event.class_ids),
        "Suggested then": f"{names.get(said['class_id'], '?')}, {said['confidence']:.0%}" if said else "",
    }
