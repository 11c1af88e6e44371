"""The classes one below the other, each to be changed where it stands."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from backend import class_changes, classes, projects
from db import class_changes as rows
from db import stats
from db.models import LabelClass, Project
from db.session import reading
from pages.classes import dialogs
from pages.classes.saving import save
from pages.parts.annotator import annotator_now
from pages.parts.words import plain

WIDTHS = (0.5, 0.6, 2.4, 3.2, 0.9, 1.1, 0.5, 0.5, 0.9)
TITLES = ("", "Key", "Name", "Description", "Labels", "Suggested", "", "", "")
PROMPT = (
    "What a model reads instead of name and description, such as “a tall bird beside water”. Several are averaged: "
    "write one a line."
)
A_PAGE = 50


def show(project: Project, there: Sequence[LabelClass]) -> None:
    with reading() as session:
        labels = stats.labels_by_class(session, project.id)
        set_id = None if projects.is_blind(project) else project.suggestion_set_id
        suggested = rows.suggestions_by_class(session, set_id) if set_id is not None else {}
    shown = one_page(there)
    for column, title in zip(st.columns(WIDTHS, gap="small"), TITLES, strict=True):
        column.caption(title)
    changes = {}
    for each in shown:
        new = row(
            project,
            each,
            list(there),
            labels.get(each.id, 0),
            suggested.get(each.id, 0) if set_id is not None else None,
        )
        if new:
            changes[each.id] = new
    if changes:
        save(project, lambda session, fresh: class_changes.change(session, fresh, changes, annotator_now()))


def one_page(there: Sequence[LabelClass]) -> Sequence[LabelClass]:
    pages = -(-len(there) // A_PAGE)
    if pages <= 1:
        return there
    page = st.number_input(f"Page, of {pages}", 1, pages, key="classes-page")
    return there[(page - 1) * A_PAGE : page * A_PAGE]


def row(
    project: Project, each: LabelClass, there: list[LabelClass], labels: int, suggested: int | None
) -> Mapping[str, Any]:
    """Draw it; the fields that were changed in it."""
    color, key, name, about, has, said, up, down, more = st.columns(WIDTHS, gap="small", vertical_alignment="center")
    hidden: Any = {"label_visibility": "collapsed"}
    place = there.index(each)
    new: dict[str, Any] = {
        "color": color.color_picker(f"Colour of {each.name}", each.color, key=key_of(each, "color"), **hidden),
        "key": key.text_input(f"Key of {each.name}", each.key, max_chars=1, key=key_of(each, "key"), **hidden),
        "name": name.text_input(
            f"Name of {each.name}", each.name, max_chars=classes.NAME_LENGTH, key=key_of(each, "name"), **hidden
        ),
        "description": about.text_input(
            f"Description of {each.name}", each.description, key=key_of(each, "description"), **hidden
        ),
    }
    has.markdown(f"{labels:,}")
    said.markdown("–" if suggested is None else f"{suggested:,}")
    if up.button("", icon=":material/arrow_upward:", key=f"up-{each.id}", disabled=place == 0, help="Move up"):
        move(project, there, place, place - 1)
    is_last = place == len(there) - 1
    if down.button("", icon=":material/arrow_downward:", key=f"down-{each.id}", disabled=is_last, help="Move down"):
        move(project, there, place, place + 1)
    about_more = f"Merge, split, archive or delete {plain(each.name)}"
    menu = dialogs.menu_of(each.id)
    with more.popover("", icon=":material/more_horiz:", help=about_more, key=menu, on_change="rerun"):
        new["prompt"] = st.text_area("Prompt", each.prompt, key=key_of(each, "prompt"), help=PROMPT)
        dialogs.buttons(project, each, there)
    new["key"] = new["key"].strip().lower()
    return {field: value for field, value in new.items() if differs(value, getattr(each, field))}


def differs(value: str, kept: str) -> bool:
    # A colour picker writes its letters small.
    is_same_color = kept.startswith("#") and value.lower() == kept.lower()
    return value.strip() != kept.strip() and not is_same_color


def key_of(each: LabelClass, field: str) -> str:
    # With what is kept: a field that was changed elsewhere, or by an undo, is drawn anew.
    return f"class-{each.id}-{field}-{getattr(each, field)}"


def move(project: Project, there: list[LabelClass], place: int, to: int) -> None:
    ids = [each.id for each in there]
    ids.insert(to, ids.pop(place))
    save(project, lambda session, fresh: class_changes.reorder(session, fresh, ids, annotator_now()))


def archived(project: Project, there: Sequence[LabelClass]) -> None:
    if not there:
        return
    with reading() as session:
        labels = stats.labels_by_class(session, project.id)
    with st.expander(f"Archived ({len(there)})", icon=":material/inventory_2:"):
        st.caption("They keep their labels, and take no new ones. Models do not learn them.")
        for each in there:
            name, has, back, away = st.columns([4, 1, 1.2, 1.2], vertical_alignment="center")
            name.markdown(plain(each.name))
            has.markdown(f"{labels.get(each.id, 0):,} labels")
            if back.button("Bring back", key=f"bring-{each.id}", width="stretch"):
                one = {each.id: {"archived": False}}
                save(project, partial(class_changes.change, changes=one, annotator=annotator_now()))
            if away.button("Delete", key=f"delete-{each.id}", width="stretch"):
                dialogs.delete(project, each.id)
