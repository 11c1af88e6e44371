"""Which settings go with good figures: runs as lines across their settings, and one setting against a figure.

A setting is {"setting", "title", "values", "words"}: its name, its name on screen, one value a run, and those as words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.evaluating import looks
from backend.evaluating.charts import error_bars, interval_of, title_of
from backend.evaluating.looks import full

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Run = Mapping[str, Any]
Setting = Mapping[str, Any]
# More axes side by side leave no room for their names.
MOST_AXES = 8
TITLE_LETTERS, NAME_LETTERS, WORD_LETTERS = 18, 28, 16
# Beyond this, a scale that starts at its least value shows the small ones as one.
WIDE = 50
MOST_TICKS = 8
# Of the scale: ticks nearer than this are written over each other.
TICK_APART = 0.05
ROW_PX = 18
# Runs with the same value pass it beside each other, the better above, over so much of the height of their axis.
BAND, FEW, WIDER_BAND = 0.03, 4, 0.12
# And marks at the same word, over so much of the way to the next.
WORDS_BAND = 0.5
# From the worst to the best; neither end is lost in a light or a dark page.
COLORS = ["#D55E00", "#C9A24B", "#0072B2"]


@dataclass(frozen=True)
class Scale:
    """Where each run's value is, and what is written where."""

    values: list[float]
    ticks: list[float]
    words: list[str]
    is_log: bool = False
    is_words: bool = False


def scale_of(setting: Setting) -> Scale:
    """Numbers by size, of widely different sizes and learning rates by their logarithm; the rest as words in a row."""
    values = setting["values"]
    numbers = [float(each) for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) < len(values):
        return _words_in_a_row(values, setting["words"])
    is_rate = setting["setting"].endswith("learning_rate")
    is_log = min(numbers) > 0 and (is_rate or max(numbers) / min(numbers) >= WIDE)
    placed = [log10(each) for each in numbers] if is_log else numbers
    known = dict(zip(placed, setting["words"], strict=True))
    if len(known) > MOST_TICKS and is_log:
        known = {log10(each): f"{each:g}" for each in _round_numbers(min(numbers), max(numbers))}
    elif len(known) > MOST_TICKS:
        known = {}
    ticks = _apart(sorted(known), max(placed) - min(placed))
    return Scale(placed, ticks, [known[each] for each in ticks], is_log)


def _words_in_a_row(values: Sequence[Any], words: Sequence[str]) -> Scale:
    """Numbers among them first and by size, what is not set last."""

    def order(pair: tuple[Any, str]) -> tuple[bool, bool, float, str]:
        value, word = pair
        is_number = isinstance(value, int | float)
        return value is None, not is_number, float(value) if is_number else 0.0, word

    distinct = list(dict.fromkeys(word for _, word in sorted(zip(values, words, strict=True), key=order)))
    return Scale(
        [distinct.index(word) for word in words],
        [float(each) for each in range(len(distinct))],
        distinct,
        is_words=True,
    )


