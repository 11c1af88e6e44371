"""How well each class is found, what changed from run to run, and what each run takes for what."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend.evaluating import charts, class_charts, looks
from backend.evaluating.class_charts import MOST_CLASSES, TITLES
from db.models import Project
from pages.compare import matrices
from pages.parts.charts import draw
from pages.parts.words import plain

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

MEANINGS = {
    "f1": "F1: both of the others in one figure, the lower of them counting more.",
    "precision": "Precision: of the items answered as the class, the share that is right.",
    "recall": "Recall: of the items of the class, the share that was found.",
}
ORDERS = {"project": "As in the project", "low": "Lowest first", "lost": "Largest loss first"}
# From so many classes on, a person may want to see only some.
MANY_CLASSES = 12
BETTER, WORSE = "background-color: rgba(0, 114, 178, {:.2f})", "background-color: rgba(213, 94, 0, {:.2f})"
# Names of classes may be long; the figures beside them shall be seen.
CLASS_PX, FIGURE_PX = 160, 98
# A change of so many points has the full colour.
FULL_POINTS = 20


def show(project: Project, found: Mapping[str, Any]) -> None:
    if not any(run["metrics"].get("test") for run in found["runs"]):
        st.info("None of these runs has figures on test items yet. Choose a finished run, or wait for this one.")
        return
    st.fragment(per_class)(found)
    st.fragment(matrices.show)(project, found)


def per_class(found: Mapping[str, Any]) -> None:
    st.subheader("Class by class")
    runs = found["runs"]
    figure, order, classes = controls(found)
    st.caption(MEANINGS[figure])
    by_run = [class_charts.rates_of(run) for run in runs]
    if order == "low":
        classes = class_charts.lowest_first(classes, by_run, figure)
    elif order == "lost":
        classes = class_charts.most_lost_first(classes, by_run, figure)
    # In an order of the person's choice the chart ends where it is full.
    drawn = classes if order == "project" else classes[:MOST_CLASSES]
    rows = charts.per_class_rows(runs, classes, figure=figure)
    left, right = st.columns(2, gap="medium")
    with left:
        chart = charts.per_class(runs, drawn, figure=figure)
        draw(chart, "compare-classes", rows)
        if len(classes) > MOST_CLASSES:
            which = f"with the lowest {TITLES[figure]}" if order == "project" else "that come first"
            st.caption(f"The {MOST_CLASSES} classes {which}, of {len(classes)}; all are in the table.")
    with right:
        height_px = min(chart.layout.height, 40 + 35 * max(len(rows), 1))
        st.dataframe(
            styled(rows),
            hide_index=True,
            placeholder="–",
            height=height_px,
            key="compare-classes-all",
            column_config=columns_of(rows, len(runs), figure),
        )
        if len(runs) > 1:
            first = plain(looks.names_of(runs, 60)[0])
            st.caption(f"Changes are in points against {first}. A column's title sorts by it.")


def controls(found: Mapping[str, Any]) -> tuple[str, str, Sequence[Mapping[str, Any]]]:
    classes, is_one = found["classes"], len(found["runs"]) == 1
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        figure = st.segmented_control(
            "Figure", list(TITLES), default="f1", format_func=TITLES.get, required=True, key="compare-class-figure"
        )
        orders = [each for each in ORDERS if not (is_one and each == "lost")]
        order = st.segmented_control(
            "Order", orders, default="project", format_func=ORDERS.get, required=True, key=f"compare-order-{is_one}"
        )
        if len(classes) <= MANY_CLASSES:
            return str(figure), str(order), classes
        names = {each["id"]: each["name"] for each in classes}
        chosen = st.multiselect(
            "Only these classes",
            list(names),
            format_func=names.get,
            placeholder=f"All {len(classes)} classes",
            key=f"compare-only-{found['project_id']}",
        )
    return str(figure), str(order), [each for each in classes if not chosen or each["id"] in chosen]


def columns_of(rows: Sequence[Mapping[str, Any]], count: int, figure: str) -> dict[str, Any]:
    """What is said above the table is not said in every title again: a run's name alone is there."""
    found = {"Class": st.column_config.Column(width=CLASS_PX, pinned=True)}
    for name in list(rows[0])[1:] if rows else ():
        label = name.removeprefix(f"{TITLES[figure]}, ") if count > 1 else name.partition(",")[0]
        label = "Change" if count == 2 and name.startswith("Change, ") else label
        found[name] = st.column_config.NumberColumn(label, width=FIGURE_PX, help=plain(name))
    return found


def styled(rows: Sequence[Mapping[str, Any]]) -> "Styler":
    """Changes in blue and orange, the stronger the larger. Numbers stay numbers, so that a column's title sorts."""
    import pandas as pd

    frame = pd.DataFrame(list(rows))
    changed = [name for name in frame.columns if str(name).startswith("Change, ")]
    shares = [name for name in frame.columns if name not in {"Class", "Items", *changed}]
    # What changed first: with long names the rest may lie beyond the edge.
    frame = frame[["Class", *changed, *shares, "Items"]] if rows else frame
    # A column of nothing but None is not one of numbers.
    frame = frame.astype(dict.fromkeys([*changed, *shares], float)) if rows else frame
    style = frame.style.format("{:.3f}", subset=shares, na_rep="–").format("{:+.1f}", subset=changed, na_rep="–")
    return style.map(color_of, subset=changed)


def color_of(points: float) -> str:
    if not abs(points) >= 0.05:
        return ""
    return (BETTER if points > 0 else WORSE).format(0.08 + 0.4 * min(abs(points) / FULL_POINTS, 1))
