"""What the figures cost: against the time of training and the size of the model, and which run is cheap and good."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import charts, cost_charts, looks
from pages.parts.charts import draw
from pages.parts.words import plain

FIGURES = {"f1_macro": "macro-F1", "accuracy": "accuracy"}
WORDS = {"seconds": ("takes", "quickest"), "size_bytes": ("is", "smallest")}


def show(found: Mapping[str, Any]) -> None:
    runs = found["runs"]
    costs = [cost for cost in cost_charts.COSTS if cost_charts.tells_apart(runs, cost)]
    if not costs:
        return
    st.subheader("What they cost")
    what = st.segmented_control(
        "Against", list(FIGURES), default="f1_macro", format_func=charts.title_of, key="compare-cost-by", required=True
    )
    what = what or "f1_macro"
    for words in filter(None, (cheapest(runs, cost, what) for cost in costs)):
        st.markdown(words)
    rows = cost_charts.rows(runs, what=what)
    for place, cost in zip(st.columns(2, gap="medium"), costs, strict=False):
        with place:
            draw(cost_charts.tradeoff(runs, cost, what=what), f"compare-cost-{cost}", rows)
    st.caption(
        "Dotted: the best that so much can buy. The size is of what the run keeps; a head needs its base beside it."
    )


def cheapest(runs: Sequence[Mapping[str, Any]], cost: str, what: str) -> str | None:
    """ "Quickest within the interval of the best: Small, 3 s for a Macro-F1 of 86.0 %. The best, Large, …" """
    places = cost_charts.cheapest(runs, cost, what)
    if places is None:
        return None
    (best, best_costs, best_figure), (name, costs, figure) = (told(runs, place, cost, what) for place in places)
    verb, least = WORDS[cost]
    if places[0] == places[1]:
        return f"{best} has the best {FIGURES[what]}, {best_figure}, and is the {least} of those near it: {costs}."
    return (
        f"The {least} within the interval of the best: {name}, {costs} for a {FIGURES[what]} of {figure}. "
        f"The best, {best}, {verb} {best_costs} for {best_figure}."
    )


def told(runs: Sequence[Mapping[str, Any]], place: int, cost: str, what: str) -> tuple[str, str, str]:
    """The run's name, what it costs and its figure, in words."""
    value = cost_charts.value_of(runs[place], what)
    name = f"**{plain(looks.names_of(runs)[place])}**"
    return name, cost_charts.in_words(cost, runs[place][cost]), f"{value:.1%}"
