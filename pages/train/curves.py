"""The curves of one run, at work or ended: loss, a validation figure of choice, learning rate and gradient norm."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import charts
from backend.models.catalogue import size_words
from pages.parts.charts import draw
from pages.parts.settings import number

LOW_PX = 230
SHARES = ("f1_macro", "f1_micro", "accuracy")
Curves = Mapping[str, Sequence[Mapping[str, Any]]]

# Title, curve, and its value in words.
NOW: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("Loss", "train/loss", lambda value: f"{value:.3f}"),
    ("Learning rate", "train/learning_rate", lambda value: number(float(f"{value:.2g}"))),
    ("Gradient norm", "train/grad_norm", lambda value: f"{value:.2f}"),
    ("Items a second", "train/items_per_second", lambda value: f"{value:,.0f}" if value >= 10 else f"{value:.1f}"),
    ("Memory", "system/memory", lambda value: size_words(int(value))),
    ("GPU in use", "system/gpu", lambda value: f"{value:.0%}"),
    ("GPU memory", "system/gpu_memory", lambda value: size_words(int(value))),
)


def now(curves: Curves, best_metric: str | None) -> None:
    """The last value of each as a row of figures; what was not measured is left out."""
    last = {name: points[-1]["value"] for name, points in curves.items() if points}
    figure = best_metric if best_metric in SHARES else "f1_macro"
    validation = (charts.title_of(figure), f"validation/{figure}", "{:.1%}".format)
    shown = [(title, words(last[name])) for title, name, words in (NOW[0], validation, *NOW[1:]) if name in last]
    if shown:
        with st.container(horizontal=True, gap="small"):
            for title, value in shown:
                st.metric(title, value, border=True, width=136)


def show(run: Mapping[str, Any], key: str) -> None:
    """run: {"id", "name", "curves", "spec"}."""
    names = set(run["curves"])
    if not names:
        return
    with st.container(key=f"{key}-curves"):
        left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
        with left:
            one(run, "loss", f"{key}-loss")
        with right:
            figures = [name for name in charts.TITLES if f"validation/{name}" in names and name != "loss"]
            if figures:
                one(run, of_choice(figures, run["spec"].get("best_metric"), key), f"{key}-f1")
        left, right = st.columns(2, gap="medium")
        with left:
            one(run, "learning_rate", f"{key}-rate", LOW_PX)
        with right:
            one(run, "grad_norm", f"{key}-norm", LOW_PX)
        st.caption("Dotted: on the items it learns from. Solid: on the validation items.")


def one(run: Mapping[str, Any], what: str, key: str, height_px: int | None = None) -> None:
    if not any(f"{part}/{what}" in run["curves"] for part in ("train", "validation")):
        return
    figure = charts.curves([run], what)
    # The page says whose curves they are.
    figure.update_layout(showlegend=False)
    if height_px:
        figure.update_layout(height=height_px)
    draw(figure, key, charts.curve_rows([run], what))


def of_choice(names: list[str], best_metric: str | None, key: str) -> str:
    first = best_metric if best_metric in names else "f1_macro" if "f1_macro" in names else names[0]
    if len(names) == 1:
        return names[0]
    chosen = st.segmented_control(
        "Validation figure",
        names,
        default=first,
        format_func=charts.title_of,
        required=True,
        label_visibility="collapsed",
        key=f"{key}-figure",
    )
    return str(chosen or first)
