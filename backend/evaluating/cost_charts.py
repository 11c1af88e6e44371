"""What a figure costs: accuracy or macro-F1 against the time of training and the size of the model."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backend.evaluating import looks
from backend.evaluating.charts import error_bars, interval_of, time_unit, title_of
from backend.evaluating.looks import full

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Run = Mapping[str, Any]
# What may be spared -> its name on an axis.
COSTS = {"seconds": "Time of training", "size_bytes": "Model size"}
BYTES = (("kB", 1e3), ("MB", 1e6), ("GB", 1e9))
# A scale from the least to the most costly that spans more than this shows the cheap ones as one.
WIDE = 10


def value_of(run: Run, what: str) -> float | None:
    found = ((run.get("metrics") or {}).get("test") or {}).get(what)
    return None if found is None else float(found)


def unit_of(cost: str, most: float) -> tuple[str, float]:
    """The unit to show costs up to this one in, and how much it is."""
    if cost == "seconds":
        return time_unit(most)
    return next((each for each in reversed(BYTES) if most >= each[1]), BYTES[0])


def in_words(cost: str, value: float) -> str:
    unit, per_unit = unit_of(cost, value)
    return f"{value / per_unit:.3g} {unit}"


def known(runs: Sequence[Run], cost: str, what: str) -> list[int]:
    """The places of the runs whose cost and figure are both known, the cheapest first, of equals the better first."""
    places = [place for place, run in enumerate(runs) if run.get(cost) and value_of(run, what) is not None]
    return sorted(places, key=lambda place: (runs[place][cost], -(value_of(runs[place], what) or 0)))


def tells_apart(runs: Sequence[Run], cost: str) -> bool:
    """Whether there are two runs whose costs are not the same in words."""
    return len({in_words(cost, runs[place][cost]) for place in known(runs, cost, "accuracy")}) > 1


def frontier(runs: Sequence[Run], cost: str, what: str) -> list[int]:
    """The places of the runs that no other beats at the same cost or less, the cheapest first."""
    found: list[int] = []
    for place in known(runs, cost, what):
        if not found or (value_of(runs[place], what) or 0) > (value_of(runs[found[-1]], what) or 0):
            found.append(place)
    return found


def cheapest(runs: Sequence[Run], cost: str, what: str) -> tuple[int, int] | None:
    """The places of the best run, and of the cheapest one whose figure lies within the best one's 95 % interval.

    None where fewer than two can be compared, or the interval is unknown.
    """
    places = known(runs, cost, what)
    if len(places) < 2:
        return None
    best = max(places, key=lambda place: value_of(runs[place], what) or 0)
    span = interval_of(runs[best], what)
    if span is None:
        return None
    return best, next(place for place in places if (value_of(runs[place], what) or 0) >= span[0] or place == best)


def tradeoff(runs: Sequence[Run], cost: str, *, what: str = "f1_macro") -> "Figure":
    """A mark a run with the 95 % interval of its figure; a line joins the runs that nothing cheaper beats."""
    from plotly import graph_objects as go

    figure, places, names = go.Figure(), known(runs, cost, what), looks.names_of(runs)
    unit, per_unit = unit_of(cost, max((runs[place][cost] for place in places), default=0.0))
    line = frontier(runs, cost, what)
    if len(line) > 1:
        figure.add_scatter(
            x=[runs[place][cost] / per_unit for place in line],
            y=[value_of(runs[place], what) for place in line],
            # What can be had for less than the next one costs is what the one before reaches.
            line={"color": looks.GREY, "width": 1.5, "dash": "dot", "shape": "hv"},
            mode="lines",
            name="Nothing cheaper is better",
            hoverinfo="skip",
        )
    for place in places:
        run, value = runs[place], value_of(runs[place], what)
        figure.add_scatter(
            x=[run[cost] / per_unit],
            y=[value],
            error_y=error_bars([value or 0.0], [interval_of(run, what)]),
            mode="markers",
            name=full(names[place]),
            marker={"color": looks.run_color(place), "size": 11, "symbol": looks.run_symbol(place)},
            customdata=[[full(names[place]), f"{run['parameters']:,} weights" if run.get("parameters") else ""]],
            hovertemplate=f"%{{customdata[0]}}<br>%{{y:.1%}} for %{{x:,.3~r}} {unit}<br>%{{customdata[1]}}"
            "<extra></extra>",
            showlegend=False,
        )
    costs = [runs[place][cost] for place in places]
    looks.laid_out(figure, x=f"{COSTS[cost]} ({unit})", y=f"{title_of(what)} on the test items")
    figure.update_yaxes(tickformat=".0%")
    if costs and max(costs) > WIDE * min(costs):
        figure.update_xaxes(type="log", dtick="D2" if max(costs) < 1000 * min(costs) else 1, tickformat=".3~g")
    return figure if figure.data else looks.say_empty(figure, f"{COSTS[cost]} is not known of these runs")


def rows(runs: Sequence[Run], *, what: str = "f1_macro") -> list[dict[str, Any]]:
    on_line = {cost: {runs[place]["id"] for place in frontier(runs, cost, what)} for cost in COSTS}
    return [
        {
            "Run": name,
            title_of(what): value_of(run, what),
            f"{title_of(what)}, from": (interval_of(run, what) or (None, None))[0],
            f"{title_of(what)}, to": (interval_of(run, what) or (None, None))[1],
            "Seconds of training": run.get("seconds"),
            "Model size (MB)": run["size_bytes"] / 1e6 if run.get("size_bytes") else None,
            "Weights": run.get("parameters"),
            "Nothing quicker is better": run["id"] in on_line["seconds"],
            "Nothing smaller is better": run["id"] in on_line["size_bytes"],
        }
        for run, name in zip(runs, looks.names_of(runs), strict=True)
    ]
