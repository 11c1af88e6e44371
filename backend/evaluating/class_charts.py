"""Precision, recall and F1 of each class, up to hundreds of them: as a chart, and as a table with what changed.

Part of `charts`, which says what a run and a class are here.
"""

from collections.abc import Mapping, Sequence
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.evaluating import looks
from backend.evaluating.looks import full, short

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Run = Mapping[str, Any]
# Class id -> its figures.
Rates = Mapping[int, Mapping[str, Any]]
# Beyond these a chart is a texture: the worst are drawn, and all are in the table.
MOST_CLASSES = 30
TITLES = {"f1": "F1", "precision": "Precision", "recall": "Recall"}


def per_class(
    runs: Sequence[Run], classes: Sequence[Mapping[str, Any]], *, split: str = "test", figure: str = "f1"
) -> "Figure":
    """One figure of each class: bars in the classes' colours for one run, a dot a run for several.

    figure: "f1", "precision" or "recall". classes: {"id", "name", "color"} in the order to draw; beyond `MOST_CLASSES`
    the lowest are drawn.
    """
    from plotly import graph_objects as go

    chart, what = go.Figure(), TITLES[figure]
    by_run, labels = [rates_of(run, split) for run in runs], looks.names_of(runs, looks.LEGEND_LETTERS)
    is_one = sum(bool(rates) for rates in by_run) == 1
    known = [each for each in classes if any(_value(rates, each, figure) is not None for rates in by_run)]
    drawn = hardest(known, by_run, figure)
    for index, (rates, name) in enumerate(zip(by_run, looks.names_of(runs), strict=True)):
        kept = [(y, each) for y, each in enumerate(drawn) if _value(rates, each, figure) is not None]
        values = {
            "x": [_value(rates, each, figure) for _, each in kept],
            "y": [y if is_one else y + beside(index, len(runs)) for y, _ in kept],
            "name": full(labels[index]),
            "customdata": [[full(each["name"]), full(name), *_figures(rates[each["id"]])] for _, each in kept],
            "hovertemplate": "%{customdata[0]}, %{customdata[1]}<br>F1 %{customdata[2]:.3f}, precision "
            "%{customdata[3]:.3f}, recall %{customdata[4]:.3f}, %{customdata[5]:,} items<extra></extra>",
        }
        if not kept:
            continue
        color = looks.run_color(index)
        if is_one:
            colors = [each.get("color") or looks.GREY for _, each in kept]
            chart.add_bar(
                **values, orientation="h", marker={"color": colors}, texttemplate="%{x:.2f}", cliponaxis=False
            )
        else:
            marker = {"color": color, "size": 11, "symbol": looks.run_symbol(index), "opacity": 0.9}
            chart.add_scatter(**values, mode="markers", marker=marker)
    looks.laid_out(chart, height_px=max(looks.HEIGHT_PX, 80 + 24 * len(drawn)), x=f"{what} on the {split} items")
    chart.update_xaxes(range=[0 if is_one else lowest(by_run, figure), 1.03])
    ticks = {"tickvals": list(range(len(drawn))), "ticktext": [short(each["name"], 24) for each in drawn]}
    chart.update_yaxes(**ticks, range=[len(drawn) - 0.5, -0.5], zeroline=False)
    chart.update_layout(showlegend=not is_one, bargap=0.3)
    return chart if drawn else looks.say_empty(chart, f"No figures of classes on {split} items yet")


def beside(index: int, count: int) -> float:
    """How far from the middle of its row a run's dot is drawn, so that equal figures do not hide each other."""
    return (index - (count - 1) / 2) * min(0.16, 0.7 / count)


def lowest(by_run: Sequence[Rates], figure: str = "f1") -> float:
    """Where an axis of dots begins: a little before the lowest figure, so that near ones are told apart."""
    found = [rate[figure] for rates in by_run for rate in rates.values() if rate.get(figure) is not None]
    return max(-0.02, floor(10 * min(found, default=0) - 0.5) / 10)


def hardest(
    classes: Sequence[Mapping[str, Any]], by_run: Sequence[Rates], figure: str = "f1"
) -> list[Mapping[str, Any]]:
    """The classes with the lowest mean figure when there are more than a chart can hold, in their own order."""
    kept = {each["id"] for each in lowest_first(classes, by_run, figure)[:MOST_CLASSES]}
    return [each for each in classes if each["id"] in kept]


def lowest_first(
    classes: Sequence[Mapping[str, Any]], by_run: Sequence[Rates], figure: str = "f1"
) -> list[Mapping[str, Any]]:
    """By the mean of the runs that have the figure; classes that none has come last."""

    def mean(each: Mapping[str, Any]) -> float:
        known = [value for rates in by_run if (value := _value(rates, each, figure)) is not None]
        return float(np.mean(known)) if known else 2.0

    return sorted(classes, key=mean)


def most_lost_first(
    classes: Sequence[Mapping[str, Any]], by_run: Sequence[Rates], figure: str = "f1"
) -> list[Mapping[str, Any]]:
    """By the worst change of any run against the first; classes without one come last."""

    def worst(each: Mapping[str, Any]) -> float:
        return min((change for change in changes(by_run, each, figure) if change is not None), default=2.0)

    return sorted(classes, key=worst)


def changes(by_run: Sequence[Rates], label_class: Mapping[str, Any], figure: str = "f1") -> list[float | None]:
    """What each run but the first has more of this figure than the first; None where one of the two has none."""
    first, *others = [_value(rates, label_class, figure) for rates in by_run]
    return [None if first is None or other is None else other - first for other in others]


def rates_of(run: Run, split: str = "test") -> Rates:
    found = (run.get("metrics") or {}).get(split) or {}
    return {each["class_id"]: each for each in found.get("per_class") or ()}


def _value(rates: Rates, label_class: Mapping[str, Any], figure: str) -> float | None:
    found: float | None = rates.get(label_class["id"], {}).get(figure)
    return found


def _figures(rate: Mapping[str, Any]) -> tuple[Any, ...]:
    return rate.get("f1"), rate.get("precision"), rate.get("recall"), rate.get("support")


def per_class_rows(
    runs: Sequence[Run], classes: Sequence[Mapping[str, Any]], *, split: str = "test", figure: str = "f1"
) -> list[dict[str, Any]]:
    """With the change of each run against the first, in points; of a single run all the figures."""
    by_run, names, what = [rates_of(run, split) for run in runs], looks.names_of(runs), TITLES[figure]
    rows = []
    for each in classes:
        found = [rates.get(each["id"], {}) for rates in by_run]
        row = {"Class": each["name"], "Items": max((rate.get("support") or 0 for rate in found), default=0)}
        row |= {f"{what}, {name}": rate.get(figure) for name, rate in zip(names, found, strict=True)}
        if len(runs) == 1:
            row |= {title: found[0].get(rate) for rate, title in TITLES.items() if rate != figure}
        for name, change in zip(names[1:], changes(by_run, each, figure), strict=True):
            row[f"Change, {name}"] = None if change is None else 100 * change
        rows.append(row)
    return rows
