"""Charts of what scores are worth: precision-recall and ROC curves, reliability, and how the confidences are spread.

A run here is {"id", "name"}; beside each stands what `certainty` found for it, or None. A run keeps its colour.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backend.evaluating import certainty, looks
from backend.evaluating.certainty import Ranked
from backend.evaluating.looks import full, short

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Run = Mapping[str, Any]
Reliable = Mapping[str, Any]
MOST_IN_LEGEND = 8
LEGEND_LETTERS = 22
DIAGONAL = {"mode": "lines", "line": {"color": looks.GREY, "dash": "dot", "width": 1}, "hoverinfo": "skip"}


def precision_recall(runs: Sequence[Run], found: Sequence[Ranked | None]) -> "Figure":
    """As steps: between two scores nothing else can be reached (Davis & Goadrich 2006)."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for index, (name, rank) in enumerate(zip(looks.names_of(runs), found, strict=True)):
        if rank:
            _line(figure, index, name, rank.pr, legend=f"AP {rank.average_precision:.3f}")
            figure.data[-1].line.shape = "vh"
            figure.data[-1].hovertemplate = "%{meta}<br>recall %{x:.1%}, precision %{y:.1%}<extra></extra>"
    looks.laid_out(figure, x="Recall: share of the class that is found", y="Precision: share of those that is right")
    return _unit_square(figure, "No precision and recall: no class has test items of its own and others")


def roc(runs: Sequence[Run], found: Sequence[Ranked | None]) -> "Figure":
    from plotly import graph_objects as go

    figure = go.Figure()
    for index, (name, rank) in enumerate(zip(looks.names_of(runs), found, strict=True)):
        if rank:
            _line(figure, index, name, rank.roc, legend=f"AUC {rank.auc:.3f}")
            figure.data[-1].hovertemplate = "%{meta}<br>%{y:.1%} found at %{x:.1%} false alarms<extra></extra>"
    if figure.data:
        figure.add_scatter(x=[0, 1], y=[0, 1], showlegend=False, **DIAGONAL)
    looks.laid_out(figure, x="False alarms: share of the other items", y="Found: share of the items of the class")
    return _unit_square(figure, "No ROC curve: no class has test items of its own and others")


def _line(figure: "Figure", index: int, name: str, points: tuple[Any, Any], *, legend: str) -> None:
    x, y = certainty.thinned(*points)
    figure.add_scatter(
        x=x.round(5),
        y=y.round(5),
        mode="lines",
        name=f"{short(name, LEGEND_LETTERS)} · {legend}",
        meta=full(name),
        line={"color": looks.run_color(index), "width": 2, "dash": _dash(index)},
    )


def _dash(index: int) -> str:
    """With the colour, tells 21 runs apart, as symbols do where there are points."""
    return ("solid", "dash", "dot")[index % 3]


def _unit_square(figure: "Figure", nothing: str) -> "Figure":
    has_lines = bool(figure.data)
    figure.update_xaxes(range=[-0.01, 1.03], tickformat=".0%", dtick=0.2, zeroline=False)
    figure.update_yaxes(range=[-0.01, 1.03], tickformat=".0%", dtick=0.2, zeroline=False)
    figure.update_layout(showlegend=sum(trace.showlegend is not False for trace in figure.data) <= MOST_IN_LEGEND)
    return figure if has_lines else looks.say_empty(figure, nothing)


def reliability(runs: Sequence[Run], found: Sequence[Reliable | None]) -> "Figure":
    """Share right against confidence, with the 95 % interval of each; on the dotted line a run is what it says."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for index, (name, each) in enumerate(zip(looks.names_of(runs), found, strict=True)):
        kept = [one for one in (each or {}).get("bins", ()) if one["n"]]
        if not each or not kept:
            continue
        figure.add_scatter(
            x=[one["confidence"] for one in kept],
            y=[one["share"] for one in kept],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [one["share_high"] - one["share"] for one in kept],
                "arrayminus": [one["share"] - one["share_low"] for one in kept],
                "thickness": 1,
                "width": 3,
            },
            mode="lines+markers",
            name=f"{short(name, LEGEND_LETTERS)} · ECE {each['ece']:.3f}",
            meta=full(name),
            customdata=[[one["n"], one["share_low"], one["share_high"]] for one in kept],
            line={"color": looks.run_color(index), "width": 2},
            marker={"color": looks.run_color(index), "symbol": looks.run_symbol(index), "size": 8},
            hovertemplate="%{meta}<br>confidence %{x:.1%}: %{y:.1%} right (%{customdata[1]:.0%} to "
            "%{customdata[2]:.0%}) of %{customdata[0]:,}<extra></extra>",
        )
    if figure.data:
        figure.add_scatter(x=[0, 1], y=[0, 1], showlegend=False, **DIAGONAL)
    looks.laid_out(figure, x="Confidence: what the run says", y="Share that is right")
    return _unit_square(figure, "No confidence to look at: no answers on test items")


def spread(runs: Sequence[Run], found: Sequence[Reliable | None]) -> "Figure":
    """How many answers there are at each confidence."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for index, (name, each) in enumerate(zip(looks.names_of(runs), found, strict=True)):
        if not each or not any(one["n"] for one in each["bins"]):
            continue
        figure.add_bar(
            x=[(one["low"] + one["high"]) / 2 for one in each["bins"]],
            y=[one["n"] for one in each["bins"]],
            name=short(name, looks.LEGEND_LETTERS),
            meta=full(name),
            customdata=[[one["low"], one["high"]] for one in each["bins"]],
            marker={"color": looks.run_color(index)},
            hovertemplate="%{meta}<br>%{y:,} at %{customdata[0]:.0%} to %{customdata[1]:.0%}<extra></extra>",
        )
    looks.laid_out(figure, x="Confidence: what the run says", y="Number of answers")
    figure.update_xaxes(range=[-0.01, 1.03], tickformat=".0%", dtick=0.2, zeroline=False)
    figure.update_layout(barmode="group", bargap=0.12, showlegend=1 < len(figure.data) <= MOST_IN_LEGEND)
    return figure if figure.data else looks.say_empty(figure, "No answers on test items")


def curve_rows(runs: Sequence[Run], found: Sequence[Ranked | None], which: str) -> list[dict[str, Any]]:
    """which: "pr" or "roc"; the points that are drawn."""
    x_title, y_title = ("Recall", "Precision") if which == "pr" else ("False alarms", "Found")
    rows = []
    for name, rank in zip(looks.names_of(runs), found, strict=True):
        if rank:
            x, y = certainty.thinned(*(rank.pr if which == "pr" else rank.roc))
            rows += [{"Run": name, x_title: a, y_title: b} for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    return rows


def reliability_rows(runs: Sequence[Run], found: Sequence[Reliable | None]) -> list[dict[str, Any]]:
    return [
        {
            "Run": name,
            "Confidence": f"{one['low']:.0%} to {one['high']:.0%}",
            "Answers": one["n"],
            "Mean confidence": one["confidence"],
            "Share right": one["share"],
            "At least": one["share_low"],
            "At most": one["share_high"],
        }
        for name, each in zip(looks.names_of(runs), found, strict=True)
        for one in (each or {}).get("bins", ())
    ]
