"""What is taken for what: confusion matrices, and the difference between those of two runs.

A matrix is counts (k, k): rows are the true classes, columns the answered ones. Of many classes only those at the
places `kept` are drawn; shares are always of all. Part of `charts`, which says what the figures of a run are.
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backend.evaluating import looks
from backend.evaluating.looks import full, short

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

By = Literal["count", "true", "predicted"]
MOST_CLASSES_WITH_TEXT = 12
MOST_TICKS = 25
# About the cells' part of a chart in half a page, to make what can be clicked as large as its cell.
CELLS_PX = 380
# From the page itself to a blue that its ink, dark on light or light on dark, can be read on.
_BLUES = [[0, "rgba(0,114,178,0)"], [0.0001, "rgba(0,114,178,0.12)"], [1, "rgba(0,114,178,0.7)"]]
# Small cells carry no text, and a faint one would not be seen at all.
_STRONG_BLUES = [[0, "rgba(0,114,178,0)"], [0.0001, "rgba(0,114,178,0.4)"], [1, "rgba(0,114,178,1)"]]


def _diverging(faint: float, strong: float) -> list[list[Any]]:
    """Orange, nothing, blue: told apart with any kind of colour blindness (Okabe & Ito 2008)."""
    orange, blue = "rgba(213,94,0,{})".format, "rgba(0,114,178,{})".format
    return [
        [0, orange(strong)],
        [0.4999, orange(faint)],
        [0.5, orange(0)],
        [0.5001, blue(faint)],
        [1, blue(strong)],
    ]


def confusion(metrics: Mapping[str, Any] | None, by: By = "count", *, title: str = "") -> "Figure":
    """The confusion matrix of one M: as counts, or as shares of each true class or of each answer."""
    counts = (metrics or {}).get("confusion") or []
    return matrix(counts, [each["name"] for each in (metrics or {})["per_class"]] if counts else [], by, title=title)


def matrix(
    counts: Any, names: Sequence[str], by: By = "count", *, title: str = "", kept: Sequence[int] | None = None
) -> "Figure":
    """As counts, or as shares of each true class or of each answer."""
    counts = np.asarray(counts, dtype=float)
    if not counts.sum():
        return _empty("No confusion matrix for this run", title)
    places = list(range(len(names))) if kept is None else list(kept)
    shown = shares(counts, by)[np.ix_(places, places)]
    text = np.vectorize(lambda value: f"{value:,.0f}" if by == "count" else f"{value:.0%}", otypes=[object])(shown)
    figure = _cells(shown, text, _words(counts, names), places)
    top = (counts[np.ix_(places, places)].max() or 1) if by == "count" else 1
    scale = _BLUES if len(places) <= MOST_CLASSES_WITH_TEXT else _STRONG_BLUES
    figure.update_traces(selector={"type": "heatmap"}, colorscale=scale, zmin=0, zmax=top)
    return _framed(figure, [names[each] for each in places], title)


def difference(
    first: Any,
    second: Any,
    names: Sequence[str],
    by: By = "count",
    *,
    titles: tuple[str, str],
    kept: Sequence[int] | None = None,
) -> "Figure":
    """The second run's matrix less the first's: blue is better, more right on the diagonal or fewer mistakes off it.

    titles: what the two runs are called.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    if not (a.sum() and b.sum()):
        return _empty("No difference: these runs have no test items in common", "")
    places = list(range(len(names))) if kept is None else list(kept)
    grid = np.ix_(places, places)
    change = (shares(b, by) - shares(a, by))[grid]
    text = np.vectorize(lambda value: signed(value, by) if value else "", otypes=[object])(change)
    figure = _cells(change, text, _words_of_both(a, b, names, titles), places)
    better = np.where(np.eye(len(places), dtype=bool), change, -change)
    top = np.abs(better).max() or 1
    scale = _diverging(0.12, 0.7) if len(places) <= MOST_CLASSES_WITH_TEXT else _diverging(0.4, 1)
    figure.update_traces(selector={"type": "heatmap"}, z=better, colorscale=scale, zmin=-top, zmax=top)
    return _framed(figure, [names[each] for each in places], "")


def signed(value: float, by: By) -> str:
    """ "+3", or in points "−2.5"."""
    told = f"{value:+,.0f}" if by == "count" else f"{100 * value:+.1f}"
    return told.replace("-", "−")


def shares(counts: Any, by: By) -> Any:
    """Counts, or shares of the row or of the column; an empty one has shares of 0."""
    if by == "count":
        return counts
    whole = counts.sum(axis=1 if by == "true" else 0, keepdims=True)
    return np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)


def most_confused(matrices: Sequence[Any], most: int) -> list[int]:
    """Places of the classes that are in most mistakes, as the true class or the answer, in their own order.

    Of more classes than `most`, those in no mistake are left out.
    """
    mistakes = np.sum([np.asarray(each, float) for each in matrices], axis=0)
    np.fill_diagonal(mistakes, 0)
    count = mistakes.sum(axis=0) + mistakes.sum(axis=1)
    worst = np.argsort(-count, kind="stable")[:most]
    if most < len(count) and count.any():
        worst = worst[count[worst] > 0]
    return sorted(worst.tolist())


