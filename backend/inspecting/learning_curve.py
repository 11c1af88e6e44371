"""The work of the inspection "learning_curve": what the labels brought so far, and what more of them would bring.

The result is {"encoder", "items", "classes", "rounds", "seconds",
"points": [{"n", FIGURE, FIGURE_low, FIGURE_high}],
"fit": {FIGURE: {"level", "reach", "exponent", "curve": [{"n", "value", "low", "high"}]}},
"forecasts": [{"more", "n", FIGURE: {"value", "low", "high", "gain": {"value", "low", "high"}}}],
"by_class": [{"class_id", "name", "labels", "recall", "before"}]}, FIGURE being accuracy and f1_macro.
Every low and high is of a 95 % interval.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from backend import errors
from backend.inspecting import curves, enough, forecast, labeled
from backend.inspecting.curves import FIGURES, Curve, Data
from backend.inspecting.forecast import Law
from backend.inspecting.labeled import Seen
from backend.jobs.progress import Handle
from db.models import Project

# More change neither the fit nor its interval by anything that a person could see.
MOST_ITEMS = 20_000
MORE = (50, 100, 200, 500)
BAND_POINTS = 40


def run(handle: Handle, project: Project) -> dict[str, Any]:
    """Raises TooFewLabels."""
    started = time.monotonic()
    seen = labeled.load(handle, project, handle.spec["encoder"])
    check(seen, multi_label=project.multi_label)
    seen = some(seen)
    data = Data(seen.vectors, seen.targets, seen.group_ids, len(seen.class_ids), project.multi_label)

    def on_progress(done: int, total: int) -> None:
        handle.report(done, total, "Learning from parts of the labels.", unit="folds")

    curve = curves.measure(data, on_progress=on_progress)
    told = result(curve, seen)
    return {"encoder": handle.spec["encoder"], **told, "seconds": round(time.monotonic() - started, 1)}


def check(seen: Seen, *, multi_label: bool) -> None:
    if missing := enough.missing_of(len(seen), labels_of(seen), multi_label=multi_label):
        raise errors.TooFewLabels(missing, "Label more items on the Label page.")


def some(seen: Seen) -> Seen:
    """All of them, or as many as are enough, at random."""
    if len(seen) <= MOST_ITEMS:
        return seen
    return seen.taken(np.sort(np.random.default_rng(0).choice(len(seen), MOST_ITEMS, replace=False)))


def labels_of(seen: Seen) -> list[int]:
    """How many labels each class has."""
    every = [position for target in seen.targets for position in target]
    counts: list[int] = np.bincount(np.array(every, np.int64), minlength=len(seen.class_ids)).tolist()
    return counts


def result(curve: Curve, seen: Seen) -> dict[str, Any]:
    laws = {figure: forecast.fit(curve, figure) for figure in FIGURES}
    wanted = sorted({*MORE, curve.items})
    return {
        "items": curve.items,
        "classes": len(seen.class_ids),
        "rounds": curve.rounds,
        "points": points(curve),
        "fit": {figure: fit_as_json(law, curve) for figure, law in laws.items()},
        "forecasts": [forecast_as_json(laws, curve.items, more) for more in wanted],
        "by_class": by_class(curve, seen),
    }


def points(curve: Curve) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"n": n} for n in curve.sizes.tolist()]
    for figure in FIGURES:
        spread = 1.96 * np.sqrt(np.diag(curve.covariance(figure)) + curve.spread[figure] / curve.rounds)
        for point, value, off in zip(found, curve.measured(figure).tolist(), spread.tolist(), strict=True):
            point[figure] = round(value, 4)
            point[f"{figure}_low"] = round(max(0.0, value - off), 4)
            point[f"{figure}_high"] = round(min(1.0, value + off), 4)
    return found


def fit_as_json(law: Law, curve: Curve) -> dict[str, Any]:
    """The law at its middle, and its band over the sizes that were measured and as many labels again."""
    furthest = max(2 * curve.items, curve.items + max(MORE))
    sizes = np.unique(np.round(np.geomspace(curve.sizes[0], furthest, BAND_POINTS)).astype(int)).tolist()
    middle = {"level": law.level, "reach": law.reach, "exponent": law.exponent}
    return {
        **{name: round(float(np.median(values)), 4) for name, values in middle.items()},
        "curve": [{"n": n, **forecast.told(np.clip(law.curve(n), 0, 1))} for n in sizes],
    }


def forecast_as_json(laws: Mapping[str, Law], items: int, more: int) -> dict[str, Any]:
    n = items + more
    return {"more": more, "n": n} | {
        figure: forecast.told(law.values(n)) | {"gain": forecast.told(law.gains(n))} for figure, law in laws.items()
    }


def by_class(curve: Curve, seen: Seen) -> list[dict[str, Any]]:
    """The recall of each class with all labels and with half of them: those that gained most gain most again."""
    half = int(np.abs(curve.sizes - curve.sizes[-1] / 2).argmin())
    counts, now, then = labels_of(seen), curve.recalls[-1].tolist(), curve.recalls[half].tolist()
    found = [
        {"class_id": class_id, "name": name, "labels": n, "recall": round(after, 4), "before": round(before, 4)}
        for class_id, name, n, after, before in zip(seen.class_ids, seen.class_names, counts, now, then, strict=True)
        # A class without an item has no recall.
        if not np.isnan(after)
    ]
    return sorted(found, key=lambda each: (each["before"] - each["recall"], each["class_id"]))
