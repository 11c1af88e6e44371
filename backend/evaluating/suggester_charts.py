"""The figures of the Suggest page: how good suggesters are, and where two of them differ.

Each takes a part of `suggest_report.of` and has a table behind it. Labels given with the suggestion shown are solid,
blind ones hatched or hollow. Classes are {"id", "name", "color"} as the API has them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.evaluating import confusion_charts, looks

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT_PX = 300
SHOWN, BLIND = looks.RUN_COLORS[0], looks.RUN_COLORS[1]
WAYS = (("shown", "Suggestion shown", SHOWN), ("blind", "Blind", BLIND))
MOST_CLASSES = 30


def acceptance(suggester: Mapping[str, Any], classes: Sequence[Mapping[str, Any]]) -> "Figure":
    """How often each suggested class was the one that people chose; with more classes than fit, the lowest."""
    from plotly import graph_objects as go

    figure, found = go.Figure(), {each["class_id"]: each for each in suggester["by_class"]}
    drawn = lowest([each for each in classes if each["id"] in found], found)
    for way, words, _ in WAYS:
        kept = [(row, each) for row, each in enumerate(drawn) if found[each["id"]][way]["count"]]
        shares = [found[each["id"]][way] for _, each in kept]
        figure.add_bar(
            y=[row for row, _ in kept],
            x=[share["share"] for share in shares],
            orientation="h",
            name=words,
            marker={"color": [each["color"] for _, each in kept], "pattern": {"shape": "/" if way == "blind" else ""}},
            error_x=interval(shares),
            customdata=[
                [looks.full(each["name"]), in_words(share)] for (_, each), share in zip(kept, shares, strict=True)
            ],
            hovertemplate=f"%{{customdata[0]}}, {words.lower()}<br>%{{customdata[1]}}<extra></extra>",
        )
    looks.laid_out(figure, height_px=max(HEIGHT_PX, 80 + 30 * len(drawn)), x="Share that people chose")
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%")
    ticks = {"tickvals": list(range(len(drawn))), "ticktext": [looks.short(each["name"], 20) for each in drawn]}
    figure.update_yaxes(**ticks, range=[len(drawn) - 0.5, -0.5], zeroline=False)
    figure.update_layout(barmode="group", bargap=0.3)
    return figure if drawn else looks.say_empty(figure, "No decisions yet")


def lowest(classes: Sequence[Mapping[str, Any]], found: Mapping[int, Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    def share(each: Mapping[str, Any]) -> float:
        both = [found[each["id"]][way] for way, *_ in WAYS]
        return float(sum(one["right"] for one in both) / sum(one["count"] for one in both))

    kept = {each["id"] for each in sorted(classes, key=share)[:MOST_CLASSES]}
    return [each for each in classes if each["id"] in kept]


def interval(shares: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "type": "data",
        "array": [each["high"] - each["share"] for each in shares],
        "arrayminus": [each["share"] - each["low"] for each in shares],
        "color": looks.GREY,
        "thickness": 1.5,
        "width": 3,
    }


def in_words(share: Mapping[str, Any]) -> str:
    return f"{share['share']:.0%} of {share['count']:,} (95 %: {share['low']:.0%} to {share['high']:.0%})"


def acceptance_rows(suggester: Mapping[str, Any], classes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = {each["class_id"]: each for each in suggester["by_class"]}
    return [{"Class": each["name"]} | of_both(found[each["id"]]) for each in classes if each["id"] in found]


def of_both(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{words}, {name}": part[way][figure]
        for way, words, _ in WAYS
        for name, figure in (("share", "share"), ("decisions", "count"))
    }


def over_time(suggester: Mapping[str, Any]) -> "Figure":
    """The share that people chose in each block of decisions, oldest first."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for way, words, color in WAYS:
        kept = [each for each in suggester["over_time"] if each[way]["count"]]
        if not kept:
            continue
        figure.add_scatter(
            x=[each["last"] for each in kept],
            y=[each[way]["share"] for each in kept],
            mode="lines+markers",
            name=words,
            line={"color": color, "dash": "dot" if way == "blind" else "solid"},
            marker={"color": color, "size": 8, "symbol": "circle-open" if way == "blind" else "circle"},
            error_y=interval([each[way] for each in kept]) if len(kept) <= 20 else None,
            customdata=[[each["first"], each["last"], in_words(each[way])] for each in kept],
            hovertemplate="Decisions %{customdata[0]:,} to %{customdata[1]:,}<br>%{customdata[2]}<extra></extra>",
        )
    looks.laid_out(figure, height_px=HEIGHT_PX, x="Decisions so far", y="Share that people chose")
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%")
    figure.update_xaxes(rangemode="tozero")
    figure.update_layout(showlegend=True)
    return figure if figure.data else looks.say_empty(figure, "No decisions yet")


def over_time_rows(suggester: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"Decisions": f"{each['first']:,} to {each['last']:,}", "Until": each["until"][:16].replace("T", " ")}
        | of_both(each)
        for each in suggester["over_time"]
    ]


