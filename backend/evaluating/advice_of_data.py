"""Advice that follows from the labeled data: too few labels, uneven ones, copies, doubts, and what waits."""

from typing import Any

from backend.evaluating import forecast_charts
from backend.evaluating.advice_facts import Advice, Facts, number, quoted, to_label
from backend.projects import is_blind
from backend.training import readiness

# A class with ten times fewer labels than the largest is learned badly, unless it has this many all the same.
UNEVEN, ENOUGH = 10, 100
# So many items, or labels, from which on looking through them is worth a job.
MANY_ITEMS, MANY_LABELS = 50, 40
# What the next labels must bring to be worth it, as a share of one; and below what they bring nothing to speak of.
WORTH, FLAT = 0.01, 0.005
MORE = 100


def nothing_to_label(facts: Facts) -> list[Advice]:
    if not facts.by_status:
        words = "Nothing can be said about an empty project."
        return [Advice("no_items", "Add data", words, {"words": "Add data", "page": "data", "query": {}})]
    if not facts.counts:
        words = "There are no classes to choose from when labeling."
        return [
            Advice("no_classes", "Name the classes", words, {"words": "Name classes", "page": "classes", "query": {}})
        ]
    return []


def no_labels(facts: Facts) -> list[Advice]:
    if facts.labeled or not facts.counts or not facts.to_do:
        return []
    words = f"{number(facts.to_do, 'item')} wait. From the first labels on, models learn what you mean."
    return [Advice("no_labels", "Label the first items", words, to_label(facts, "Start labeling"))]


def few_labels(facts: Facts) -> list[Advice]:
    """Of classes that are too small to be trained at all."""
    short = sorted((n, each.position, each) for each, n in facts.counts.items() if n < readiness.MINIMUM)
    if not facts.labeled or not short:
        return []
    classes = [each for _, _, each in short]
    has = "has" if len(short) == 1 else "have"
    return [
        Advice(
            "few_labels",
            f"{quoted([each.name for each in classes])} {has} too few labels",
            f"Training needs at least {readiness.MINIMUM} labels in every class; with 20 or more it begins to be good.",
            to_label(facts, f"Label more of “{classes[0].name}”", classes[0]),
            {"classes": [{"class_id": each.id, "name": each.name, "labels": n} for n, _, each in short]},
        )
    ]


def imbalance(facts: Facts) -> list[Advice]:
    known = [(n, each.position, each) for each, n in facts.counts.items() if n >= readiness.MINIMUM]
    if len(known) < 2:
        return []
    (least, _, small), (most, _, large) = min(known, key=lambda each: each[:2]), max(known, key=lambda each: each[:2])
    if most < UNEVEN * least or least >= ENOUGH:
        return []
    return [
        Advice(
            "imbalance",
            f"“{small.name}” is rare among the labels",
            f"It has {number(least, 'label')}, “{large.name}” has {most:,}: {most / least:.0f} times as many. A model "
            "learns the large classes first, and a good accuracy may hide that it never finds a rare one.",
            to_label(facts, f"Label more of “{small.name}”", small),
            {"ratio": round(most / least, 1), "smallest": least, "largest": most},
        )
    ]


def across_splits(facts: Facts) -> list[Advice]:
    if not facts.straddling:
        return []
    lie = "group of near-duplicates lies" if facts.straddling == 1 else "groups of near-duplicates lie"
    return [
        Advice(
            "across_splits",
            "Near-duplicates lie in training and test at once",
            f"{facts.straddling:,} {lie} in several splits. Training leaves the copies out; runs from before they were "
            "found look better than they are.",
            {"words": "Look at the groups", "page": "data", "query": {}, "tab": "Near-duplicates"},
            {"groups": facts.straddling},
        )
    ]


def near_duplicates(facts: Facts) -> list[Advice]:
    items = sum(facts.by_status.values())
    if facts.looked_for_duplicates or items < MANY_ITEMS or not facts.labeled:
        return []
    return [
        Advice(
            "near_duplicates",
            "Look for near-duplicates",
            "Nobody has looked yet. Items that are nearly the same make a test look easier than it is, and can be "
            "labeled in one action.",
            {"words": "Find near-duplicates", "job": "near_duplicates"},
            {"items": items},
        )
    ]


