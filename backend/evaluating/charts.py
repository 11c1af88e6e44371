"""Figures and curves -> Plotly figures, and the table that stands behind each.

Run: figure = charts.curves(runs, "loss"); pages.parts.charts.draw(figure, "loss", charts.curve_rows(runs, "loss")).
A run here is a mapping with "id" and "name"; "curves" {metric: [{"step", "epoch", "seconds", "value"}]} for the
learning curves, "metrics" {"validation": M, "test": M} for the rest, M being what `metrics.evaluate` gives, and
"intervals" {figure: (low, high)} of the test figures; each may be missing. Classes carry "name" and perhaps "color".
Plotly is imported when the first chart is drawn. Knows no database.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.evaluating import looks
from backend.evaluating.class_charts import per_class, per_class_rows
from backend.evaluating.confusion_charts import confusion, confusion_rows
from backend.evaluating.looks import full

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = [
    "confusion", "confusion_rows", "curve_rows", "curves", "error_bars", "interval_of", "metric_bars", "metric_rows",
    "per_class", "per_class_rows", "time_unit", "title_of",
]  # fmt: skip

Run = Mapping[str, Any]
# What a curve or a figure is called on screen.
TITLES = {
    "loss": "Loss (nats)",
    "accuracy": "Accuracy",
    "f1_macro": "Macro-F1",
    "f1_micro": "Micro-F1",
    "precision_macro": "Macro-precision",
    "recall_macro": "Macro-recall",
    "log_loss": "Log loss (nats)",
    "learning_rate": "Learning rate",
    "grad_norm": "Gradient norm",
}
SHARES = ("accuracy", "f1_macro", "f1_micro", "precision_macro", "recall_macro")
ALONG = {"step": "Step", "epoch": "Epoch", "seconds": "Time"}
# More names than this stand beside the curves, one below the other.
MOST_ABOVE = 4
# So many names below each other are higher than a chart.
MOST_BESIDE, TALL_PX = 14, 480


def title_of(name: str) -> str:
    return TITLES.get(name, name.replace("_", " ").capitalize())


def time_unit(most_seconds: float) -> tuple[str, float]:
    """The unit to show times up to this one in, and how many seconds it has."""
    return ("s", 1.0) if most_seconds < 300 else ("min", 60.0) if most_seconds < 10_800 else ("h", 3600.0)


def curves(
    runs: Sequence[Run], what: str, *, smoothing: float = 0.0, by: str = "step", is_log: bool = False
) -> "Figure":
    """Learning curves overlaid: a run has one colour; train is dotted, validation solid with its points marked.

    what: the part after the slash, such as "loss" for train/loss and validation/loss. by: "step", "epoch" or "seconds"
    since the run's first point. smoothing: 0 as measured, up to 0.99; weight of the past in an exponential mean, for
    the train curves. A run has one place in the legend, and a click there hides both its curves.
    """
    from plotly import graph_objects as go

    figure, names, labels = go.Figure(), looks.names_of(runs), looks.names_of(runs, looks.LEGEND_LETTERS)
    drawn = [
        (index, part, points)
        for index, run in enumerate(runs)
        for part in ("train", "validation")
        if (points := _points(run, f"{part}/{what}", by))
    ]
    longest = max((points[-1][by] for _, _, points in drawn), default=0.0)
    unit, per_unit = time_unit(longest) if by == "seconds" else ("", 1)
    legend = {index: part for index, part, _ in drawn}
    for index, part, points in drawn:
        values = [float(point["value"]) for point in points]
        is_train, color = part == "train", looks.run_color(index)
        figure.add_scatter(
            x=np.array([point[by] for point in points]) / per_unit,
            y=np.array(smooth(values, smoothing) if is_train and smoothing else values),
            mode="lines" if is_train and len(points) > 1 else "lines+markers",
            name=full(labels[index]),
            legendgroup=str(index),
            showlegend=legend[index] == part,
            line={"color": color, "width": 1.5 if is_train else 2.5, "dash": "dot" if is_train else "solid"},
            marker={"color": color, "size": 7, "symbol": looks.run_symbol(index)},
            # Not in the template, where a name could hold signs that it reads.
            meta=[full(names[index])],
            customdata=np.array(values),
            hovertemplate=f"%{{meta[0]}}<br>{part} %{{customdata:.4g}} at "
            + (f"%{{x:.3~r}} {unit}" if unit else f"{by} %{{x:.6~g}}")
            + "<extra></extra>",
        )
    looks.laid_out(figure, x=f"Time since its first point ({unit})" if unit else ALONG[by], y=title_of(what))
    if what == "learning_rate":
        figure.update_yaxes(exponentformat="power", rangemode="tozero")
    if is_log:
        figure.update_yaxes(type="log", dtick="D2", tickformat=".3~g", rangemode="normal")
    _legend(figure, len(legend))
    return figure if figure.data else looks.say_empty(figure, "No points yet")


def _legend(figure: "Figure", count: int) -> None:
    if count > MOST_ABOVE:
        figure.update_layout(legend={"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top", "tracegroupgap": 0})
    if count > MOST_BESIDE:
        figure.update_layout(height=TALL_PX)
    figure.update_layout(showlegend=count > 0)


def _points(run: Run, name: str, by: str) -> list[Mapping[str, Any]]:
    found = (run.get("curves") or {}).get(name) or ()
    return sorted((point for point in found if point.get(by) is not None), key=lambda point: point[by])


def smooth(values: Sequence[float], weight: float) -> list[float]:
    """Exponential mean that starts unbiased (Kingma & Ba 2015, section 3); what is not a number is passed over."""
    smoothed, mean, seen = [], 0.0, 0.0
    for value in values:
        if np.isfinite(value):
            mean, seen = weight * mean + (1 - weight) * value, weight * seen + (1 - weight)
        smoothed.append(mean / seen if seen else value)
    return smoothed


def curve_rows(runs: Sequence[Run], what: str) -> list[dict[str, Any]]:
    return [
        {
            "Run": name,
            "Curve": part,
            "Step": point.get("step"),
            "Epoch": point.get("epoch"),
            "Seconds": point.get("seconds"),
            "Value": point["value"],
        }
        for run, name in zip(runs, looks.names_of(runs), strict=True)
        for part in ("train", "validation")
        for point in (run.get("curves") or {}).get(f"{part}/{what}") or ()
    ]


def interval_of(run: Run, name: str) -> tuple[float, float] | None:
    """Where a test figure lies with 95 %, if that is known."""
    low, high = (run.get("intervals") or {}).get(name) or (None, None)
    return None if low is None or high is None or not np.isfinite([low, high]).all() else (low, high)


def error_bars(values: Sequence[float], spans: Sequence[tuple[float, float] | None]) -> dict[str, Any]:
    """Plotly's error bars from each value to the ends of its interval; none where there is no interval."""
    pairs = list(zip(values, spans, strict=True))
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, span[1] - value) if span else None for value, span in pairs],
        "arrayminus": [max(0.0, value - span[0]) if span else None for value, span in pairs],
        "color": looks.GREY,
        "thickness": 1.5,
        "width": 4,
    }