# What the hover says of the cell of these two places.
Words = Callable[[int, int], str]


def _words(counts: Any, names: Sequence[str]) -> Words:
    of_true, of_answered, shown = counts.sum(axis=1), counts.sum(axis=0), [full(name) for name in names]

    def words(i: int, j: int) -> str:
        what = f"{shown[i]} answered as {shown[j]}"
        if not counts[i, j]:
            return f"{what}: none"
        return (
            f"{what}: {counts[i, j]:,.0f}<br>{counts[i, j] / of_true[i]:.0%} of its items, "
            f"{counts[i, j] / of_answered[j]:.0%} of the answers"
        )

    return words


def _words_of_both(first: Any, second: Any, names: Sequence[str], titles: tuple[str, str]) -> Words:
    shown, (a, b) = [full(name) for name in names], (short(each, looks.LEGEND_LETTERS) for each in titles)

    def words(i: int, j: int) -> str:
        return f"{shown[i]} answered as {shown[j]}<br>{first[i, j]:,.0f} by {a}, {second[i, j]:,.0f} by {b}"

    return words


def _cells(shown: Any, text: Any, words: Words, places: Sequence[int]) -> "Figure":
    """A heatmap, and on each cell that is not empty its text and a mark without colour: only marks can be clicked.

    As text of its own: text in a heatmap takes its colour from the cell, blind to a dark page behind it. A mark carries
    the places of its two classes, as a click tells them.
    """
    from plotly import graph_objects as go

    figure, is_large = go.Figure(), len(places) > MOST_TICKS
    gap = 0 if is_large else 1
    figure.add_heatmap(z=shown, showscale=False, xgap=gap, ygap=gap)
    # Hundreds of classes have ten thousands of empty cells: words for each would weigh megabytes.
    if is_large:
        figure.update_traces(hoverinfo="skip")
    else:
        every = [[words(i, j) for j in places] for i in places]
        figure.update_traces(hovertext=every, hovertemplate="%{hovertext}<extra></extra>")
    rows, columns = (each.tolist() for each in np.nonzero(shown))
    has_text = len(places) <= MOST_CLASSES_WITH_TEXT
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="markers+text" if has_text else "markers",
        text=text[rows, columns] if has_text else None,
        marker={"symbol": "square", "size": max(4, min(48, CELLS_PX // max(len(places), 1))), "opacity": 0},
        # What is not chosen stays as readable as it was.
        unselected={"marker": {"opacity": 0}, "textfont": {}},
        selected={"marker": {"opacity": 0}},
        customdata=[[places[row], places[column]] for row, column in zip(rows, columns, strict=True)],
        hovertext=[words(places[row], places[column]) for row, column in zip(rows, columns, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    return figure


def _framed(figure: "Figure", names: Sequence[str], title: str) -> "Figure":
    is_large = len(names) > MOST_TICKS
    looks.laid_out(
        figure, height_px=580 if is_large else 420, x="Answered class", y="True class", title=short(title, 60)
    )
    upright = {"tickangle": 90} if len(names) > MOST_CLASSES_WITH_TEXT else {}
    figure.update_xaxes(
        **_name_ticks(names, 12), **upright, range=[-0.5, len(names) - 0.5], showgrid=False, zeroline=False
    )
    figure.update_yaxes(**_name_ticks(names, 16), range=[len(names) - 0.5, -0.5], showgrid=False, zeroline=False)
    return figure


def _empty(words: str, title: str) -> "Figure":
    from plotly import graph_objects as go

    return looks.say_empty(looks.laid_out(go.Figure(), height_px=420, title=short(title, 60)), words)


def _name_ticks(names: Sequence[str], length: int) -> dict[str, Any]:
    """Positions, not names, are the axis: two names may be the same once cut."""
    every = ceil(len(names) / MOST_TICKS)
    kept = range(0, len(names), every)
    text = [short(names[each], length) for each in kept]
    return {"tickmode": "array", "tickvals": list(kept), "ticktext": text}


def confusion_rows(metrics: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What was answered as what, the most frequent mistakes first."""
    if not metrics or not metrics.get("confusion"):
        return []
    return matrix_rows(metrics["confusion"], [each["name"] for each in metrics["per_class"]])


def matrix_rows(counts: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    rows = [
        {"True class": names[i], "Answered class": names[j], "Items": int(count)}
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
        if count
    ]
    return sorted(rows, key=lambda row: (row["True class"] == row["Answered class"], -row["Items"]))


def difference_rows(first: Any, second: Any, names: Sequence[str], titles: tuple[str, str]) -> list[dict[str, Any]]:
    """What one run answers more often than the other, mistakes first, the largest change before the others."""
    a, b = np.asarray(first, int), np.asarray(second, int)
    rows = [
        {"Change": int(b[i, j] - a[i, j]), "True class": names[i], "Answered class": names[j]}
        | {titles[0]: int(a[i, j]), titles[1]: int(b[i, j])}
        for i, j in zip(*np.nonzero(a + b), strict=True)
    ]
    return sorted(rows, key=lambda row: (row["True class"] == row["Answered class"], -abs(row["Change"])))
