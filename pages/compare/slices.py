"""Where a run is worse than elsewhere: by class, source, length, size, columns of the data, and suggestion."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import comparison, looks, slice_charts, slicing
from db.models import Project
from db.session import reading
from pages.parts.charts import draw
from pages.parts.words import plain
from pages.parts.worklist import open_button

# Told in words; the others are in the chart.
MOST_TOLD = 5
# In a choice, for all.
EVERY = "Everything"
THE_REST = 0
TABLE_PX = 320
Slices = Sequence[Mapping[str, Any]]


def show(project: Project, found: Mapping[str, Any]) -> None:
    runs = [run for run in found["runs"] if (run["metrics"].get("test") or {}).get("n")]
    if not runs:
        st.info("None of these runs has answers on test items yet. Choose a finished run, or wait for this one.")
        return
    st.fragment(of_run)(project, found, dict(zip([run["id"] for run in runs], looks.names_of(runs), strict=True)))


def of_run(project: Project, found: Mapping[str, Any], names: Mapping[int, str]) -> None:
    st.subheader("Where it is right, and where not")
    run_id, against = choose_run(project, names)
    with reading() as session:
        if against == THE_REST:
            table = comparison.tables(session, project, [run_id], is_today=found["is_today"])[run_id]
            slices = slicing.of(session, project, table)
        else:
            table = comparison.shared(session, project, [against, run_id], is_today=found["is_today"])
            slices = slicing.between(session, project, table)
    if not len(table):
        st.info("No test item was answered by both of these runs. Hold the run against another, or against its own.")
        return
    if not slices:
        st.info(f"Nothing divides these {len(table):,} test items into parts. Items with a source or columns do.")
        return
    # Which parts are shown is another fragment: the items need not be read again for that.
    if against == THE_REST:
        st.fragment(alone)(project, slices, names[run_id], len(table))
    else:
        st.fragment(side_by_side)(project, slices, names[against], names[run_id])


def choose_run(project: Project, names: Mapping[int, str]) -> tuple[int, int]:
    """The run, and the one that it is held against; THE_REST for the rest of its own items."""
    left, right = st.columns(2, gap="medium")
    run_id = left.selectbox("Run", list(names), format_func=names.get, key=f"slices-run-{project.id}")
    others = {THE_REST: "All its other test items"} | {each: name for each, name in names.items() if each != run_id}
    if len(others) == 1:
        return run_id, THE_REST
    key = f"slices-against-{project.id}-{run_id}"
    return run_id, right.selectbox("Held against", list(others), format_func=others.get, key=key)


def choose_parts(project: Project, slices: Slices) -> Slices:
    ways = [EVERY, *sorted({each["by"] for each in slices}, key=str.casefold)]
    by = st.pills("Parts by", ways, default=EVERY, required=True, format_func=plain, key=f"slices-by-{project.id}")
    return [each for each in slices if by in (EVERY, each["by"])]


def alone(project: Project, slices: Slices, name: str, items: int) -> None:
    slices = choose_parts(project, slices)
    worst = [each for each in slices if each["stands_out"]]
    told(
        project,
        worst,
        [f"right on {each['accuracy']:.0%} of {each['items']:,} items, {less_than_the_rest(each)}" for each in worst],
        name,
    )
    if not worst:
        st.info(f"No part of these {items:,} test items stands out: what looks worse below may well be luck.")
    shared_note(slices, "The worst first, by how much worse they are at the least.")
    rows = slice_charts.rows(slices)
    draw(slice_charts.accuracies(slices), "compare-slices", rows)
    all_of_them(project, slices, rows, name, "mistakes")


def side_by_side(project: Project, slices: Slices, a_name: str, b_name: str) -> None:
    slices = choose_parts(project, slices)
    worse = [each for each in slices if each["stands_out"] and each["difference"] < 0]
    told(
        project,
        worse,
        [f"right on {each['b']:.0%} of {each['items']:,} items, {plain(a_name)} on {each['a']:.0%}" for each in worse],
        b_name,
    )
    if not worse:
        st.info(f"There is no part where {plain(b_name)} is worse than {plain(a_name)} by more than luck may do.")
    shared_note(slices, f"What {plain(b_name)} loses most comes first.")
    rows = slice_charts.difference_rows(slices, a_name, b_name)
    draw(slice_charts.differences(slices, a_name, b_name), "compare-slices-between", rows)
    all_of_them(project, slices, rows, b_name, f"items that only {plain(a_name)} has right")


def told(project: Project, slices: Slices, words: Sequence[str], name: str) -> None:
    """What stands out, in a sentence each, with a way to look at it."""
    for number, (each, said) in enumerate(zip(slices[:MOST_TOLD], words, strict=False)):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(slice_charts.title(each))}**: {said}", width="stretch")
            open_list(project, each, name, key=f"slices-told-{number}")
    if len(slices) > MOST_TOLD:
        st.caption(f"{len(slices) - MOST_TOLD} more stand out, see below.")


def less_than_the_rest(each: Mapping[str, Any]) -> str:
    least = -100 * each["difference_high"]
    by_interval = f" (interval: {least:.0f} or more)" if least >= 1 else ""
    return f"{-100 * each['difference']:.0f} points less than the rest{by_interval}"


def shared_note(slices: Slices, order: str) -> None:
    most = slice_charts.MOST_SLICES
    count = f"The first {most} of {len(slices):,} parts. " if len(slices) > most else ""
    st.caption(
        f"{count}{order} Orange stands out: of all that do, at most one in twenty is expected to be luck "
        "(Benjamini and Hochberg)."
    )


def all_of_them(project: Project, slices: Slices, rows: Sequence[Mapping[str, Any]], name: str, of_what: str) -> None:
    with st.expander(f"All {len(slices):,} parts"):
        chosen = st.dataframe(
            list(rows),
            hide_index=True,
            height=TABLE_PX,
            on_select="rerun",
            selection_mode="single-row",
            # Other parts, another table: a row that was chosen in the one is not meant in the other.
            key=f"slices-table-{name}-{st.session_state[f'slices-by-{project.id}']}-{of_what}",
        )
        at = chosen["selection"]["rows"]
        if at and at[0] < len(slices):
            open_list(project, slices[at[0]], name, key="slices-chosen", is_named=True)
        else:
            st.caption(f"Choose a row to go through its {of_what}.")


def open_list(project: Project, each: Mapping[str, Any], name: str, *, key: str, is_named: bool = False) -> None:
    title, count = slice_charts.title(each), len(each["item_ids"])
    words = f"Go through {count} of {plain(title)}" if is_named else f"Go through {count}"
    notes = dict.fromkeys(each["item_ids"], f"{name} is wrong here. {title}")
    open_button(project, f"{name}: {title}", each["item_ids"], key=key, notes=notes, words=words)
