"""All runs: found, marked, put into groups, and chosen to be compared."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from backend.evaluating import run_list
from backend.evaluating.run_list import Row
from db import comparison as rows
from db.comparison import Listed
from db.models import Project
from db.session import reading
from pages.compare import marking, runs_filter
from pages.compare.runs_groups import chosen_group
from pages.compare.runs_table import table
from pages.parts.chosen import go_to

LOOK_EVERY_S = 5.0


@dataclass(frozen=True)
class Found:
    """The runs that the address asks for as far as archived ones go; the filters narrow these down."""

    rows: list[Row]
    count: int
    archived: int
    archived_asked: str


def show(project: Project, listed: Sequence[Listed]) -> None:
    """listed: the newest runs without the archived ones."""
    found = look(project, listed)
    if not found.rows and not found.archived:
        st.info("There is no run in this project yet. Train a model, then find it here.")
        if st.button("Train a model", type="primary", key="runs-train"):
            go_to("train")
        return
    st.fragment(drawn)(project, found)
    if any(run_list.is_at_work(row.run) for row in found.rows):
        st.fragment(look_again, run_every=LOOK_EVERY_S)(time.monotonic())


def look(project: Project, listed: Sequence[Listed]) -> Found:
    asked = runs_filter.archived()
    with reading() as session:
        count, whole = (rows.count(session, project.id, with_archived=each) for each in (False, True))
        if asked:
            every = rows.listed(session, project.id, with_archived=True)
            listed = [run for run in every if run.is_archived or asked == "yes"]
        else:
            listed = [run for run in listed if not run.is_archived]
        found = run_list.of(session, project, listed)
    return Found(found, {"": count, "yes": whole, "only": whole - count}[asked], whole - count, asked)


def look_again(drawn_at: float) -> None:
    """Draw the page anew while a run is at work; not at once, when this is drawn for the first time."""
    if time.monotonic() - drawn_at > LOOK_EVERY_S / 2:
        st.rerun()


def drawn(project: Project, found: Found) -> None:
    wanted = runs_filter.wanted(found.rows)
    if runs_filter.archived() != found.archived_asked:
        # Just chosen: these runs have to be read first.
        st.rerun()
    fitting = run_list.fitting(found.rows, wanted)
    by = st.session_state["runs-group"]
    if by and fitting:
        fitting = chosen_group(fitting, by)
    how_many(found, fitting, runs_filter.said(wanted))
    if not fitting:
        return
    bar = st.container()
    selected = table(fitting, multi_label=project.multi_label)
    with bar:
        marking.bar(project, selected, found.rows)


def how_many(found: Found, fitting: Sequence[Row], narrowed: str) -> None:
    words = f"{len(fitting):,} of {found.count:,} runs" if len(fitting) != found.count else runs(found.count)
    if found.count > len(found.rows):
        words += f" · only the newest {len(found.rows):,} can be listed: archive some, and older ones come in"
    how = "select them at their left edge, or by keyboard with the arrows and Shift+Space" if fitting else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(" · ".join(each for each in (words, narrowed, how) if each), width="content")
        if len(fitting) != len(found.rows) or narrowed:
            st.button("Show all", key="runs-clear", type="tertiary", on_click=runs_filter.clear)
    if not fitting and found.archived and not runs_filter.archived():
        st.info(f"No run fits. {runs(found.archived)} archived: choose so under More, Archived runs.")
    elif not fitting:
        st.info("No run fits these filters.")


def runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
