"""F1 of each class, and what each run takes for what."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import charts, looks
from backend.evaluating.class_charts import MOST_CLASSES
from db.models import Project
from pages.parts.charts import draw

MODES = {"count": "Number of items", "true": "Share of the true class", "predicted": "Share of the answers"}
# More matrices at once are too small to read, and heavy with many classes.
MOST_MATRICES = 2
MOST_MISTAKES = 10


def show(_project: Project, found: Mapping[str, Any]) -> None:
    runs, classes = found["runs"], found["classes"]
    if not any(run["metrics"].get("test") for run in runs):
        return
    st.subheader("Class by class")
    if len(classes) > MOST_CLASSES:
        st.caption(f"The {MOST_CLASSES} classes with the lowest F1 of {len(classes)}; all are behind Figures.")
    draw(charts.per_class(runs, classes), "compare-classes", charts.per_class_rows(runs, classes))
    names = looks.names_of(runs)
    matrices([
        (run["id"], name, run["metrics"]["test"])
        for run, name in zip(runs, names, strict=True)
        if run["metrics"].get("test", {}).get("confusion")
    ])  # fmt: skip


def matrices(runs: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
    """`runs` are (id, name, figures on the test items)."""
    if not runs:
        return
    st.subheader("What is taken for what")
    how, which = st.columns(2, gap="medium")
    mode = how.segmented_control("Cells show", list(MODES), default="count", format_func=MODES.get, key="compare-mode")
    shown = choose_matrices(which, runs) if len(runs) > MOST_MATRICES else runs
    for start in range(0, len(shown), 2):
        left, right = st.columns(2, gap="medium")
        for column, (run_id, name, figures) in zip((left, right), shown[start : start + 2], strict=False):
            with column:
                draw(
                    charts.confusion(figures, mode or "count", title=name),
                    f"compare-matrix-{run_id}",
                    charts.confusion_rows(figures),
                )
    if len(shown) == 1:
        with right:
            commonest_mistakes(shown[0][2])


def choose_matrices(place: Any, runs: Sequence[tuple[int, str, Mapping[str, Any]]]) -> list[Any]:
    names = {run_id: name for run_id, name, _ in runs}
    chosen = place.multiselect(
        "Of the runs",
        list(names),
        default=list(names)[:MOST_MATRICES],
        format_func=names.get,
        # Other runs, another choice: an old one may name runs that are no longer there.
        key=f"compare-matrices-{'-'.join(map(str, names))}",
    )
    return [run for run in runs if run[0] in chosen]


def commonest_mistakes(figures: Mapping[str, Any]) -> None:
    rows = [row for row in charts.confusion_rows(figures) if row["True class"] != row["Answered class"]]
    st.markdown("**Its most frequent mistakes**")
    if rows:
        st.dataframe(rows[:MOST_MISTAKES], hide_index=True)
    else:
        st.caption("None: every test item is answered rightly.")
