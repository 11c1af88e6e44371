"""What all charts share: colours that anyone can tell apart, names that fit, one height in a row.

Backgrounds are left transparent and text uncoloured, so that a light and a dark page both suit. Plotly reads a
little HTML in every text it draws: names that people wrote go through `full` or `short` first.
"""

import html
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT_PX = 340
LEGEND_LETTERS = 28
# Okabe & Ito 2008 without black, which a dark page swallows, and without yellow, which a light one does.
RUN_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1")
RUN_SYMBOLS = ("circle", "square", "diamond")
# Told apart from every run and readable on both backgrounds.
GREY = "#8A9490"
# First-strong isolates: a right-to-left name does not turn round the figures beside it.
_ISOLATED = "\u2068{}\u2069"


def run_color(index: int) -> str:
    return RUN_COLORS[index % len(RUN_COLORS)]


def run_symbol(index: int) -> str:
    """With the colour, tells 21 runs apart: seven colours and three symbols come round at different times."""
    return RUN_SYMBOLS[index % len(RUN_SYMBOLS)]


def full(name: object) -> str:
    """User text as Plotly text: nothing in it is a tag, and it stays on its line."""
    return _ISOLATED.format(html.escape(" ".join(str(name).split()), quote=False))


def short(name: object, length: int = 18) -> str:
    """As `full`, cut to `length` letters."""
    return full(cut(" ".join(str(name).split()), length))


def cut(text: str, length: int) -> str:
    """At most `length` letters, the last an ellipsis when some are left out. Accents stay on their letters."""
    if len(text) <= length:
        return text
    kept = text[: length - 1]
    if unicodedata.combining(text[length - 1]):
        while kept and unicodedata.combining(kept[-1]):
            kept = kept[:-1]
        kept = kept[:-1]
    return kept.rstrip(" \u200d") + "…"


def names_of(runs: Sequence[Mapping[str, Any]], length: int = 200) -> list[str]:
    """A name of at most `length` letters for each run; its number goes along where two would read the same."""
    names = [" ".join(str(run.get("name") or f"Run {run['id']}").split()) for run in runs]
    cuts = [cut(name, length) for name in names]
    return [
        f"{cut(name, length - len(number))}{number}" if cuts.count(each) > 1 else each
        for name, each, number in zip(names, cuts, (f" #{run['id']}" for run in runs), strict=True)
    ]


def laid_out(figure: "Figure", *, height_px: int = HEIGHT_PX, x: str = "", y: str = "", title: str = "") -> "Figure":
    """The layout of every chart; `x` and `y` are the axis titles with their units."""
    figure.update_layout(
        height=height_px,
        title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left"} if title else None,
        margin={"l": 8, "r": 8, "t": 40 if title else 12, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0, "title": None},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": GREY, "activecolor": RUN_COLORS[0]},
        # A chart that is drawn again with newer points keeps its zoom.
        uirevision=f"{x} {y}",
        hoverlabel={"align": "left", "namelength": -1},
    )
    figure.update_xaxes(title={"text": x, "standoff": 8} if x else None, automargin=True)
    figure.update_yaxes(title={"text": y, "standoff": 16} if y else None, automargin=True)
    return figure


def say_empty(figure: "Figure", words: str) -> "Figure":
    """Say in the chart's place why there is nothing to draw."""
    figure.add_annotation(text=words, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper", font={"color": GREY})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure
