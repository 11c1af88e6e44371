"""What a person should know before believing a comparison."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from db import jobs
from db.models import RunState, Snapshot

# Below this an accuracy is off by ten points or more in one case of twenty.
FEW_ITEMS = 100


def about(
    runs: Sequence[Mapping[str, Any]],
    snapshots: Mapping[int, Snapshot],
    pairs: Sequence[Mapping[str, Any]],
    *,
    is_today: bool = False,
    outdated: Mapping[str, int] | None = None,
) -> list[dict[str, str]]:
    """[{"code", "message"}], the gravest first.

    is_today: by the labels of today. outdated: what has changed of the test items since, see `today.changed`.
    """
    found = [*_of_data(runs, snapshots, pairs, is_today=is_today), *(doubt for run in runs for doubt in _of_run(run))]
    if outdated:
        found.append({"code": "labels_outdated", "message": _since(outdated)})
    sizes = [n for run in runs if (n := (run["metrics"].get("test") or {}).get("n"))]
    if sizes and min(sizes) < FEW_ITEMS:
        # Half the 95 % interval of a share of one half, the widest (normal approximation of the binomial).
        points = 100 * 1.96 * 0.5 / math.sqrt(min(sizes))
        words = f"There are only {min(sizes)} test items: an accuracy of so few may be off by {points:.0f} points."
        found.append({"code": "few_test_items", "message": words})
    return found


def _since(outdated: Mapping[str, int]) -> str:
    """ "Of the test items, 3 have another label today, and 12 are new." """
    words = {"relabeled": ("has another label today", "have another label today"), "new": ("is new", "are new")}
    words["gone"] = ("is no longer labeled", "are no longer labeled")
    said = [f"{n:,} {words[what][n != 1]}" for what, n in outdated.items() if n]
    told = ", ".join(said[:-1]) + (" and " if len(said) > 1 else "") + said[-1]
    return f"Since these runs were judged, the test items have changed: {told}."


def _of_data(
    runs: Sequence[Mapping[str, Any]],
    snapshots: Mapping[int, Snapshot],
    pairs: Sequence[Mapping[str, Any]],
    *,
    is_today: bool,
) -> list[dict[str, str]]:
    used = [snapshots[run["snapshot_id"]] for run in runs if run["snapshot_id"] in snapshots]
    found = []
    if len({snapshot.fingerprint for snapshot in used}) > 1:
        common = f" {min(pair['items'] for pair in pairs)} test items are common to them." if pairs else ""
        words = "These runs learned from different labeled data"
        words += "." if is_today else f", so their figures are not of the same items.{common}"
        found.append({"code": "snapshots_differ", "message": words})
    class_sets = [{each["id"]: each["name"] for each in snapshot.classes} for snapshot in used]
    everywhere = set.intersection(*(set(each) for each in class_sets)) if class_sets else set()
    partly = {class_id: name for each in class_sets for class_id, name in each.items() if class_id not in everywhere}
    if partly:
        words = f"Not every run knows the same classes: {_several(list(partly.values()))} are not in all of them."
        found.append({"code": "classes_differ", "message": words})
    if relabeled := max((pair["relabeled"] for pair in pairs), default=0):
        words = f"{relabeled} test items were relabeled between the runs; they are left out item by item."
        found.append({"code": "labels_changed", "message": words})
    return found


def _of_run(run: Mapping[str, Any]) -> list[dict[str, str]]:
    if run["state"] == RunState.FAILED:
        why = (run["error"] or {}).get("message") or "The Train page says more."
        return [{"code": "run_failed", "message": f"{run['name']} failed: {why}"}]
    if run["state"] in jobs.ACTIVE:
        return [{"code": "run_unfinished", "message": f"{run['name']} is not finished; its figures may still change."}]
    if run["is_today"] and not run["metrics"].get("test"):
        words = f"{run['name']} was not judged by today's labels yet, so it has no figures here."
        return [{"code": "not_judged", "message": words}]
    if not run["metrics"].get("test"):
        return [{"code": "no_test_figures", "message": f"{run['name']} has no figures on test items."}]
    return []


def _several(names: Sequence[str], most: int = 5) -> str:
    quoted = [f'"{name}"' for name in names]
    return ", ".join(quoted[:most]) + (f" and {len(quoted) - most} more" if len(quoted) > most else "")
