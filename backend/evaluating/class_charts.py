"""The charts with an axis of classes: the confusion matrix and the F1 of each class, up to hundreds of them.

Part of `charts`, which says what a run and a class are here.
"""

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backend.evaluating import looks
from backend.evaluating.looks import full, short

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Run = Mapping[str, Any]
By = Literal["count", "true", "predicted"]
# Beyond these a chart is a texture: the worst are drawn, and all are in the table.
MOST_CLASSES = 30
MOST_CLASSES_WITH_TEXT = 12
MOST_TICKS = 25
# From the page itself to a blue that its ink, dark on light or light on dark, can be read on.
_BLUES = [[0, "rgba(0,114,178,0)"], [0.0001, "rgba(0,114,178,0.12)"], [1, "rgba(0,114,178,0.7)"]]
# Cells of a few pixels carry no text, and a faint one would not be seen at all.
_STRONG_BLUES = [[0, "rgba(0,114,178,0)"], [0.0001, "rgba(0,114,178,0.4)"], [1, "rgba(0,114,178,1)"]]


def confusion(metrics: Mapping[str, Any] | None, by: By = "count", *, title: str = "") -> "Figure":
    """The confusion matrix of one M: as counts, or as shares of each true class or of each answer."""
    from plotly import graph_objects as go

    figure, counts = go.Figure(), np.asarray((metrics or {}).get("confusion") or [], dtype=float)
    if not counts.sum():
        looks.laid_out(figure, height_px=420, title=short(title, 60))
        return looks.say_empty(figure, "No confusion matrix for this run")
    names = [each["name"] for each in (metrics or {})["per_class"]]
    shown, is_large = _shares(counts, by), len(names) > MOST_TICKS
    figure.add_heatmap(
        z=shown,
        colorscale=_STRONG_BLUES if is_large else _BLUES,
        zmin=0,
        zmax=1 if by != "count" else counts.max(),
        showscale=False,
        hovertext=_cell_words(counts, [full(name) for name in names]),
        hovertemplate="%{hovertext}<extra></extra>",
        xgap=0 if is_large else 1,
        ygap=0 if is_large else 1,
    )
    if len(names) <= MOST_CLASSES_WITH_TEXT:
        _write_cells(figure, shown, by)
    looks.laid_out(
        figure, height_px=580 if is_large else 420, x="Answered class", y="True class", title=short(title, 60)
    )
    figure.update_xaxes(**_name_ticks(names, 12), range=[-0.5, len(names) - 0.5], showgrid=False, zeroline=False)
    figure.update_yaxes(**_name_ticks(names, 16), range=[len(names) - 0.5, -0.5], showgrid=False, zeroline=False)
    return figure


def _shares(counts: Any, by: By) -> Any:
    """Counts, or shares of the row or of the column; an empty one has shares of 0."""
    if by == "count":
        return counts
    whole = counts.sum(axis=1 if by == "true" else 0, keepdims=True)
    return np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)


def _cell_words(counts: Any, names: Sequence[str]) -> list[list[str]]:
    of_true, of_answered = counts.sum(axis=1), counts.sum(axis=0)

    def words(i: int, j: int) -> str:
        if not counts[i, j]:
            # Hundreds of classes have ten thousands of empty cells: words for each would weigh megabytes.
            return f"{names[i]} answered as {names[j]}: none" if len(names) <= MOST_TICKS else "none"
        return (
            f"{names[i]} answered as {names[j]}: {counts[i, j]:,.0f}<br>{counts[i, j] / of_true[i]:.0%} of its items, "
            f"{counts[i, j] / of_answered[j]:.0%} of the answers"
        )

    return [[words(i, j) for j in range(len(names))] for i in range(len(names))]


def _write_cells(figure: "Figure", shown: Any, by: By) -> None:
    """As text of its own: text in a heatmap takes its colour from the cell, blind to a dark page behind it."""
    rows, columns = np.nonzero(shown)
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="text",
        text=[f"{value:,.0f}" if by == "count" else f"{value:.0%}" for value in shown[rows, columns]],
        hoverinfo="skip",
        showlegend=False,
    )


def _name_ticks(names: Sequence[str], length: int) -> dict[str, Any]:
    """Positions, not names, are the axis: two names may be the same once cut."""
    every = ceil(len(names) / MOST_TICKS)
    kept = range(0, len(names), every)
    return {"tickmode": "array", "tickvals": list(kept), "ticktext": [short(names[each], length) for each in kept]}


