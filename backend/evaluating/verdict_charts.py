"""Is it really better: each run's difference from the first, with its interval, and what stands behind it.

A verdict is what `significance.compare` found with "a" and "b", the numbers of the two runs, and "words".
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backend.evaluating import looks
from backend.evaluating.charts import error_bars
from backend.evaluating.looks import full
from backend.evaluating.significance import ALPHA

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Verdict = Mapping[str, Any]
# Verdict -> its words, and its colour.
VERDICTS = {
    "better": ("Better", "#009E73"),
    "worse": ("Worse", "#D55E00"),
    "undecided": ("Too close to tell", "#0072B2"),
    "same": ("The same answers", "#0072B2"),
}
ROW_PX = 26
# Accuracy is drawn above its run's line and macro-F1 below.
ASIDE = 0.16


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values that hold for all the comparisons together, in the order given (Holm 1979)."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    found, highest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        found[index] = highest
    return found


def differing(verdicts: Sequence[Verdict]) -> tuple[int, int]:
    """How many runs differ from the first, each looked at alone; and how many of those still do after Holm's."""
    adjusted = holm([each["p"] for each in verdicts])
    told = [p < ALPHA for each, p in zip(verdicts, adjusted, strict=True) if each["verdict"] in ("better", "worse")]
    return len(told), sum(told)


def forest(verdicts: Sequence[Verdict], runs: Sequence[Mapping[str, Any]]) -> "Figure":
    """Differences in points of accuracy (coloured by the verdict) and macro-F1 (grey), with 95 % intervals."""
    from plotly import graph_objects as go

    figure, names, labels = go.Figure(), _names(runs), _names(runs, looks.LEGEND_LETTERS)
    shown = [each for each in verdicts if each["items"]]
    for kind, (words, color) in VERDICTS.items():
        rows = [(place, each) for place, each in enumerate(shown) if each["verdict"] == kind]
        _marks(figure, rows, names, what="accuracy", name=f"Accuracy: {words.lower()}", color=color)
    _marks(figure, list(enumerate(shown)), names, what="f1_macro", name="Macro-F1", color=looks.GREY)
    first = full(labels[verdicts[0]["a"]]) if verdicts else ""
    height_px = max(looks.HEIGHT_PX, 110 + ROW_PX * len(shown))
    looks.laid_out(figure, height_px=height_px, x=f"Difference from {first} (points)")
    figure.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=[full(labels[each["b"]]) for each in shown],
        range=[len(shown) - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
    )
    figure.update_xaxes(zeroline=False)
    figure.add_vline(x=0, line={"color": looks.GREY, "width": 1.5, "dash": "dash"})
    return figure if figure.data else looks.say_empty(figure, "No test items in common")


def _marks(
    figure: "Figure", rows: Sequence[tuple[int, Verdict]], names: Mapping[int, str], *, what: str, name: str, color: str
) -> None:
    told = [(place, each, each[what]) for place, each in rows if each[what]["difference"] is not None]
    if not told:
        return
    is_accuracy = what == "accuracy"
    points = [100 * found["difference"] for *_, found in told]
    spans = [(100 * found["low"], 100 * found["high"]) if found["low"] is not None else None for *_, found in told]
    figure.add_scatter(
        x=points,
        y=[place + (-ASIDE if is_accuracy else ASIDE) for place, *_ in told],
        mode="markers",
        name=name,
        error_x=error_bars(points, spans) | {"color": color},
        marker={"color": color, "size": 10, "symbol": "circle" if is_accuracy else "diamond-open"},
        customdata=[
            [full(names[each["b"]]), f"{span[0]:+.1f} to {span[1]:+.1f}" if span else "unknown", each["items"]]
            for (_, each, _), span in zip(told, spans, strict=True)
        ],
        hovertemplate=f"%{{customdata[0]}}<br>{'accuracy' if is_accuracy else 'macro-F1'} %{{x:+.1f}} points, "
        "interval %{customdata[1]}<br>on %{customdata[2]:,} test items<extra></extra>",
    )


def rows(verdicts: Sequence[Verdict], runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row a comparison. Differences and their intervals are in points."""
    names = _names(runs)
    adjusted = holm([each["p"] for each in verdicts])
    return [
        {
            "Run": names[each["b"]],
            "Against": names[each["a"]],
            "Verdict": VERDICTS[each["verdict"]][0] if each["items"] else "Nothing in common",
            "Test items": each["items"],
            **_columns("Accuracy", each["accuracy"]),
            **_columns("Macro-F1", each["f1_macro"]),
            "Only it is right": each["only_b"],
            "Only the other": each["only_a"],
            "p": each["p"],
            "p (Holm)": p,
            "In words": each["words"],
        }
        for each, p in zip(verdicts, adjusted, strict=True)
    ]


def _names(runs: Sequence[Mapping[str, Any]], length: int = 200) -> dict[int, str]:
    return dict(zip((run["id"] for run in runs), looks.names_of(runs, length), strict=True))


def _columns(title: str, found: Mapping[str, float | None]) -> dict[str, float | None]:
    names = {"difference": f"{title}, points", "low": f"{title}, from", "high": f"{title}, to"}
    values = ((name, found[key]) for key, name in names.items())
    return {name: None if value is None else round(100 * value, 2) for name, value in values}
