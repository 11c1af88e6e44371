"""The sets of suggestions that are kept, in a table, and the choice among them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from backend import projects
from backend.suggesting import sets
from db.models import Project
from db.session import reading, writing
from pages.parts.words import clock, plain

COLUMNS = ("Suggester", "Made", "Items", "Sure on average", "Accepted", "")
WIDTHS = (3.2, 1.4, 1.2, 1.3, 1.6, 1.3)


def show(project: Project, found: Mapping[str, Any]) -> None:
    if not found["sets"]:
        st.info(
            "No suggestions yet. Choose what suggests under “Make suggestions” above: a model that reads the class "
            "names needs no label at all. Or label an item in each of two classes, and they begin by themselves."
        )
        return
    with st.container(border=True, gap="small"):
        for column, words in zip(st.columns(WIDTHS), COLUMNS, strict=True):
            column.caption(words)
        for each in found["sets"]:
            row(project, each, found)
        stay(project)


def stay(project: Project) -> None:
    """Suggestions that somebody chose stay; says so, with the way back to those that learn."""
    with reading() as session:
        is_pinned = bool(projects.get(session, project.id).settings.get(sets.PINNED))
    if is_pinned:
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.caption(
            "Somebody chose those in use: they stay until you choose others, whatever is learned from labels."
        )
        button.button("Follow my labels again", on_click=follow, args=(project.id,), width="stretch")


def row(project: Project, each: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    columns = st.columns(WIDTHS, vertical_alignment="center")
    title = each["title"][0].upper() + each["title"][1:]
    columns[0].markdown(f"**{plain(title)}** :gray[{plain(each['made_from'])}]")
    columns[1].markdown(clock(datetime.fromisoformat(each["finished_at"])))
    columns[2].markdown(f"{'about ' if each['is_estimate'] else ''}{each['items']:,}")
    sure = each["mean_confidence"]
    columns[3].markdown("–" if sure is None else f"{sure:.0%}")
    columns[4].markdown(accepted(each, found))
    if each["is_active"]:
        columns[5].markdown(":green[:material/check:] in use")
    else:
        columns[5].button(
            "Use these", key=f"use-set-{each['id']}", on_click=use, args=(project.id, each["id"]), width="stretch"
        )


def accepted(each: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """How often people chose what this suggester said, in whichever of its sets."""
    who = (each["engine"], each["model"])
    part = next((one for one in found["suggesters"] if (one["engine"], one["model"]) == who), None)
    seen = part and (part["shown"] if part["shown"]["count"] else part["blind"])
    if not part or not seen:
        return ":gray[nobody decided yet]"
    words = "" if part["shown"]["count"] else ", blind"
    return f"{seen['share']:.0%} :gray[of {seen['count']:,}{words}]"


def use(project_id: int, set_id: int) -> None:
    with writing() as session:
        sets.activate(session, projects.get(session, project_id), set_id)


def follow(project_id: int) -> None:
    with writing() as session:
        sets.follow_labels(session, projects.get(session, project_id))
