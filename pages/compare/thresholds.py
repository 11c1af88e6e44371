"""Where to draw the line: from which score on a class is answered, or from which confidence on anything is."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend import errors
from backend.evaluating import certainty, comparison, lines, looks, threshold_charts
from backend.training import runs as training_runs
from backend.training import thresholds_of_run
from backend.training.thresholds_of_run import Lines
from db.models import Project, Split
from db.session import reading
from pages.compare import tuning
from pages.parts.charts import draw
from pages.parts.errors import show_error
from pages.parts.words import plain

# How often a person may want an answer to be right.
WANTED = 0.95


def show(project: Project, found: Mapping[str, Any]) -> None:
    if project.multi_label:
        st.subheader("From which score on a class is answered")
        of_classes(project, found)
    else:
        st.subheader("Answer only when sure")
        when_sure(project, found)


def of_classes(project: Project, found: Mapping[str, Any]) -> None:
    names = {
        run["id"]: name
        for run, name in zip(found["runs"], looks.names_of(found["runs"]), strict=True)
        if run["metrics"].get("test")
    }
    run_id = next(iter(names))
    if len(names) > 1:
        run_id = st.selectbox("Of the run", list(names), format_func=names.get, key=f"compare-lines-{list(names)}")
    try:
        with reading() as session:
            moved: Lines = thresholds_of_run.lines_of(session, project, training_runs.get(session, run_id))
    except errors.WinnowError as error:
        show_error(error)
        return
    tuning.show(run_id, moved, {each["id"]: each["name"] for each in found["classes"]})
    if Split.VALIDATION not in moved.said:
        st.caption("This run has no validation items: its thresholds can only be seen on the test items.")


def when_sure(project: Project, found: Mapping[str, Any]) -> None:
    runs = [run for run in found["runs"] if run["metrics"].get("test")]
    with reading() as session:
        tables = comparison.tables(session, project, [run["id"] for run in runs], is_today=found["is_today"])
    runs = [run for run in runs if len(tables[run["id"]])]
    if not runs:
        st.info("The answers of these runs are not here: only their figures are.")
        return
    least = st.slider(
        "Answer from this confidence on; leave the rest to a person", 0, 100, 80, format="%d%%", key="compare-sure"
    )
    said = [tables[run["id"]] for run in runs]
    covered = [lines.coverage(each.confidence(0), each.is_right(0)) for each in said]
    names = looks.names_of(runs)
    left, right = st.columns(2, gap="medium")
    with left:
        chart = threshold_charts.coverage(runs, covered, least / 100)
        draw(chart, "compare-coverage", threshold_charts.coverage_rows(runs, covered))
    with right:
        counts = [certainty.answering(each, 0, least / 100) for each in said]
        rows = [row_of(name, each) for name, each in zip(names, counts, strict=True)]
        percent = st.column_config.NumberColumn(format="%.1f%%")
        shares = {"Answered": percent, "Right of those": percent}
        st.dataframe(rows, hide_index=True, placeholder="–", column_config=shares, key="compare-sure-table")
        words = [wanted_in_words(name, each) for name, each in zip(names, covered, strict=True)]
        st.markdown("  \n".join(words))
    st.caption("Solid: the share of the answered that is right. Dotted: the share of all test items that is answered.")


def row_of(name: str, counts: Mapping[str, int]) -> dict[str, Any]:
    answered = counts["answered"]
    return {
        "Run": name,
        "Answered": 100 * answered / counts["items"],
        "Right of those": 100 * counts["right"] / answered if answered else None,
        "Wrong": answered - counts["right"],
        "Left to a person": counts["left"],
    }


def wanted_in_words(name: str, covered: Mapping[str, Any]) -> str:
    enough = certainty.sure_enough(covered, WANTED)
    who = f"**{plain(name)}**"
    if enough is None:
        return f"However sure {who} is, less than {WANTED:.0%} of its answers are right."
    least, answered = enough
    if answered > 0.9999:
        return f"{who} is right on more than {WANTED:.0%} of all items: nothing need be left out for that."
    share = f"{answered:.0%} of the items"
    return f"To be right {WANTED:.0%} of the time, {who} answers from {least:.0%} confidence on: {share}."
