"""Charts of where to draw the line: what a threshold of one class costs, and what answering only when sure brings."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backend.evaluating import certainty, lines, looks
from backend.evaluating.answers import Answers
from backend.evaluating.looks import full, short

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# The steps of a slider.
STEP = 0.005
GRID = np.round(np.arange(0, 1 + STEP / 2, STEP), 3)
FIGURES = {"precision": ("Precision", 0), "recall": ("Recall", 1), "f1": ("F1", 2)}
Costs = Mapping[str, Any]


def costs(answers: Answers, class_id: int) -> Costs | None:
    """What each step of a slider would do for one class of a single run. None where no item has the class."""
    column = answers.class_ids.index(class_id)
    truth = answers.truth[:, column]
    return lines.of_class(truth, answers.scores[0][:, column], at=GRID) if truth.any() else None


def best(found: Costs) -> float:
    """The step with the best F1; of equals that nearest to 0.5."""
    f1: NDArray[np.float64] = found["f1"]
    is_best = f1 >= f1.max() - 1e-12
    return float(GRID[np.where(is_best, np.abs(GRID - 0.5), np.inf).argmin()])


def at(answers: Answers, class_id: int, least: float) -> dict[str, str]:
    """What one threshold does to a class of a single run, in words: {"Precision", …, "False alarms", "Missed"}."""
    column = answers.class_ids.index(class_id)
    truth = answers.truth[:, column]
    found = lines.of_class(truth, answers.scores[0][:, column], at=[least])
    told = {title: f"{found[name][0]:.3f}" for name, (title, _) in FIGURES.items()}
    support = int(truth.sum())
    return told | {
        "False alarms": f"{int(found['false_alarms'][0]):,} of {len(truth) - support:,}",
        "Missed": f"{int(found['missed'][0]):,} of {support:,}",
    }


def of_class(found: Mapping[str, Costs | None], marks: Mapping[str, float]) -> "Figure":
    """found: "validation" and "test" -> costs of one class. marks: what a threshold is called -> where it is.

    Solid on validation items, dotted on test items; an upright line is a mark.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    for split, each in found.items():
        for name, (title, index) in FIGURES.items():
            if each is None:
                continue
            figure.add_scatter(
                x=GRID,
                y=each[name].round(4),
                mode="lines",
                name=title if split == next(iter(found)) else f"{title}, {split}",
                line={
                    "color": looks.run_color(index),
                    "width": 2.5 if split == "validation" else 1.5,
                    "dash": "solid" if split == "validation" else "dot",
                },
                customdata=np.stack([each["false_alarms"], each["missed"]], axis=1),
                hovertemplate=f"{title} %{{y:.3f}} at %{{x:.3f}} on {split} items<br>"
                "%{customdata[0]:,} false alarms, %{customdata[1]:,} missed<extra></extra>",
                showlegend=split == next(name for name, costs in found.items() if costs is not None),
            )
    looks.laid_out(figure, x="Threshold: the score from which on the class is answered", y="On the items of each split")
    if not figure.data:
        return looks.say_empty(figure, "No validation or test item has this class")
    for (name, at), dash in zip(marks.items(), ("solid", "dash", "dot"), strict=False):
        figure.add_scatter(
            x=[at, at], y=[0, 1.02], mode="lines", name=f"{name} {at:.3f}", hoverinfo="skip",
            line={"color": looks.GREY, "width": 2, "dash": dash},
        )  # fmt: skip
    figure.update_xaxes(range=[-0.01, 1.03], dtick=0.2, zeroline=False)
    figure.update_yaxes(range=[-0.01, 1.03], dtick=0.2, zeroline=False)
    return figure


def cost_rows(found: Mapping[str, Costs | None]) -> list[dict[str, Any]]:
    return [
        {"Items": split, "Threshold": float(GRID[row])}
        | {title: float(each[name][row]) for name, (title, _) in FIGURES.items()}
        | {"False alarms": int(each["false_alarms"][row]), "Missed": int(each["missed"][row])}
        for split, each in found.items()
        if each is not None
        for row in range(0, len(GRID), 4)
    ]


def coverage(runs: Sequence[Mapping[str, Any]], found: Sequence[Any], least: float) -> "Figure":
    """Of each run the share that is right, solid, and the share that is answered, dotted, from each confidence on.

    found: of each run what `lines.coverage` gives, or None.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    for index, (name, each) in enumerate(zip(looks.names_of(runs), found, strict=True)):
        if not each or not len(each["thresholds"]):
            continue
        for what, title, dash in (("right", "right", "solid"), ("answered", "answered", "dot")):
            x, y = certainty.thinned(each["thresholds"], each[what])
            figure.add_scatter(
                x=x.round(5),
                y=y.round(5),
                mode="lines",
                name=f"{short(name, 20)}, {title}",
                meta=full(name),
                line={"color": looks.run_color(index), "width": 2, "dash": dash, "shape": "vh"},
                hovertemplate=f"%{{meta}}<br>%{{y:.1%}} {title} from a confidence of %{{x:.1%}} on<extra></extra>",
                showlegend=len(runs) <= 4,
            )
    looks.laid_out(figure, x="Answered only from this confidence on", y="Share of the answered, and of all items")
    if not figure.data:
        return looks.say_empty(figure, "No answers on test items")
    figure.add_scatter(
        x=[least, least], y=[0, 1.02], mode="lines", name="Slider", hoverinfo="skip",
        showlegend=False, line={"color": looks.GREY, "width": 2},
    )  # fmt: skip
    figure.update_xaxes(range=[-0.01, 1.03], tickformat=".0%", dtick=0.2, zeroline=False)
    figure.update_yaxes(range=[-0.01, 1.03], tickformat=".0%", dtick=0.2, zeroline=False)
    return figure


def coverage_rows(runs: Sequence[Mapping[str, Any]], found: Sequence[Any]) -> list[dict[str, Any]]:
    """The points that are drawn of the share right, at most some hundred a run."""
    rows = []
    for name, each in zip(looks.names_of(runs), found, strict=True):
        if each and len(each["thresholds"]):
            for at in np.unique(np.linspace(0, len(each["thresholds"]) - 1, 200).astype(int)).tolist():
                told = {title: float(each[key][at]) for key, title in (("answered", "Answered"), ("right", "Right"))}
                rows.append({"Run": name, "From a confidence of": float(each["thresholds"][at])} | told)
    return rows
