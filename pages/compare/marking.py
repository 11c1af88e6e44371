"""What to do with selected runs: compare them, mark them, put them away, take a report of them along."""

from collections.abc import Callable, Sequence

import streamlit as st

from backend import errors
from backend.evaluating import comparison
from backend.evaluating.run_list import Row
from backend.training import runs
from db.models import Project, Run
from db.session import Session, writing
from pages.parts.chosen import go_to
from pages.parts.errors import show_error
from pages.parts.report import report_link
from pages.parts.words import plain

# A write of so many runs is over before a label would have to wait for it.
AT_ONCE = 400
Change = Callable[[Session, Run], object]


def bar(project: Project, selected: Sequence[Row], listed: Sequence[Row]) -> None:
    """The buttons for the selected runs. They are always there: the table below them stays where it is."""
    ids = [row.run.id for row in selected]
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        compare(ids)
        star(selected)
        tags(selected, listed)
        note(selected)
        archive(selected)
        report_link(project, ids)
        help_words = "With its log, and to delete it."
        if st.button("On the Train page", key="runs-train", help=help_words, disabled=len(ids) != 1):
            go_to("train", run=ids[0])


def compare(ids: Sequence[int]) -> None:
    too_many = len(ids) > comparison.MOST_RUNS
    title = f"Compare {len(ids):,} runs" if len(ids) > 1 else "Look at it" if ids else "Compare"
    if st.button(title, type="primary", key="runs-compare", disabled=too_many or not ids):
        # The first is the one that the others are held against: the oldest of them.
        st.query_params.update(runs=",".join(map(str, sorted(ids))), view="side")
        st.rerun()
    if too_many:
        st.caption(f"At most {comparison.MOST_RUNS} fit side by side.", width="content")


def star(selected: Sequence[Row]) -> None:
    has_star = bool(selected) and all(row.run.is_starred for row in selected)
    title, icon = ("Take the star", ":material/star:") if has_star else ("Star", ":material/star_outline:")
    if st.button(title, icon=icon, key="runs-star", disabled=not selected):
        change(selected, lambda session, run: runs.mark(session, run, is_starred=not has_star))


def archive(selected: Sequence[Row]) -> None:
    is_away = bool(selected) and all(row.run.is_archived for row in selected)
    title, icon = ("Bring back", ":material/unarchive:") if is_away else ("Archive", ":material/archive:")
    words = "Listed again everywhere." if is_away else "Kept with all they have, but no longer listed."
    if st.button(title, icon=icon, key="runs-archive", help=words, disabled=not selected):
        change(selected, lambda session, run: runs.mark(session, run, is_archived=not is_away))


def tags(selected: Sequence[Row], listed: Sequence[Row]) -> None:
    known = sorted({tag for row in listed for tag in row.run.tags}, key=str.casefold)
    there = sorted({tag for row in selected for tag in row.run.tags}, key=str.casefold)
    popover = st.popover("Tags", icon=":material/sell:", disabled=not selected)
    with popover, st.form("runs-tags", border=False, clear_on_submit=True):
        add = st.multiselect(
            "Add", known, key="runs-tags-add", accept_new_options=True, placeholder="Choose, or write a new one"
        )
        remove = st.multiselect("Remove", there, key="runs-tags-remove", placeholder="None") if there else []
        if st.form_submit_button("Change tags", type="primary") and (add or remove):
            change(selected, lambda session, run: runs.retag(session, run, add, remove))


def note(selected: Sequence[Row]) -> None:
    with st.popover("Note", icon=":material/edit_note:", disabled=not selected):
        if not selected:
            return
        one = selected[0] if len(selected) == 1 else None
        which = one.run.id if one else "several"
        with st.form(f"runs-note-{which}", border=False):
            if one is None:
                st.caption(f"The same note for {len(selected):,} runs, in place of what they have.")
            words = st.text_area("Note", one.more.note if one else "", key=f"runs-words-{which}")
            if st.form_submit_button("Save", type="primary"):
                change(selected, lambda session, run: runs.rename(session, run, note=words))


def change(selected: Sequence[Row], what: Change) -> None:
    """Change each run. One that cannot be changed is named, and the others are all the same."""
    refused: list[errors.WinnowError] = []
    for start in range(0, len(selected), AT_ONCE):
        with writing() as session:
            for row in selected[start : start + AT_ONCE]:
                try:
                    what(session, runs.get(session, row.run.id))
                except errors.WinnowError as error:
                    refused.append(error)
    if not refused:
        st.rerun()
    show_error(refused[0])
    if len(refused) > 1:
        st.caption(plain(f"So it is with {len(refused):,} of {len(selected):,} runs; the others are changed."))