def metric_bars(
    runs: Sequence[Run],
    *,
    split: str = "test",
    names: Sequence[str] = ("accuracy", "f1_macro"),
    baselines: Sequence[Run] = (),
) -> "Figure":
    """One group of bars a figure, one bar a run with its 95 % interval; baselines come first, in grey."""
    from plotly import graph_objects as go

    figure = go.Figure()
    colors = [looks.GREY] * len(baselines) + [looks.run_color(index) for index in range(len(runs))]
    drawn = [*baselines, *runs]
    names_and_labels = zip(looks.names_of(drawn), looks.names_of(drawn, looks.LEGEND_LETTERS), strict=True)
    for run, (name, label), color in zip(drawn, names_and_labels, colors, strict=True):
        found = (run.get("metrics") or {}).get(split) or {}
        kept = [each for each in names if found.get(each) is not None]
        if not kept:
            continue
        spans = [interval_of(run, each) if split == "test" else None for each in kept]
        figure.add_bar(
            x=[title_of(each) for each in kept],
            y=[found[each] for each in kept],
            error_y=error_bars([found[each] for each in kept], spans) if any(spans) else None,
            name=full(label),
            marker={"color": color, "pattern": {"shape": "/" if color == looks.GREY else ""}},
            customdata=[[full(name), f" ({span[0]:.1%} to {span[1]:.1%})" if span else ""] for span in spans],
            hovertemplate="%{customdata[0]}<br>%{x} %{y:.1%}%{customdata[1]}<extra></extra>",
            texttemplate="%{y:.0%}" if len(drawn) <= 5 else None,
            # At the foot of a bar where an interval is at its top; on hatching nothing can be read.
            textposition="inside" if any(spans) else "outside",
            insidetextanchor="start",
            cliponaxis=False,
        )
    looks.laid_out(figure, y=f"On the {split} items")
    figure.update_yaxes(range=[0, 1.08], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_layout(barmode="group", bargap=0.25, bargroupgap=0.08, showlegend=len(drawn) <= 8)
    return figure if figure.data else looks.say_empty(figure, f"No figures on {split} items yet")


def metric_rows(runs: Sequence[Run], *, split: str = "test", names: Sequence[str] = SHARES) -> list[dict[str, Any]]:
    """The figures of each run, and of test figures the ends of their 95 % intervals where any run has them."""
    spanned = [each for each in names if split == "test" and any(interval_of(run, each) for run in runs)]
    rows = []
    for run, name in zip(runs, looks.names_of(runs), strict=True):
        row: dict[str, Any] = {"Run": name}
        for each in names:
            row[title_of(each)] = ((run.get("metrics") or {}).get(split) or {}).get(each)
            if each in spanned:
                row[f"{title_of(each)}, from"], row[f"{title_of(each)}, to"] = interval_of(run, each) or (None, None)
        rows.append(row)
    return rows
