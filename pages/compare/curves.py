"""Learning curves of all runs, overlaid: the loss on the left, a figure of the person's choice on the right."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend.evaluating import charts
from pages.parts.charts import draw


def show(found: Mapping[str, Any]) -> None:
    runs = found["runs"]
    names = {name.partition("/")[2] for run in runs for name in run["curves"]}
    if not names:
        return
    st.subheader("How they learned")
    figure, by, smoothing = controls(sorted(names - {"loss"}))
    left, right = st.columns(2, gap="medium")
    with left:
        draw(charts.curves(runs, "loss", smoothing=smoothing, by=by), "compare-loss", charts.curve_rows(runs, "loss"))
    if figure:
        with right:
            draw(
                charts.curves(runs, figure, smoothing=smoothing, by=by),
                f"compare-{figure}",
                charts.curve_rows(runs, figure),
            )
    st.caption("Dotted: on the items it learns from. Solid: on the validation items.")


def controls(names: list[str]) -> tuple[str | None, str, float]:
    preferred = ["f1_macro", "accuracy"]
    names = [name for name in preferred if name in names] + [name for name in names if name not in preferred]
    which, axis, smooth = st.columns([2, 1, 1], gap="medium", vertical_alignment="bottom")
    figure = which.segmented_control(
        "Beside the loss", names, default=names[0] if names else None, format_func=charts.title_of, key="compare-figure"
    )
    by = axis.segmented_control(
        "Along", ["step", "epoch"], default="step", format_func=str.capitalize, key="compare-by"
    )
    smoothing = smooth.slider("Smoothing of the dotted curves", 0.0, 0.95, 0.0, 0.05, key="compare-smoothing")
    return figure or (names[0] if names else None), by or "step", smoothing
