"""What was changed, newest first, with undo and redo."""

from datetime import datetime
from typing import Any

import streamlit as st

from backend import class_history
from db.models import DecisionState, Project
from db.session import reading
from pages.classes.saving import save
from pages.parts.words import clock, plain

SHOWN = 50
STATES = {DecisionState.DONE: "", DecisionState.UNDONE: "undone", DecisionState.DROPPED: "undone"}


def show(project: Project) -> None:
    with reading() as session:
        found = class_history.page(session, project, limit=SHOWN)
    if not found:
        return
    st.subheader("History")
    newest = next((each for each in found if each["can_undo"]), None)
    undone = next((each for each in found if each["can_redo"]), None)
    with st.container(horizontal=True, gap="small"):
        step(project, "Undo", ":material/undo:", newest, is_undo=True)
        step(project, "Redo", ":material/redo:", undone, is_undo=False)
    for each in found:
        line(each)


def step(project: Project, title: str, icon: str, change: dict[str, Any] | None, *, is_undo: bool) -> None:
    """A button for the change that comes next, which says what it would touch."""
    words = None
    if change is not None:
        with reading() as session:
            asked = class_history.to_undo if is_undo else class_history.to_redo
            found = asked(session, project, change["id"])
            counts = class_history.would_touch(session, project, found, is_undo=is_undo) if found else {}
        words = plain(f"{change['words']}.{touched(counts)}")
    if st.button(title, icon=icon, key=f"classes-{title.lower()}", disabled=change is None, help=words):
        way = class_history.undo if is_undo else class_history.redo
        change_id = change["id"] if change else None
        save(project, lambda session, fresh: way(session, fresh, change_id))


def touched(counts: dict[str, int]) -> str:
    said = [f" {counts['labels']:,} labels move."] if counts.get("labels") else []
    if counts.get("left"):
        said.append(f" {counts['left']:,} stay as somebody decided since.")
    return "".join(said)


def line(each: dict[str, Any]) -> None:
    state = STATES[DecisionState(each["state"])]
    who = f" · {plain(each['annotator'])}" if each["annotator"] else ""
    labels = f" · {each['counts']['labels']:,} labels" if each["counts"].get("labels") else ""
    words = f"{plain(each['words'])}{labels}"
    when = clock(datetime.fromisoformat(each["created_at"]))
    st.markdown(f"{f'~~{words}~~ {state}' if state else words} :gray[{when}{who}]")
