"""The bin: what was deleted, until it is restored or removed for ever."""

from dataclasses import replace

import streamlit as st

from backend.labeling import emptying
from backend.labeling.bulk import Wanted
from backend.suggesting import learn
from db import items as rows
from db import jobs
from db import projects as project_rows
from db.items import Filter
from db.models import Action, JobKind, JobState, Project, Status
from db.session import reading, writing
from pages.data.item import show_item
from pages.data.listing import page_of_items
from pages.data.many import ask
from pages.parts.job_card import job_card

IN_BIN = Filter(status=Status.DELETED)


def bin_of(project: Project) -> None:
    with reading() as session:
        count = rows.count(session, project.id, Status.DELETED)
        classes = list(project_rows.classes(session, project.id))
        newest = next((job for job in jobs.page(session, project.id, None, 20) if job.kind == JobKind.EMPTY), None)
    if newest and newest.state != JobState.DONE:
        job_card(newest.id)
    if not count:
        st.info("The bin is empty. What you delete on the Items tab lies here until you empty the bin.")
        return
    st.caption("What lies here is in no queue, export, or training. Restored, an item is as it was before.")
    bar = st.container(horizontal=True)
    drawn = page_of_items(project, classes, IN_BIN, "decided", name="bin")
    which = f"{len(drawn.selected):,} selected" if drawn.selected else "all"
    if bar.button(f"Restore {which}", icon=":material/restore_from_trash:"):
        chosen = Wanted(item_ids=drawn.selected) if drawn.selected else Wanted(filter=IN_BIN)
        words = "that you selected" if drawn.selected else "in the bin, all of them,"
        ask(project, replace(chosen, action=Action.RESTORE), words)
    if bar.button("Empty the bin", icon=":material/delete_forever:", type="tertiary"):
        ask_empty(project, count)
    if drawn.opened is not None:
        show_item(project, drawn.opened)


@st.dialog("Empty the bin?")
def ask_empty(project: Project, count: int) -> None:
    what, whose, them = ("1 item is", "its", "it") if count == 1 else (f"{count:,} items are", "their", "them")
    st.markdown(f"**{what} removed for ever**, with {whose} history. No undo brings {them} back.")
    if not st.button("Remove for ever", type="primary"):
        return
    with reading() as session:
        is_small = emptying.is_small(session, project)
    if is_small:
        emptying.at_once(project.id)
        learn.labels_changed(project.id)
    else:
        with writing() as session:
            emptying.start(session, project)
    st.rerun()
