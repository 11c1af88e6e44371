"""Slices drawn: how often a run is right on parts of the test items, or how far two runs are apart there.

Slices are what `slicing.of` and `slicing.between` give, in their order: the worst on top.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backend.evaluating import looks

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Slice = Mapping[str, Any]

MOST_SLICES = 25
ROW_PX = 26
VALUE_LETTERS = 28
WORSE, BETTER, EVEN = "#D55E00", "#009E73", "#0072B2"


def accuracies(slices: Sequence[Slice]) -> "Figure":
    """A dot and its 95 % interval for each slice, and a stroke where the rest of the items is."""
    figure = _figure()
    shown = slices[:MOST_SLICES]
    for words, color, stands_out in (("Stands out", WORSE, True), ("May be luck", EVEN, False)):
        rows = [row for row, each in enumerate(shown) if each["stands_out"] is stands_out]
        _dots(figure, shown, rows, middle="accuracy", name=words, color=color, hover=_accuracy_hover)
    figure.add_scatter(
        x=[each["others"] for each in shown],
        y=list(range(len(shown))),
        mode="markers",
        name="All other test items",
        marker={"symbol": "line-ns", "size": 14, "line": {"width": 2, "color": looks.GREY}},
        hovertemplate="All other test items: %{x:.1%}<extra></extra>",
    )
    _laid_out(figure, shown, x="Share of items answered rightly, with 95 % interval")
    figure.update_xaxes(tickformat=".0%", zeroline=False)
    return figure if shown else looks.say_empty(figure, "No slices")


def differences(slices: Sequence[Slice], a_name: str, b_name: str) -> "Figure":
    """A dot and its 95 % interval for each slice: how many points b is above a."""
    figure = _figure()
    points = [
        dict(each) | {name: 100 * each[name] for name in ("difference", "low", "high")} for each in slices[:MOST_SLICES]
    ]
    kinds: tuple[tuple[str, str, Callable[[Slice], bool]], ...] = (
        ("Worse", WORSE, lambda each: each["stands_out"] and each["difference"] < 0),
        ("Better", BETTER, lambda each: each["stands_out"] and each["difference"] > 0),
        ("May be luck", EVEN, lambda each: not each["stands_out"]),
    )
    for words, color, is_kind in kinds:
        rows = [row for row, each in enumerate(points) if is_kind(each)]
        _dots(figure, points, rows, middle="difference", name=words, color=color, hover=_difference_hover)
    figure.add_vline(x=0, line={"color": looks.GREY, "width": 1, "dash": "dot"})
    names = (looks.short(name, looks.LEGEND_LETTERS) for name in (b_name, a_name))
    _laid_out(figure, points, x="Difference in accuracy (points), {} less {}".format(*names))
    return figure if points else looks.say_empty(figure, "No slices")


def rows(slices: Sequence[Slice]) -> list[dict[str, Any]]:
    """The figures of `accuracies`, in percent."""
    return [
        {
            "By": each["by"],
            "Slice": each["value"],
            "Items": each["items"],
            "Mistakes": each["mistakes"],
            "Accuracy (%)": _percent(each["accuracy"]),
            "Low (%)": _percent(each["low"]),
            "High (%)": _percent(each["high"]),
            "All others (%)": _percent(each["others"]),
            "Difference (points)": _percent(each["difference"]),
            "Stands out": each["stands_out"],
        }
        for each in slices
    ]


def difference_rows(slices: Sequence[Slice], a_name: str, b_name: str) -> list[dict[str, Any]]:
    """The figures of `differences`. p is of one slice alone."""
    return [
        {
            "By": each["by"],
            "Slice": each["value"],
            "Items": each["items"],
            f"{a_name} (%)": _percent(each["a"]),
            f"{b_name} (%)": _percent(each["b"]),
            "Difference (points)": _percent(each["difference"]),
            "Low (points)": _percent(each["low"]),
            "High (points)": _percent(each["high"]),
            "p (exact McNemar)": f"{each['p']:.4f}" if each["p"] >= 0.0001 else "< 0.0001",
            "Stands out": each["stands_out"],
        }
        for each in slices
    ]


def title(each: Slice) -> str:
    return f"{each['by']}: {each['value']}"


def _figure() -> "Figure":
    from plotly import graph_objects as go

    return go.Figure()


def _dots(
    figure: "Figure",
    slices: Sequence[Slice],
    at: Sequence[int],
    *,
    middle: str,
    name: str,
    color: str,
    hover: Callable[[Slice], str],
) -> None:
    shown = [slices[row] for row in at]
    if not shown:
        return
    figure.add_scatter(
        x=[each[middle] for each in shown],
        y=list(at),
        mode="markers",
        name=name,
        marker={"color": color, "size": 9},
        error_x={
            "type": "data",
            "array": [each["high"] - each[middle] for each in shown],
            "arrayminus": [each[middle] - each["low"] for each in shown],
            "color": color,
            "thickness": 1.5,
            "width": 3,
        },
        customdata=[[looks.full(title(each)), hover(each)] for each in shown],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    )


def _laid_out(figure: "Figure", slices: Sequence[Slice], *, x: str) -> None:
    looks.laid_out(figure, height_px=max(looks.HEIGHT_PX, 110 + ROW_PX * len(slices)), x=x)
    words = [
        f"{looks.short(each['by'], VALUE_LETTERS)}: {looks.short(each['value'], VALUE_LETTERS)}" for each in slices
    ]
    figure.update_yaxes(
        tickvals=list(range(len(slices))),
        ticktext=words,
        range=[max(len(slices), 1) - 0.5, -0.5],
        zeroline=False,
        showgrid=False,
    )


def _accuracy_hover(each: Slice) -> str:
    return (
        f"{each['accuracy']:.1%} of {each['items']:,} items (95 %: {each['low']:.1%} to {each['high']:.1%})"
        f"<br>{_signed(100 * each['difference'])} points against all other test items"
    )


def _difference_hover(each: Slice) -> str:
    return (
        f"{each['a']:.1%} to {each['b']:.1%} of {each['items']:,} items<br>{_signed(each['difference'])} points "
        f"(95 %: {_signed(each['low'])} to {_signed(each['high'])})"
    )


def _signed(points: float) -> str:
    return f"{points:+.1f}"


def _percent(share: float) -> float:
    return round(100 * share, 1)