def _round_numbers(low: float, high: float) -> list[float]:
    """Those of 1, 2 and 5 times a power of ten that lie between."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    return [number for power in powers for step in (1, 2, 5) if low <= (number := step * 10.0**power) <= high]


def _apart(ticks: Sequence[float], span: float) -> list[float]:
    kept: list[float] = []
    for each in ticks:
        if not kept or each - kept[-1] >= TICK_APART * span:
            kept.append(each)
    return kept


def parallel(
    runs: Sequence[Run], settings: Sequence[Setting], *, what: str = "f1_macro", paper: str = "rgba(0,0,0,0)"
) -> "Figure":
    """A line a run: from its name over its settings, the first `MOST_AXES`, to its figure, which gives the colour.

    Drawn as ordinary lines: Plotly's own parallel coordinates do not say whose line is under the pointer, and are no
    vectors in an SVG. paper: the colour of the page, which is laid behind the values so that lines do not cross them.
    """
    from plotly import graph_objects as go
    from plotly.colors import sample_colorscale

    figure, places = go.Figure(), sorted(_with_figure(runs, what), key=lambda each: _figure(runs[each], what))
    settings = settings[:MOST_AXES]
    looks.laid_out(figure, height_px=max(looks.HEIGHT_PX, 100 + ROW_PX * len(places)))
    if not places:
        return looks.say_empty(figure, "No figures on test items yet")
    axes = [_axis(each, places) for each in settings]
    figures = [_figure(runs[each], what) for each in places]
    ends, share = (min(figures), max(figures)), _shares(figures)
    names, labels = looks.names_of(runs), looks.names_of(runs, NAME_LETTERS)
    starts = _shares(range(len(places)))
    for order, place in enumerate(places):
        words = [labels[place], *(each["words"][place] for each in settings), f"{figures[order]:.1%}"]
        titles = ["Run", *(each["title"] for each in settings), title_of(what)]
        color = sample_colorscale(COLORS, share[order])[0]
        figure.add_scatter(
            x=list(range(len(axes) + 2)),
            y=[starts[order], *(heights[order] for heights, _ in axes), share[order]],
            mode="lines+markers",
            name=full(names[place]),
            line={"color": color, "width": 2},
            marker={"color": color, "size": 6},
            customdata=[
                [full(names[place]), full(title), full(word)] for title, word in zip(titles, words, strict=True)
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}: %{customdata[2]}<extra></extra>",
        )
    for x, (_, ticks) in enumerate(axes, start=1):
        _write(figure, x, ticks, paper)
    _write(
        figure, len(axes) + 1, [(each, f"{ends[0] + each * (ends[1] - ends[0]):.1%}") for each in (0, 0.5, 1)], paper
    )
    # The toolbar is above the names of the axes.
    figure.update_layout(showlegend=False, hovermode="closest", margin={"t": 52})
    _name_axes(figure, ["Run", *(each["title"] for each in settings), title_of(what)])
    shown = [full(labels[place]) for place in places]
    figure.update_yaxes(range=[-0.08, 1.08], tickvals=starts, ticktext=shown, showgrid=False, zeroline=False)
    return figure


def _name_axes(figure: "Figure", titles: Sequence[str]) -> None:
    figure.update_xaxes(
        side="top",
        range=[-0.1, len(titles) - 0.6],
        tickvals=list(range(len(titles))),
        ticktext=[looks.short(each, TITLE_LETTERS) for each in titles],
        showgrid=False,
        zeroline=False,
    )
    for x in range(len(titles)):
        figure.add_shape(
            type="line", x0=x, x1=x, y0=-0.04, y1=1.04, layer="below", line={"color": looks.GREY, "width": 1}
        )


def _axis(setting: Setting, places: Sequence[int]) -> tuple[list[float], list[tuple[float, str]]]:
    """How high each of these runs, the worst first, passes the axis (0 to 1); and what is written at which height."""
    scale = scale_of({**setting, **{name: [setting[name][each] for each in places] for name in ("values", "words")}})
    band = WIDER_BAND if len(set(scale.values)) <= FEW else BAND
    beside = _beside(len(places), band)
    heights = [height + aside for height, aside in zip(_shares(scale.values), beside, strict=True)]
    low, high = min(scale.values), max(scale.values)
    # A scale without words of its own is an even one: its ends say it all.
    written = list(zip(scale.ticks, scale.words, strict=True)) or [(each, f"{each:.4g}") for each in (low, high)]
    return heights, [((tick - low) / (high - low) if high > low else 0.5, word) for tick, word in written]


def _beside(count: int, band: float) -> list[float]:
    """How far aside each of so many that are at the same place is drawn, over a band of this width."""
    return [band * (each - 0.5) for each in _shares(range(count))]


def _shares(values: Sequence[float]) -> list[float]:
    """Each value between the least (0) and the highest (1); all in the middle when they are the same."""
    low, high = min(values, default=0), max(values, default=0)
    return [float(each) for each in np.interp(values, [low, high], [0, 1])] if high > low else [0.5] * len(values)


def _write(figure: "Figure", x: int, ticks: Sequence[tuple[float, str]], paper: str) -> None:
    for height, word in ticks:
        figure.add_annotation(
            x=x,
            y=height,
            text=looks.short(word, WORD_LETTERS),
            showarrow=False,
            xanchor="left",
            xshift=6,
            bgcolor=paper,
            borderpad=1,
            opacity=0.85,
            font={"size": 11},
        )


def _padded(values: Sequence[float]) -> list[float]:
    aside = 0.06 * (max(values) - min(values)) or 0.5
    return [min(values) - aside, max(values) + aside]


def scatter(runs: Sequence[Run], setting: Setting, *, what: str = "f1_macro") -> "Figure":
    """A mark a run: one setting across, a test figure with its 95 % interval up."""
    from plotly import graph_objects as go

    figure, places = go.Figure(), _with_figure(runs, what)
    names = looks.names_of(runs)
    kept = {name: [setting[name][each] for each in places] for name in ("values", "words")}
    scale = scale_of({**setting, **kept}) if places else Scale([], [], [])
    beside = _beside(len(places), WORDS_BAND if scale.is_words else 0)
    for x, aside, index, word in zip(scale.values, beside, places, kept["words"], strict=True):
        value = _figure(runs[index], what)
        figure.add_scatter(
            x=[x + aside],
            y=[value],
            error_y=error_bars([value], [interval_of(runs[index], what)]),
            mode="markers",
            name=full(names[index]),
            marker={"color": looks.run_color(index), "size": 11, "symbol": looks.run_symbol(index)},
            customdata=[[full(names[index]), full(word)]],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}: %{y:.1%}<extra></extra>",
            showlegend=False,
        )
    title = full(setting["title"]) + (" (log scale)" if scale.is_log else "")
    looks.laid_out(figure, x=title, y=f"{title_of(what)} on the test items")
    if scale.ticks:
        words = [looks.short(word, looks.LEGEND_LETTERS) for word in scale.words]
        figure.update_xaxes(tickvals=scale.ticks, ticktext=words)
    if scale.values and not scale.is_words:
        figure.update_xaxes(range=_padded(scale.values))
    figure.update_yaxes(tickformat=".0%")
    return figure if figure.data else looks.say_empty(figure, "No figures on test items yet")


def rows(runs: Sequence[Run], settings: Sequence[Setting], *, what: str = "f1_macro") -> list[dict[str, Any]]:
    return [
        {"Run": name}
        | {each["title"]: each["words"][index] for each in settings}
        | {title_of(what): _figure(runs[index], what)}
        for index, name in enumerate(looks.names_of(runs))
    ]


def _with_figure(runs: Sequence[Run], what: str) -> list[int]:
    return [index for index, run in enumerate(runs) if _figure(run, what) is not None]


def _figure(run: Run, what: str) -> Any:
    return ((run.get("metrics") or {}).get("test") or {}).get(what)
