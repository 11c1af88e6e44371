"""The figures of the overview."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from backend.evaluating import looks, suggester_charts
from db.explore import Sampled
from db.models import LabelClass

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT_PX = 240
ACCENT = looks.RUN_COLORS[2]
BINS = 20


def labels(classes: Sequence[LabelClass], counts: dict[int, int]) -> "Figure":
    """Labeled items of each class, in the order of the classes."""
    from plotly import graph_objects as go

    figure = go.Figure(
        go.Bar(
            x=[counts.get(each.id, 0) for each in classes],
            y=[str(each.id) for each in classes],
            orientation="h",
            marker_color=[each.color for each in classes],
            hovertext=[f"{looks.full(each.name)}: {counts.get(each.id, 0):,} items" for each in classes],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    looks.laid_out(figure, height_px=HEIGHT_PX, x="Labeled items")
    figure.update_yaxes(
        type="category",
        autorange="reversed",
        tickvals=[str(each.id) for each in classes],
        ticktext=[looks.short(each.name) for each in classes],
    )
    return figure


def labels_table(classes: Sequence[LabelClass], counts: dict[int, int]) -> list[dict[str, Any]]:
    return [{"Class": each.name, "Labeled items": counts.get(each.id, 0)} for each in classes]


def confidences(classes: Sequence[LabelClass], guesses: Sequence[tuple[int, float]]) -> "Figure":
    """How sure the suggestions are, stacked by class."""
    by_class: dict[int, list[int]] = {}
    for class_id, confidence in guesses:
        by_class.setdefault(class_id, [0] * BINS)[min(int(confidence * BINS), BINS - 1)] += 1
    named = [{"id": each.id, "name": each.name, "color": each.color} for each in classes]
    return suggester_charts.histogram({"by_class": by_class}, named).update_layout(height=HEIGHT_PX)


def confidences_table(classes: Sequence[LabelClass], guesses: Sequence[tuple[int, float]]) -> list[dict[str, Any]]:
    found = {each.id: [confidence for class_id, confidence in guesses if class_id == each.id] for each in classes}
    return [
        {"Class": each.name, "Items": len(found[each.id]), "Mean confidence": round(fmean(found[each.id]), 3)}
        for each in classes
        if found[each.id]
    ]


def lengths(sample: Sequence[Sampled]) -> "Figure":
    """How long the texts are."""
    from plotly import graph_objects as go

    found = sorted(each.letters or 0 for each in sample)
    # The longest hundredth would squeeze all others into one bar.
    longest = found[int(0.99 * (len(found) - 1))]
    figure = go.Figure(
        go.Histogram(
            x=[min(each, longest) for each in found],
            nbinsx=30,
            marker_color=ACCENT,
            hovertemplate="%{y:,} texts of %{x} letters<extra></extra>",
        )
    )
    beyond = sum(each > longest for each in found)
    note = f" (last bar: {beyond:,} longer, up to {found[-1]:,})" if beyond else ""
    return looks.laid_out(figure, height_px=HEIGHT_PX, x=f"Letters{note}", y="Texts")


def lengths_table(sample: Sequence[Sampled]) -> list[dict[str, Any]]:
    found = sorted(each.letters or 0 for each in sample)
    marks = {"Shortest": 0.0, "A quarter up to": 0.25, "Half up to": 0.5, "Nine tenths up to": 0.9, "Longest": 1.0}
    return [{"Texts": words, "Letters": found[int(share * (len(found) - 1))]} for words, share in marks.items()]


def sizes(sample: Sequence[Sampled]) -> "Figure":
    """Width against height; the more images of one size, the larger its dot."""
    from plotly import graph_objects as go

    found = Counter((each.width or 0, each.height or 0) for each in sample)
    most = max(found.values(), default=1)
    figure = go.Figure(
        go.Scatter(
            x=[width for width, _ in found],
            y=[height for _, height in found],
            mode="markers",
            marker={
                "size": [5 + 20 * (count / most) ** 0.5 for count in found.values()],
                "color": ACCENT,
                "opacity": 0.6,
            },
            hovertext=[f"{width} x {height} px: {count:,} images" for (width, height), count in found.items()],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    looks.laid_out(figure, height_px=HEIGHT_PX, x="Width (px)", y="Height (px)")
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    return figure


def sizes_table(sample: Sequence[Sampled]) -> list[dict[str, Any]]:
    found = Counter((each.width or 0, each.height or 0) for each in sample).most_common()
    return [{"Width (px)": width, "Height (px)": height, "Images": count} for (width, height), count in found]