def reliability(suggester: Mapping[str, Any]) -> "Figure":
    """How sure against how often right: on the line, 0.9 is right nine times in ten. Larger dots are more decisions."""
    from plotly import graph_objects as go

    figure = go.Figure()
    line = {"color": looks.GREY, "dash": "dash", "width": 1}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, hoverinfo="skip", name="As sure as right")
    for way, words, color in WAYS:
        found = suggester["reliability"][way]
        if not found["count"]:
            continue
        most = max(each["count"] for each in found["bins"])
        figure.add_scatter(
            x=[each["confidence"] for each in found["bins"]],
            y=[each["share"] for each in found["bins"]],
            mode="lines+markers",
            name=f"{words}, off by {100 * found['ece']:.0f} points",
            line={"color": color, "width": 1.5, "dash": "dot" if way == "blind" else "solid"},
            marker={
                "color": color,
                "size": [7 + 12 * (each["count"] / most) ** 0.5 for each in found["bins"]],
                "symbol": "circle-open" if way == "blind" else "circle",
            },
            error_y=interval(found["bins"]),
            customdata=[[in_words(each)] for each in found["bins"]],
            hovertemplate="About %{x:.0%} sure<br>right %{customdata[0]}<extra></extra>",
        )
    looks.laid_out(figure, height_px=HEIGHT_PX, x="Confidence", y="Share that was right")
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%")
    return figure


def reliability_rows(suggester: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "Labels": words,
            "Confidence": f"{each['from']:.0%} to {each['to']:.0%}",
            "Mean confidence": each["confidence"],
            "Right": each["share"],
            "Decisions": each["count"],
        }
        for way, words, _ in WAYS
        for each in suggester["reliability"][way]["bins"]
    ]


def histogram(found: Mapping[str, Any], classes: Sequence[Mapping[str, Any]]) -> "Figure":
    """How sure the set in use is, stacked by class."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for each in classes:
        counts = found["by_class"].get(each["id"])
        if counts:
            figure.add_bar(
                x=[(place + 0.5) / len(counts) for place in range(len(counts))],
                y=counts,
                width=1 / len(counts),
                name=looks.short(each["name"]),
                marker_color=each["color"],
                hovertemplate=f"{looks.full(each['name'])}<br>%{{y:,}} items at about %{{x:.0%}}<extra></extra>",
            )
    looks.laid_out(figure, height_px=HEIGHT_PX, x="Confidence", y="Items")
    figure.update_layout(barmode="stack", bargap=0, showlegend=False)
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    return figure


def histogram_rows(found: Mapping[str, Any], classes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "Class": each["name"],
            "Confidence": f"{place / len(counts):.0%} to {(place + 1) / len(counts):.0%}",
            "Items": n,
        }
        for each in classes
        if (counts := found["by_class"].get(each["id"]))
        for place, n in enumerate(counts)
        if n
    ]


def disagreement(
    compared: Mapping[str, Any], classes: Sequence[Mapping[str, Any]], titles: Mapping[int, str]
) -> "Figure":
    """Class against class. What both say alike is left out of the colours: the differences are what is looked for."""
    from plotly import graph_objects as go

    counts, names = np.array(compared["matrix"], float), names_of(compared, classes)
    off = counts - np.diag(np.diag(counts))
    is_large = len(names) > confusion_charts.MOST_TICKS
    colors = ((0, "rgba(213,94,0,0)"), (0.0001, "rgba(213,94,0,0.15)"), (1, "rgba(213,94,0,0.7)"))
    one, other = looks.short(titles[compared["a"]], 30), looks.short(titles[compared["b"]], 30)
    figure = go.Figure()
    figure.add_heatmap(
        z=off,
        colorscale=[list(each) for each in colors],
        zmin=0,
        zmax=max(off.max(initial=0), 1),
        showscale=False,
        customdata=[
            [[looks.full(a), looks.full(b), counts[i, j]] for j, b in enumerate(names)] for i, a in enumerate(names)
        ]
        if not is_large
        else None,
        hovertemplate="%{customdata[0]} here, %{customdata[1]} there: %{customdata[2]:,} items<extra></extra>"
        if not is_large
        else "%{z:,} items<extra></extra>",
        xgap=1,
        ygap=1,
    )
    if len(names) <= confusion_charts.MOST_CLASSES_WITH_TEXT:
        rows, columns = np.nonzero(counts)
        figure.add_scatter(
            x=columns, y=rows, mode="text", text=[f"{n:,.0f}" for n in counts[rows, columns]],
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    looks.laid_out(figure, height_px=420, x=f"Said by {other}", y=f"Said by {one}")
    ticks = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": [looks.short(n, 16) for n in names]}
    figure.update_xaxes(**ticks, range=[-0.5, len(names) - 0.5], showgrid=False, zeroline=False)
    figure.update_yaxes(**ticks, range=[len(names) - 0.5, -0.5], showgrid=False, zeroline=False)
    return figure


def names_of(compared: Mapping[str, Any], classes: Sequence[Mapping[str, Any]]) -> list[str]:
    known = {each["id"]: each["name"] for each in classes}
    return [known.get(class_id, "an archived class") for class_id in compared["class_ids"]]


def disagreement_rows(compared: Mapping[str, Any], classes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is said differently, the most frequent first."""
    names = names_of(compared, classes)
    found = [
        {"First says": names[i], "Second says": names[j], "Items": n}
        for i, row in enumerate(compared["matrix"])
        for j, n in enumerate(row)
        if n and i != j
    ]
    return sorted(found, key=lambda each: -each["Items"])
