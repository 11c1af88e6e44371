"""Figures and curves -> Plotly figures, and the table that stands behind each.

Run: figure = charts.curves(runs, "loss"); pages.parts.charts.draw(figure, "loss", charts.curve_rows(runs, "loss")).
A run here is a mapping with "id" and "name"; "curves" {metric: [{"step", "epoch", "value"}]} for the learning
curves and "metrics" {"validation": M, "test": M} for the rest, M being what `metrics.evaluate` gives; either may be
missing. Classes carry "name" and perhaps "color". Plotly is imported when the first chart is drawn. Knows no database.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.evaluating import looks
from backend.evaluating.class_charts import confusion, confusion_rows, per_class, per_class_rows
from backend.evaluating.looks import full

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = [
    "confusion", "confusion_rows", "curve_rows", "curves", "metric_bars", "metric_rows", "per_class", "per_class_rows",
    "title_of",
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


def title_of(name: str) -> str:
    return TITLES.get(name, name.replace("_", " ").capitalize())


def curves(runs: Sequence[Run], what: str, *, smoothing: float = 0.0, by: str = "step") -> "Figure":
    """Learning curves overlaid: a run has one colour; train is dotted, validation solid with its points marked.

    what: the part after the slash, such as "loss" for train/loss and validation/loss. by: "step" or "epoch".
    smoothing: 0 as measured, up to 0.99; weight of the past in an exponential mean, for the train curves.
    """
    from plotly import graph_objects as go

    figure, names, labels = go.Figure(), looks.names_of(runs), looks.names_of(runs, looks.LEGEND_LETTERS)
    for index, run in enumerate(runs):
        for part in ("train", "validation"):
            points = _points(run, f"{part}/{what}", by)
            if not points:
                continue
            values = [point["value"] for point in points]
            is_train, color = part == "train", looks.run_color(index)
            figure.add_scatter(
                x=[point[by] for point in points],
                y=smooth(values, smoothing) if is_train else values,
                mode="lines" if is_train and len(points) > 1 else "lines+markers",
                name=f"{full(labels[index])}, {part}",
                line={"color": color, "width": 1.5 if is_train else 2.5, "dash": "dot" if is_train else "solid"},
                marker={"color": color, "size": 7, "symbol": looks.run_symbol(index)},
                customdata=[[full(names[index]), value] for value in values],
                hovertemplate=f"%{{customdata[0]}}<br>{part} %{{customdata[1]:.4g}} at {by} %{{x}}<extra></extra>",
            )
    looks.laid_out(figure, x="Epoch" if by == "epoch" else "Step", y=title_of(what))
    if what == "learning_rate":
        figure.update_yaxes(exponentformat="power", rangemode="tozero")
    figure.update_layout(showlegend=0 < len(figure.data) <= 8)
    return figure if figure.data else looks.say_empty(figure, "No points yet")


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
        {"Run": name, "Curve": part, "Step": point.get("step"), "Epoch": point.get("epoch"), "Value": point["value"]}
        for run, name in zip(runs, looks.names_of(runs), strict=True)
        for part in ("train", "validation")
        for point in (run.get("curves") or {}).get(f"{part}/{what}") or ()
    ]


def metric_bars(
    runs: Sequence[Run],
    *,
    split: str = "test",
    names: Sequence[str] = ("accuracy", "f1_macro"),
    baselines: Sequence[Run] = (),
) -> "Figure":
    """One group of bars a figure, one bar a run; baselines come first, in grey."""
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
        figure.add_bar(
            x=[title_of(each) for each in kept],
            y=[found[each] for each in kept],
            name=full(label),
            marker={"color": color, "pattern": {"shape": "/" if color == looks.GREY else ""}},
            customdata=[[full(name)]] * len(kept),
            hovertemplate="%{customdata[0]}<br>%{x} %{y:.1%}<extra></extra>",
            texttemplate="%{y:.0%}" if len(drawn) <= 5 else None,
            textposition="outside",
            cliponaxis=False,
        )
    looks.laid_out(figure, y=f"On the {split} items")
    figure.update_yaxes(range=[0, 1.08], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_layout(barmode="group", bargap=0.25, bargroupgap=0.08, showlegend=len(drawn) <= 8)
    return figure if figure.data else looks.say_empty(figure, f"No figures on {split} items yet")


def metric_rows(runs: Sequence[Run], *, split: str = "test", names: Sequence[str] = SHARES) -> list[dict[str, Any]]:
    return [
        {"Run": name} | {title_of(each): ((run.get("metrics") or {}).get(split) or {}).get(each) for each in names}
        for run, name in zip(runs, looks.names_of(runs), strict=True)
    ]
