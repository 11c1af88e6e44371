"""The learning curve as a chart: what was measured, the law that fits, and what it says of more labels."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backend.evaluating import looks

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

TITLES = {"accuracy": "Accuracy", "f1_macro": "Macro-F1"}
MEASURED, FITTED, AHEAD = looks.RUN_COLORS[0], looks.RUN_COLORS[2], looks.RUN_COLORS[1]
# FITTED, so faint that the points on it stay clear.
BAND = "rgba(0, 158, 115, 0.18)"


def figure_of(multi_label: bool) -> str:
    """The one to look at first. Where an item may have several classes, to hit all of them exactly is mostly luck."""
    return "f1_macro" if multi_label else "accuracy"


def learning_curve(found: Mapping[str, Any], figure: str) -> "Figure":
    """found: the result of the inspection "learning_curve". figure: "accuracy" or "f1_macro"."""
    from plotly import graph_objects as go

    drawn = go.Figure()
    fitted(drawn, found["fit"][figure]["curve"])
    markers(drawn, "Measured", rows_of(found["points"], figure), MEASURED, "circle")
    markers(drawn, "Forecast", rows_of(found["forecasts"], figure), AHEAD, "diamond")
    drawn.add_vline(x=found["items"], line={"color": looks.GREY, "dash": "dot", "width": 1.5})
    drawn.add_annotation(
        x=found["items"], y=0.02, yref="paper", text="labels of today", showarrow=False, xanchor="left", xshift=4,
        font={"color": looks.GREY},
    )  # fmt: skip
    looks.laid_out(drawn, x="Labeled items", y=TITLES[figure])
    drawn.update_yaxes(tickformat=".0%")
    drawn.update_xaxes(rangemode="tozero", tickformat=",")
    return drawn


def fitted(drawn: "Figure", curve: Sequence[Mapping[str, float]]) -> None:
    x = [point["n"] for point in curve]
    around = [point["low"] for point in curve] + [point["high"] for point in reversed(curve)]
    drawn.add_scatter(
        x=x + x[::-1], y=around, fill="toself", fillcolor=BAND, line={"width": 0}, mode="lines",
        name="Fitted, 95 % band", hoverinfo="skip",
    )  # fmt: skip
    drawn.add_scatter(
        x=x,
        y=[point["value"] for point in curve],
        mode="lines",
        line={"color": FITTED, "width": 2},
        name="Fitted",
        hovertemplate="Fitted: %{y:.1%} with %{x:,} labels<extra></extra>",
    )


def markers(drawn: "Figure", name: str, rows: Sequence[Mapping[str, float]], color: str, symbol: str) -> None:
    """Points with their intervals."""
    values = [row["value"] for row in rows]
    drawn.add_scatter(
        x=[row["n"] for row in rows],
        y=values,
        mode="markers",
        name=name,
        marker={"color": color, "size": 8, "symbol": symbol},
        error_y={
            "array": [max(0.0, row["high"] - row["value"]) for row in rows],
            "arrayminus": [max(0.0, row["value"] - row["low"]) for row in rows],
            "color": color, "thickness": 1.2, "width": 3,
        },
        customdata=[[row["low"], row["high"]] for row in rows],
        hovertemplate=f"{name}: %{{y:.1%}} (%{{customdata[0]:.1%}} to %{{customdata[1]:.1%}}) with %{{x:,}} labels"
        "<extra></extra>",
    )  # fmt: skip


def rows_of(points: Sequence[Mapping[str, Any]], figure: str) -> list[dict[str, float]]:
    """{"n", "value", "low", "high"} of measured points, or of forecasts."""
    return [
        {"n": point["n"], **{name: point[figure][name] for name in ("value", "low", "high")}}
        if isinstance(point[figure], Mapping)
        else {"n": point["n"], "value": point[figure], "low": point[f"{figure}_low"], "high": point[f"{figure}_high"]}
        for point in points
    ]


def table(found: Mapping[str, Any], figure: str) -> list[dict[str, Any]]:
    """The figures behind the chart."""
    return [
        {"Labels": row["n"], "What": what, TITLES[figure]: row["value"], "From": row["low"], "To": row["high"]}
        for what, points in (("measured", found["points"]), ("forecast", found["forecasts"]))
        for row in rows_of(points, figure)
    ]


def forecast_rows(found: Mapping[str, Any], figure: str) -> list[dict[str, str]]:
    """What so many more labels bring, in points, and where the figure then is."""
    return [
        {
            "More labels": f"{each['more']:,}" + (" (twice as many)" if each["more"] == found["items"] else ""),
            "Gain": points(each[figure]["gain"]["value"]),
            "Between": f"{points(each[figure]['gain']['low'])} and {points(each[figure]['gain']['high'])}",
            f"{TITLES[figure]} then": f"{each[figure]['value']:.1%} ({each[figure]['low']:.0%} to "
            f"{each[figure]['high']:.0%})",
        }
        for each in found["forecasts"]
    ]


def sentence(found: Mapping[str, Any], figure: str, more: int = 100) -> str:
    """ "100 more labels: about +2.0 points of accuracy (between +0.5 and +4.0)" """
    gain = next(each for each in found["forecasts"] if each["more"] == more)[figure]["gain"]
    what = TITLES[figure] if figure == "f1_macro" else TITLES[figure].lower()
    value, low, high = (points(gain[name]) for name in ("value", "low", "high"))
    return f"{more:,} more labels: about {value} points of {what} (between {low} and {high})"


def points(share: float) -> str:
    """ "+2.0"; never "-0.0"."""
    return f"{round(100 * share, 1) + 0.0:+.1f}"