def label_errors(facts: Facts) -> list[Advice]:
    if not facts.looked_for_errors:
        if facts.labeled < MANY_LABELS:
            return []
        words = "Nobody has looked for wrong labels yet. A few of them cost more accuracy than many new ones bring."
        action = {"words": "Look for wrong labels", "job": "label_errors"}
        return [Advice("label_errors_not_looked", "Look for wrong labels", words, action)]
    if not facts.doubted:
        return []
    return [
        Advice(
            "label_errors",
            f"{number(len(facts.doubted), 'label')} may be wrong",
            "They were found by models that did not learn from these items. Going through them is quick.",
            {"words": "Go through them", "page": "compare", "query": {"view": "errors"}},
            {"doubts": len(facts.doubted)},
        )
    ]


def more_labels(facts: Facts) -> list[Advice]:
    """By the forecast: whether more labels are worth it."""
    if facts.forecast is None:
        if facts.labeled < MANY_LABELS:
            return []
        words = "How much the next labels would bring can be measured on those that are there."
        todo = {"words": "Forecast", "job": "learning_curve"}
        return [Advice("no_forecast", "See what more labels would bring", words, todo)]
    found = next((each for each in facts.forecast.result.get("forecasts") or () if each["more"] == MORE), None)
    if found is None or not facts.to_do:
        return []
    gain = found[forecast_charts.figure_of(facts.project.multi_label)]["gain"]
    if gain["value"] >= WORTH and gain["low"] > 0:
        title, code = f"{MORE} more labels: about +{100 * gain['value']:.1f} points", "more_labels"
        words = "More labels still pay. Those that the suggestions are least sure of pay most."
        return [Advice(code, title, words, to_label(facts, "Label more"), {"gain": gain})]
    if gain["value"] >= FLAT or facts.best is None:
        return []
    words = (
        f"{MORE} more would bring about {100 * gain['value']:+.1f} points. Look at what is mistaken instead, and why."
    )
    query = {"view": "items", "runs": facts.best.run.id}
    action: dict[str, Any] = {"words": "Look at the mistakes", "page": "compare", "query": query}
    return [Advice("labels_are_enough", "More labels alone will hardly help", words, action, {"gain": gain})]


def waiting(facts: Facts) -> list[Advice]:
    found = []
    for code, item_ids, count in (
        ("flagged", facts.flagged, facts.by_status.get("flagged", 0)),
        ("skipped", facts.skipped, facts.by_status.get("skipped", 0)),
    ):
        if not count:
            continue
        is_or_are = "was" if count == 1 else "were"
        why = (
            "Somebody wanted to come back to them." if code == "flagged" else "They are in no run as long as they wait."
        )
        title = f"{number(count, 'item')} {is_or_are} {code}"
        action = {"words": "Go through them", "worklist": list(item_ids), "name": f"{code.capitalize()} items"}
        found.append(Advice(code, title, why, action, {"items": count}))
    return found


def no_suggestions(facts: Facts) -> list[Advice]:
    if facts.has_suggestions or not facts.to_do or len(facts.counts) < 2 or is_blind(facts.project):
        return []
    words = "With suggestions a label is one key, and the items that a model is unsure of can come first."
    action = {"words": "Make suggestions", "page": "suggest", "query": {}}
    return [Advice("no_suggestions", "Let a model suggest", words, action)]


def left_to_label(facts: Facts) -> list[Advice]:
    if not facts.to_do or facts.labeled < MANY_LABELS:
        return []
    order = "the least sure first" if facts.has_suggestions else "a mix of typical and random ones"
    are = "is" if facts.to_do == 1 else "are"
    title = f"{number(facts.to_do, 'item')} {are} left to label"
    words = f"Label {order}: each then teaches more than the next one in line."
    return [Advice("left_to_label", title, words, to_label(facts, "Label them"), {"items": facts.to_do})]