def confusion_rows(metrics: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What was answered as what, the most frequent mistakes first."""
    if not metrics or not metrics.get("confusion"):
        return []
    names = [each["name"] for each in metrics["per_class"]]
    rows = [
        {"True class": names[i], "Answered class": names[j], "Items": count}
        for i, row in enumerate(metrics["confusion"])
        for j, count in enumerate(row)
        if count
    ]
    return sorted(rows, key=lambda row: (row["True class"] == row["Answered class"], -row["Items"]))


def per_class(runs: Sequence[Run], classes: Sequence[Mapping[str, Any]], *, split: str = "test") -> "Figure":
    """F1 of each class: bars in the classes' colours for one run, a dot a run for several.

    classes: {"id", "name", "color"} in the order to draw; beyond `MOST_CLASSES` the lowest are drawn.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    by_run, labels = [_rates_of(run, split) for run in runs], looks.names_of(runs, looks.LEGEND_LETTERS)
    is_one = sum(bool(rates) for rates in by_run) == 1
    drawn = hardest([each for each in classes if any(_f1(rates, each) is not None for rates in by_run)], by_run)
    for index, (rates, name) in enumerate(zip(by_run, looks.names_of(runs), strict=True)):
        kept = [(y, each) for y, each in enumerate(drawn) if _f1(rates, each) is not None]
        values = {
            "x": [_f1(rates, each) for _, each in kept],
            "y": [y if is_one else y + beside(index, len(runs)) for y, _ in kept],
            "name": full(labels[index]),
            "customdata": [[full(each["name"]), full(name), *_figures(rates[each["id"]])] for _, each in kept],
            "hovertemplate": "%{customdata[0]}<br>F1 %{x:.3f} of %{customdata[1]}<br>precision %{customdata[2]:.3f}, "
            "recall %{customdata[3]:.3f}, %{customdata[4]:,} items<extra></extra>",
        }
        if not kept:
            continue
        color = looks.run_color(index)
        if is_one:
            colors = [each.get("color") or looks.GREY for _, each in kept]
            figure.add_bar(
                **values, orientation="h", marker={"color": colors}, texttemplate="%{x:.2f}", cliponaxis=False
            )
        else:
            marker = {"color": color, "size": 11, "symbol": looks.run_symbol(index), "opacity": 0.9}
            figure.add_scatter(**values, mode="markers", marker=marker)
    looks.laid_out(figure, height_px=max(looks.HEIGHT_PX, 80 + 24 * len(drawn)), x=f"F1 on the {split} items")
    figure.update_xaxes(range=[0 if is_one else lowest(by_run), 1.03])
    ticks = {"tickvals": list(range(len(drawn))), "ticktext": [short(each["name"], 24) for each in drawn]}
    figure.update_yaxes(**ticks, range=[len(drawn) - 0.5, -0.5], zeroline=False)
    figure.update_layout(showlegend=not is_one, bargap=0.3)
    return figure if drawn else looks.say_empty(figure, f"No figures of classes on {split} items yet")


def beside(index: int, count: int) -> float:
    """How far from the middle of its row a run's dot is drawn, so that equal figures do not hide each other."""
    return (index - (count - 1) / 2) * min(0.16, 0.7 / count)


def lowest(by_run: Sequence[Mapping[int, Mapping[str, Any]]]) -> float:
    """Where an axis of dots begins: a little before the lowest F1, so that near ones are told apart."""
    found = [rate["f1"] for rates in by_run for rate in rates.values() if rate.get("f1") is not None]
    return max(-0.02, floor(10 * min(found, default=0) - 0.5) / 10)


def hardest(
    classes: Sequence[Mapping[str, Any]], by_run: Sequence[Mapping[int, Mapping[str, Any]]]
) -> list[Mapping[str, Any]]:
    """The classes with the lowest mean F1 when there are more than a chart can hold, in their own order."""

    def mean(each: Mapping[str, Any]) -> float:
        return float(np.mean([f1 for rates in by_run if (f1 := _f1(rates, each)) is not None]))

    kept = {each["id"] for each in sorted(classes, key=mean)[:MOST_CLASSES]}
    return [each for each in classes if each["id"] in kept]


def _rates_of(run: Run, split: str) -> dict[int, Mapping[str, Any]]:
    found = (run.get("metrics") or {}).get(split) or {}
    return {each["class_id"]: each for each in found.get("per_class") or ()}


def _f1(rates: Mapping[int, Mapping[str, Any]], label_class: Mapping[str, Any]) -> float | None:
    return rates.get(label_class["id"], {}).get("f1")


def _figures(rate: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return rate.get("precision"), rate.get("recall"), rate.get("support")


def per_class_rows(
    runs: Sequence[Run], classes: Sequence[Mapping[str, Any]], *, split: str = "test"
) -> list[dict[str, Any]]:
    by_run = [_rates_of(run, split) for run in runs]
    rows = []
    for each in classes:
        found = [rates.get(each["id"], {}) for rates in by_run]
        row = {"Class": each["name"], "Items": max((rate.get("support") or 0 for rate in found), default=0)}
        for name, rate in zip(looks.names_of(runs), found, strict=True):
            row |= {f"F1, {name}": rate.get("f1")}
        if len(runs) == 1:
            row |= {"Precision": found[0].get("precision"), "Recall": found[0].get("recall")}
        rows.append(row)
    return rows
