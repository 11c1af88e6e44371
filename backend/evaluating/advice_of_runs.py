"""Advice that follows from the best run: what it mistakes, whether its figures can be believed, whether it is dated."""

from math import sqrt
from typing import Any

import numpy as np

from backend.evaluating.advice_facts import Advice, Facts, Judged, number, to_label
from backend.evaluating.calibration import reliability
from backend.evaluating.doubts import FEW_ITEMS
from backend.evaluating.intervals import Z_95
from backend.training import readiness

# A run is dated by so many decisions, or by this share of what it learned from.
DATED, DATED_SHARE = 20, 0.1
# Two classes are confused when so many test items of theirs are, and this share of them.
CONFUSED, CONFUSED_SHARE, MOST_PAIRS = 3, 0.1, 2
# Expected calibration error from which on a confidence misleads, seen on so many answers.
MISCALIBRATED, ANSWERS = 0.1, 100
# How much above its lowest the last validation loss is when a training went on for too long.
RISEN, POINTS = 1.15, 3


def no_run(facts: Facts) -> list[Advice]:
    enough = [each for each, n in facts.counts.items() if n >= readiness.MINIMUM]
    least = readiness.least_classes(multi_label=facts.project.multi_label)
    if facts.has_any_run or len(enough) < least:
        return []
    words = "There are labels enough for a first one. A head on frozen vectors takes seconds, and shows what is hard."
    return [Advice("no_run", "Train a first model", words, {"words": "Train a model", "page": "train", "query": {}})]


def below_baseline(facts: Facts) -> list[Advice]:
    best = facts.best
    known = (best.snapshot.baselines if best and best.snapshot else {}).get("logistic_regression", {}).get("test") or {}
    if best is None or known.get("f1_macro") is None or best.test.get("f1_macro") is None:
        return []
    own, other = best.test["f1_macro"], known["f1_macro"]
    if own > other or best.run.spec.get("method") == "head":
        return []
    words = (
        f"Its macro-F1 on the test items is {own:.1%}, that of logistic regression on frozen vectors {other:.1%}. With "
        "so few labels a head on frozen vectors is the better and quicker choice; more labels change that."
    )
    action = {"words": "Train a head", "page": "train", "query": {}}
    title = f"“{best.name}” does not beat the baseline"
    return [Advice("below_baseline", title, words, action, {"run": own, "baseline": other})]


def outdated(facts: Facts) -> list[Advice]:
    best = facts.best
    if best is None or best.decided_since < max(DATED, DATED_SHARE * learned_from(best)):
        return []
    words = f"{number(best.decided_since, 'decision')} came since “{best.name}” learned. It does not know of that yet."
    action = {"words": "Train again", "page": "train", "query": {"clone": best.run.id}}
    return [Advice("outdated", "Train again with the new labels", words, action, {"decisions": best.decided_since})]


def learned_from(best: Judged) -> int:
    """Labels of its snapshot."""
    counts = best.snapshot.counts if best.snapshot else {}
    return sum(sum(of_split.values()) for of_split in counts.values() if isinstance(of_split, dict))


def confused(facts: Facts) -> list[Advice]:
    best = facts.best
    if best is None or best.snapshot is None or not best.test.get("confusion"):
        return []
    names = {each["id"]: each["name"] for each in best.snapshot.classes}
    found = [pair_advice(best, pair, names) for pair in pairs_of(best.test["confusion"], list(names))]
    # Only the first answers are read: of a large test set none of them may be of a pair.
    return [each for each in found if each.action["worklist"]][:MOST_PAIRS]


def pairs_of(confusion: Any, class_ids: list[int]) -> list[tuple[int, int, int, int]]:
    """(class id, class id, items taken for the other one, items of both), the most often confused first."""
    table = np.asarray(confusion)
    both = table + table.T
    of_class = table.sum(axis=1)
    pairs = []
    for one, other in zip(*np.triu_indices(len(table), 1), strict=True):
        mistaken, items = int(both[one, other]), int(of_class[one] + of_class[other])
        if mistaken >= max(CONFUSED, CONFUSED_SHARE * items):
            pairs.append((class_ids[one], class_ids[other], mistaken, items))
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def pair_advice(best: Judged, pair: tuple[int, int, int, int], names: dict[int, str]) -> Advice:
    one, other, mistaken, items = pair
    item_ids = [
        each.item_id
        for each in best.answers
        if {each.class_id, *each.target_ids} == {one, other} and each.class_id not in each.target_ids
    ]
    first, second = names[one], names[other]
    return Advice(
        "confused",
        f"“{first}” and “{second}” are taken for each other",
        f"By “{best.name}”, on {mistaken} of the {items} test items of the two. See whether their labels are right and "
        "where the line between them is; then label more that lie near it.",
        {"words": f"Go through the {len(item_ids)}", "worklist": item_ids, "name": f"{first} or {second}"},
        {"class_ids": [one, other], "mistaken": mistaken, "items": items},
    )


def few_test_items(facts: Facts) -> list[Advice]:
    n = facts.best.test.get("n") if facts.best else None
    if not n or n >= FEW_ITEMS:
        return []
    # Of a share of one half, the widest (normal approximation of the binomial).
    points = 100 * Z_95 * 0.5 / sqrt(n)
    words = (
        f"With {number(n, 'test item')} an accuracy may be off by {points:.0f} points either way, and most differences "
        "between runs are chance. About one in seven new labels goes to the test."
    )
    figures = {"items": n, "points": round(points, 1)}
    return [Advice("few_test_items", "The test is too small to tell", words, to_label(facts, "Label more"), figures)]


def overfitting(facts: Facts) -> list[Advice]:
    losses = facts.best.losses if facts.best else ()
    if facts.best is None or len(losses) < POINTS:
        return []
    (at, lowest), (_, last) = min(losses, key=lambda point: point[1]), losses[-1]
    if lowest <= 0 or last < RISEN * lowest:
        return []
    words = (
        f"The loss of “{facts.best.name}” on the validation items was lowest ({lowest:.2f}) after {at:.1f} epochs and "
        f"rose to {last:.2f}: from there on it learned the training items by heart. Train for fewer epochs, or with "
        "augmentation."
    )
    action = {"words": "Train with other settings", "page": "train", "query": {"clone": facts.best.run.id}}
    figures = {"lowest": lowest, "last": last, "epoch": at}
    return [Advice("overfitting", "The training went on for too long", words, action, figures)]


def calibration(facts: Facts) -> list[Advice]:
    best = facts.best
    if best is None or facts.project.multi_label or len(best.answers) < ANSWERS:
        return []
    is_right = [[each.class_id] == list(each.target_ids) for each in best.answers]
    said = [each.confidence for each in best.answers]
    error = reliability(said, is_right)["ece"]
    if error is None or error <= MISCALIBRATED:
        return []
    more = "surer than it is right" if np.mean(said) > np.mean(is_right) else "right more often than it is sure"
    words = (
        f"“{best.name}” is {more}: by {100 * error:.0f} points on average. Do not accept suggestions by their "
        "confidence alone."
    )
    action = {"words": "See how sure it is", "page": "compare", "query": {"view": "certainty", "runs": best.run.id}}
    return [Advice("calibration", "Its confidence is misleading", words, action, {"ece": round(error, 4)})]
