"""A run's name and note, what it takes of the disk, and how to be rid of it."""

import streamlit as st

from backend import errors
from backend.models.catalogue import size_words
from backend.training import disk, runs
from db.models import Run, RunState
from db.session import Session
from pages.parts.errors import show_error, tried
from pages.parts.words import plain


def show(run: Run) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        name_and_note(run)
    with right:
        room(run)
        remove(run)


def name_and_note(run: Run) -> None:
    st.markdown("**Name and note**")
    name = st.text_input("Name", run.name, key=f"train-name-{run.id}")
    note = st.text_area("Note", run.note, key=f"train-note-{run.id}", placeholder="What this run was to find out")
    if st.button("Save", key=f"train-save-{run.id}", disabled=(name, note) == (run.name, run.note)):
        tried(lambda session: runs.rename(session, runs.get(session, run.id), name, note))


def room(run: Run) -> None:
    st.markdown("**Disk**")
    used = disk.of_run(run.id)
    parts = {"Model": used.model_bytes, "Checkpoints": used.checkpoint_bytes, "Other": used.other_bytes}
    kept = [f"{title} {size_words(size)}" for title, size in parts.items() if size]
    st.markdown(" · ".join(kept) or "Nothing of it is on the disk.")
    beside = used.checkpoint_bytes + used.other_bytes
    if not beside:
        return
    if used.checkpoint_bytes and run.state != RunState.DONE:
        st.caption("The checkpoints are what Resume goes on from. Without them it would begin again.")
    if st.button(f"Remove checkpoints ({size_words(beside)})", key="train-clean", help="The model stays."):
        try:
            st.toast(disk.said(run, disk.clean(run)))
        except errors.WinnowError as error:
            show_error(error)
            return
        st.rerun()


def remove(run: Run) -> None:
    st.markdown("**Delete**")
    with st.popover("Delete run", icon=":material/delete:"):
        st.markdown(
            f"**{plain(run.name)}** is deleted for good: its figures, its curves, what it answered, its model and "
            "checkpoints. Labels, items and the data it learned from stay; so do suggestions that it made."
        )
        if st.button("Delete it for good", type="primary", key="train-delete"):
            tried(lambda session: gone(session, run.id))


def gone(session: Session, run_id: int) -> None:
    runs.delete(session, runs.get(session, run_id))
    st.query_params.pop("run", None)
