"""Learning curves of all runs, overlaid: the loss, and a figure of the person's choice."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend.evaluating import charts
from pages.parts.charts import draw

PREFERRED = ("f1_macro", "accuracy")
# The machine's own figures are on the Train page.
OF_THE_MACHINE = ("items_per_second", "memory", "gpu", "gpu_memory")


def show(found: Mapping[str, Any]) -> None:
    runs = found["runs"]
    names = {name.partition("/")[2] for run in runs for name in run["curves"]} - set(OF_THE_MACHINE)
    if not names:
        return
    st.subheader("How they learned")
    if all(len(points) < 2 for run in runs for points in run["curves"].values()):
        st.caption("In one go, as a head does: there is no curve.")
        return
    figure, how = controls(sorted(names - {"loss"}))
    is_log = how.pop("is_log")
    with_curves = sum(bool(run["curves"]) for run in runs)
    # Many names stand beside their curves, and need the width of the page.
    left, right = st.columns(2, gap="medium") if with_curves <= charts.MOST_ABOVE else (st.container(), st.container())
    with left:
        draw(charts.curves(runs, "loss", is_log=is_log, **how), "compare-loss", charts.curve_rows(runs, "loss"))
    if figure:
        with right:
            draw(charts.curves(runs, figure, **how), f"compare-{figure}", charts.curve_rows(runs, figure))
    words = "Dotted: on the items it learns from. Solid: on the validation items."
    st.caption(words + (" A click on a name hides its run, two show it alone." if with_curves > 1 else ""))


def controls(names: list[str]) -> tuple[str | None, dict[str, Any]]:
    """The figure beside the loss, and how to draw: {"by", "smoothing", "is_log"}."""
    names = [name for name in PREFERRED if name in names] + [name for name in names if name not in PREFERRED]
    which, axis, smooth, log = st.columns([3, 2, 2, 1], gap="medium", vertical_alignment="bottom")
    figure = which.segmented_control(
        "Beside the loss",
        names,
        default=names[0] if names else None,
        format_func=charts.title_of,
        key="compare-figure",
        wrap=True,
    )
    by = axis.segmented_control(
        "Along", list(charts.ALONG), default="step", format_func=charts.ALONG.get, key="compare-by", required=True
    )
    smoothing = smooth.slider("Smoothing of the dotted curves", 0.0, 0.95, 0.0, 0.05, key="compare-smoothing")
    is_log = log.toggle("Log scale", key="compare-log", help="Of the loss.")
    shown = figure or (names[0] if names else None)
    return shown, {"by": by or "step", "smoothing": smoothing, "is_log": is_log}
