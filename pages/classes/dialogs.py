"""Merge, split, archive and delete: each says first what it touches."""

from collections.abc import Mapping, Sequence

import streamlit as st

from backend import class_changes, class_counts, classes, errors
from db.models import LabelClass, Project
from db.session import reading
from pages.classes.saving import save
from pages.parts.annotator import annotator_now
from pages.parts.errors import show_error
from pages.parts.words import plain

UNDO = "It can be undone below, exactly: what somebody decides meanwhile stays."
# Of each count, the words for one and for many.
TOUCHES = {
    "labels": ("item has this label", "items have this label"),
    "to_do": ("item loses its only label and is to do again", "items lose their only label and are to do again"),
    "both": ("item has both classes", "items have both classes"),
    "gold": ("gold label goes with it", "gold labels go with it"),
    "suggestions": ("suggestion of it is made anew", "suggestions of it are made anew"),
    "runs": (
        "run learned it, and keeps the classes that it was trained with",
        "runs learned it, and keep the classes that they were trained with",
    ),
    "to_look_at": ("labeled item comes for another look", "labeled items come for another look"),
}


def buttons(project: Project, each: LabelClass, there: Sequence[LabelClass]) -> None:
    is_last = len(there) < 2
    if button("Merge into …", "merge", each.id, is_disabled=is_last):
        merge(project, each.id, [(other.id, other.name) for other in there if other.id != each.id])
    if button("Split …", "split", each.id):
        split(project, each.id)
    if button("Archive …", "archive", each.id, is_disabled=is_last):
        archive(project, each.id)
    if button("Delete …", "delete", each.id, is_disabled=is_last):
        delete(project, each.id)


def button(title: str, action: str, class_id: int, *, is_disabled: bool = False) -> bool:
    """One that closes the menu it is in: an open menu would lie above the dialog."""
    key = f"{action}-{class_id}"
    return st.button(title, key=key, width="stretch", disabled=is_disabled, on_click=close, args=(class_id,))


def close(class_id: int) -> None:
    st.session_state[menu_of(class_id)] = False


def menu_of(class_id: int) -> str:
    return f"class-menu-{class_id}"


def tell(counts: Mapping[str, int]) -> None:
    said = [f"- {n:,} {TOUCHES[name][n != 1]}" for name, n in counts.items() if n and name in TOUCHES]
    st.markdown("\n".join(said) if said else "Nothing has this label, and no run learned it.")


@st.dialog("Merge")
def merge(project: Project, class_id: int, others: list[tuple[int, str]]) -> None:
    into = st.selectbox("Into", [each for each, _ in others], format_func=dict(others).__getitem__, key="merge-into")
    try:
        with reading() as session:
            one, other = class_changes.check_merge(session, project, class_id, into)
            counts = class_counts.of_merge(session, project, one, other)
    except errors.WinnowError as error:
        show_error(error)
        return
    st.markdown(f"Everything labeled **{plain(one.name)}** becomes **{plain(other.name)}**.")
    tell(counts)
    st.caption(UNDO)
    if st.button(f"Merge into {plain(other.name)}", type="primary", key="merge-do"):
        save(project, lambda session, fresh: class_changes.merge(session, fresh, class_id, into, annotator_now()))


@st.dialog("Split")
def split(project: Project, class_id: int) -> None:
    with reading() as session:
        one = classes.get(session, project, class_id)
        counts = class_counts.of_split(session, project, one)
    st.markdown(f"Name what a part of **{plain(one.name)}** shall be from now on.")
    tell({"to_look_at": counts["to_look_at"]})
    st.caption(
        "They come one by one on the Label page, with their label shown. Enter keeps it, another key changes it."
    )
    names = st.text_area("New classes, one a line", key="split-names")
    if st.button("Add classes", type="primary", key="split-do", disabled=not names.strip()):
        save(
            project,
            lambda session, fresh: class_changes.split(session, fresh, class_id, names.splitlines(), annotator_now()),
        )


@st.dialog("Archive")
def archive(project: Project, class_id: int) -> None:
    with reading() as session:
        one = classes.get(session, project, class_id)
        counts = class_counts.of_class(session, project, one)
    st.markdown(f"**{plain(one.name)}** keeps its labels and takes no new ones. Models no longer learn it.")
    tell(counts)
    st.caption("Bring it back at any time.")
    if st.button("Archive", type="primary", key="archive-do"):
        change = {class_id: {"archived": True}}
        save(project, lambda session, fresh: class_changes.change(session, fresh, change, annotator_now()))


@st.dialog("Delete")
def delete(project: Project, class_id: int) -> None:
    try:
        with reading() as session:
            one = class_changes.check_delete(session, project, class_id)
            counts = class_counts.of_delete(session, project, one)
    except errors.WinnowError as error:
        show_error(error)
        return
    st.markdown(f"**{plain(one.name)}** is deleted, and its labels with it.")
    tell(counts)
    st.caption(UNDO)
    if st.button("Delete", type="primary", key="delete-do"):
        save(project, lambda session, fresh: class_changes.delete(session, fresh, class_id, annotator_now()))
