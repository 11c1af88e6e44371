"""Where a run is worse than elsewhere: its accuracy on parts of the test items against the rest of them.

numpy only. With a hundred slices some look bad by luck. Each is therefore tested, and only so many are said to stand
out that at most one in twenty of them is expected to be luck (Benjamini & Hochberg 1995). They are put in order by how
much worse they are at the least, so that two items that are both wrong do not come first.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.evaluating import bootstrap, facets, significance
from backend.evaluating.answers import Answers
from backend.evaluating.intervals import wilson
from db.models import Project
from db.session import Session

MOST_MISTAKES = 200
# Of the slices that are said to stand out, this share may be luck.
FALSE_SHARE = 0.05


def of(session: Session, project: Project, answers: Answers) -> list[dict[str, Any]]:
    """The slices of one run's test items, worst first.

    Returns [{"by", "value", "items", "accuracy", "low", "high": its 95 % interval, "others": the accuracy of all other
    items, "difference": accuracy less others, "difference_low", "difference_high", "p": how likely so few right ones
    or fewer are by luck, "q": p for as many slices as there are, "stands_out", "mistakes": how many, "item_ids": of
    the mistakes, the surest first, at most 200}]. An item is right when all its classes are.
    """
    is_right, sure = answers.is_right(0), answers.confidence(0)
    logs = _log_factorials(len(answers))
    found = []
    for part in facets.of_items(session, project, answers):
        wrong = part.rows[~is_right[part.rows]]
        surest = wrong[np.argsort(-sure[wrong], kind="stable")][:MOST_MISTAKES]
        found.append(
            {"by": part.by, "value": part.value, "items": len(part.rows)}
            | _against_others(len(part.rows) - len(wrong), len(part.rows), int(is_right.sum()), logs)
            | {"mistakes": len(wrong), "item_ids": answers.item_ids[surest].tolist()}
        )
    _mark(found)
    return sorted(found, key=_worst_first)


def between(session: Session, project: Project, answers: Answers) -> list[dict[str, Any]]:
    """The slices of what two runs both answered, b being the second: where b loses most against a first.

    Returns [{"by", "value", "items", "a", "b": accuracies, "difference": b less a, "low", "high": its 95 % interval,
    "p": exact McNemar, "q", "stands_out", "item_ids": those that a alone has right, at most 200}].
    """
    a_right, b_right = answers.is_right(0), answers.is_right(1)
    found = []
    for part in facets.of_items(session, project, answers):
        a, b, items = a_right[part.rows], b_right[part.rows], len(part.rows)
        only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
        low, high = bootstrap.of_paired_shares(only_a, only_b, items)
        shares = {"a": float(a.mean()), "b": float(b.mean()), "difference": (only_b - only_a) / items}
        spans = {"low": low, "high": high, "p": significance.mcnemar(only_a, only_b)}
        lost = {"item_ids": answers.item_ids[part.rows[a & ~b][:MOST_MISTAKES]].tolist()}
        found.append({"by": part.by, "value": part.value, "items": items} | shares | spans | lost)
    _mark(found)
    return sorted(found, key=_most_lost_first)


def _against_others(right: int, items: int, all_right: int, logs: NDArray[np.float64]) -> dict[str, Any]:
    rest, rest_right = len(logs) - 1 - items, all_right - right
    accuracy, others = right / items, rest_right / rest
    (low, high), (others_low, others_high) = wilson(right, items), wilson(rest_right, rest)
    # Newcombe 1998, method 10: the interval of a difference of two shares from the intervals of both.
    below = sqrt((accuracy - low) ** 2 + (others_high - others) ** 2)
    above = sqrt((high - accuracy) ** 2 + (others - others_low) ** 2)
    difference = accuracy - others
    return {
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "others": others,
        "difference": difference,
        "difference_low": max(-1.0, difference - below),
        "difference_high": min(1.0, difference + above),
        "p": _so_few(right, items, all_right, logs),
    }


def _so_few(right: int, items: int, all_right: int, logs: NDArray[np.float64]) -> float:
    """How likely `right` or fewer are right of `items` drawn blindly: Fisher's exact test to one side."""
    n = len(logs) - 1
    least = max(0, items - (n - all_right))
    hits = np.arange(least, right + 1)
    misses = items - hits
    log_ways = logs[all_right] - logs[hits] - logs[all_right - hits]
    log_ways += logs[n - all_right] - logs[misses] - logs[n - all_right - misses]
    return min(1.0, float(np.exp(log_ways - (logs[n] - logs[items] - logs[n - items])).sum()))


def _log_factorials(n: int) -> NDArray[np.float64]:
    """log of 0!, 1!, …, n!."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1, dtype=np.float64)))])


def _mark(slices: list[dict[str, Any]]) -> None:
    """Write q and whether it stands out into each."""
    for each, q in zip(slices, _adjusted([each["p"] for each in slices]), strict=True):
        each.update(q=q, stands_out=q <= FALSE_SHARE)


def _adjusted(p: Sequence[float]) -> list[float]:
    """The smallest share of luck at which each would be said to stand out: Benjamini & Hochberg's step-up."""
    table = np.asarray(p, np.float64)
    order = np.argsort(table)[::-1]
    raised = table[order] * len(table) / np.arange(len(table), 0, -1)
    found = np.empty(len(table))
    found[order] = np.minimum(1.0, np.minimum.accumulate(raised))
    return [float(each) for each in found]


def _worst_first(each: dict[str, Any]) -> tuple[float, str, str]:
    return each["difference_high"], each["by"], each["value"]


def _most_lost_first(each: dict[str, Any]) -> tuple[float, str, str]:
    return each["high"], each["by"], each["value"]
