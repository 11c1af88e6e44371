"""How far the scores of a run can be trusted, as curves: of one class, of the mean of all classes, or of all at once.

Runs on what `answers` gives; numpy only. The figures of one class are those of `ranking` and `calibration`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backend.evaluating import calibration, ranking
from backend.evaluating.answers import Answers

Floats = NDArray[np.float64]
# A class id, the mean over the classes, or every pair of an item and a class in one list.
Of = int | Literal["macro", "micro"]
# Where the mean of curves is taken, and columns of pixels that a chart can show.
GRID = np.linspace(0, 1, 201)
COLUMNS = 200
# With fewer answers in a bin its share says little.
FEW = 10
NEAR_ZERO = 0.1


@dataclass(frozen=True)
class Ranked:
    """roc: shares of false and of true positives, both rising. pr: recall, rising, and precision.

    average_precision and auc are the areas below them, classes how many are in it.
    """

    roc: tuple[Floats, Floats]
    pr: tuple[Floats, Floats]
    average_precision: float
    auc: float
    classes: int


def ranked(answers: Answers, place: int, of: Of) -> Ranked | None:
    """How well the scores of the run at this place put items of a class before the others.

    The mean of curves is taken at the same share of false positives, and at the same recall. None where no class has
    both items of its own and others.
    """
    truth, scores = answers.truth, answers.scores[place]
    if of == "micro":
        return _one(truth.ravel(), scores.ravel())
    if of != "macro":
        column = answers.class_ids.index(of) if of in answers.class_ids else None
        return None if column is None else _one(truth[:, column], scores[:, column])
    found = [one for column in range(truth.shape[1]) if (one := _one(truth[:, column], scores[:, column]))]
    if not found:
        return None
    true_positive = np.mean([np.interp(GRID, *_last_of_each(*one.roc)) for one in found], axis=0)
    # The mean of curves that start anywhere on the left edge starts in the corner.
    roc = np.append(0.0, GRID), np.append(0.0, true_positive)
    precision = np.mean([_at_recall(*one.pr) for one in found], axis=0)
    return Ranked(
        roc,
        (GRID, precision),
        float(np.mean([one.average_precision for one in found])),
        float(np.mean([one.auc for one in found])),
        len(found),
    )


def _one(truth: NDArray[np.bool_], scores: NDArray[np.float32]) -> Ranked | None:
    roc, pr = ranking.roc(truth, scores), ranking.precision_recall(truth, scores)
    if roc is None or pr is None:
        return None
    return Ranked(
        (roc["false_positive"], roc["true_positive"]),
        (pr["recall"][::-1], pr["precision"][::-1]),
        ranking.area_of_steps(pr),
        ranking.area_of_roc(roc),
        1,
    )


def _last_of_each(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Of points with the same x the last, which is the highest of a ROC curve."""
    is_last = np.append(x[1:] != x[:-1], True)
    return x[is_last], y[is_last]


def _at_recall(recall: Floats, precision: Floats) -> Floats:
    """(201,): the precision where each recall of the grid is first reached: the steps whose area is the AP."""
    # Without the first point, precision 1 of nothing found: it is there for a single curve to begin at.
    return precision[1:][np.searchsorted(recall[1:], GRID, side="left")]


def thinned(x: Floats, y: Floats, columns: int = COLUMNS) -> tuple[Floats, Floats]:
    """The same picture from fewer points: of each column of pixels the first, the last, the lowest and the highest.

    x: rising, from 0 to 1. After Jugel, Jerzak, Hackenbroich & Markl 2014, "M4: a visualization-oriented time series
    data aggregation", which draws the same pixels as all the points.
    """
    if len(x) <= 4 * columns:
        return x, y
    column = np.minimum((x * columns).astype(int), columns - 1)
    first = np.flatnonzero(np.append(True, column[1:] != column[:-1]))
    last = np.append(first[1:], len(x)) - 1
    by_height = np.lexsort((y, column))
    kept = np.unique(np.concatenate([first, last, by_height[first], by_height[last]]))
    return x[kept], y[kept]


def reliable(answers: Answers, place: int, class_id: int | None = None) -> dict[str, Any] | None:
    """What the run at this place said it was sure of, and what came true, as `calibration.reliability` gives it.

    Of its answers by their confidence; of every class of each item where an item may have several; of one class by its
    scores where one is named; None where the runs do not know it.
    """
    if class_id is not None and class_id not in answers.class_ids:
        return None
    if class_id is not None:
        column = answers.class_ids.index(class_id)
        return calibration.reliability(answers.scores[place][:, column], answers.truth[:, column])
    if answers.multi_label:
        return calibration.reliability(answers.scores[place].ravel(), answers.truth.ravel())
    return calibration.reliability(answers.confidence(place), answers.is_right(place))


def in_words(found: Mapping[str, Any], what: str = "answers") -> str:
    """ "Of the answers at about 90 % confidence, 78 % are right: this run is too sure of itself."

    Told of the bin that spoils the run's confidence most, if its interval shows that it does; else of the fullest.
    """
    bins = [each for each in found["bins"] if each["n"] >= FEW]
    # Scores near 0 are the many that say no: they are told of only where there is nothing else.
    bins = [each for each in bins if each["confidence"] > NEAR_ZERO] or bins
    if not bins:
        return f"There are too few {what} to tell how far its confidence can be trusted."
    off = [each for each in bins if not each["share_low"] <= each["confidence"] <= each["share_high"]]
    told = max(off or bins, key=lambda each: each["n"] * abs(each["confidence"] - each["share"]) if off else each["n"])
    verdict = "its confidence can be taken at its word"
    if off:
        is_too_sure = told["confidence"] > told["share"]
        verdict = "this run is too sure of itself" if is_too_sure else "this run is right more often than it says"
    return f"Of the {what} at about {told['confidence']:.0%} confidence, {told['share']:.0%} are right: {verdict}."


def summary_rows(
    names: Sequence[str], ranks: Sequence[Ranked | None], reliabilities: Sequence[Mapping[str, Any] | None]
) -> list[dict[str, Any]]:
    """A row a run: how well it ranks, and how far its confidence is off."""
    return [
        {
            "Run": name,
            "Average precision": rank.average_precision if rank else None,
            "Area under ROC": rank.auc if rank else None,
            "Calibration error (ECE)": found["ece"] if found else None,
        }
        for name, rank, found in zip(names, ranks, reliabilities, strict=True)
    ]


def answering(answers: Answers, place: int, least: float) -> dict[str, Any]:
    """What the run at this place does when it answers only from this confidence on.

    {"items", "answered", "right": of the answered, "left": to a person}, counts of items.
    """
    is_answered = answers.confidence(place) >= least
    answered, right = int(is_answered.sum()), int((answers.is_right(place) & is_answered).sum())
    return {"items": len(answers), "answered": answered, "right": right, "left": len(answers) - answered}


def sure_enough(covered: Mapping[str, Floats], share: float) -> tuple[float, float] | None:
    """The lowest confidence from which on this share is right, and the share of the items that is then answered.

    covered: as of `lines.coverage`. None when no confidence is enough.
    """
    enough = np.flatnonzero(covered["right"] >= share)
    if not len(enough):
        return None
    return float(covered["thresholds"][enough[0]]), float(covered["answered"][enough[0]])
