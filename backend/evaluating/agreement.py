"""Where two runs agree on the test items that both answered, and where one is right and the other wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from backend import items
from backend.evaluating.answers import Told
from db import comparison as rows
from db import evaluations
from db import items as item_rows
from db.comparison import Answer
from db.models import Project
from db.session import Session

# Names of items in the answer of one comparison; the counts are always of all.
MOST_IDS = 2000


@dataclass(frozen=True)
class Way:
    """How to read a run's scores: their classes in order, and from which score on each is answered, where an item may
    have several."""

    class_ids: Sequence[int]
    thresholds: Sequence[float] | None

    def answered(self, answer: Answer) -> list[int]:
        """The classes that the run answered."""
        if self.thresholds is None:
            return [answer.class_id]
        scores = np.frombuffer(answer.scores, dtype=np.float32)
        found = zip(self.class_ids, scores, self.thresholds, strict=True)
        return sorted(class_id for class_id, score, least in found if score >= least)

    def is_right(self, answer: Answer) -> bool:
        return self.answered(answer) == sorted(answer.target_ids)


def between(
    first: Mapping[int, Answer], second: Mapping[int, Answer], right: tuple[set[int], set[int]]
) -> dict[str, Any]:
    """Compare two runs' answers by item id; `right` holds the items that each answered rightly.

    Items whose label was another one when the second run learned are counted as `relabeled` and left out.
    The most confident mistakes come first.
    """
    shared = [item_id for item_id in first if item_id in second]
    common = [each for each in shared if sorted(first[each].target_ids) == sorted(second[each].target_ids)]
    groups: dict[tuple[bool, bool], list[int]] = {key: [] for key in product((True, False), (True, False))}
    for item_id in common:
        groups[item_id in right[0], item_id in right[1]].append(item_id)

    return {
        "items": len(common),
        "relabeled": len(shared) - len(common),
        "both_right": len(groups[True, True]),
        "both_wrong": surest_first(groups[False, False], second),
        "fixed": surest_first(groups[False, True], first),
        "broken": surest_first(groups[True, False], second),
    }


def surest_first(item_ids: Iterable[int], answers: Mapping[int, Answer]) -> dict[str, Any]:
    ids = sorted(item_ids, key=lambda item_id: (-answers[item_id].confidence, item_id))
    return {"count": len(ids), "item_ids": ids[:MOST_IDS]}


def of_runs(project: Project, said: Sequence[Told]) -> tuple[dict[int, dict[str, Any]], list[dict[str, Any]]]:
    """The mistakes of each run, and the first run that has answers on test items against each other one.

    Returns ({run id: {"count", "item_ids"}}, [{"a", "b", …}]).
    """
    found = {each.run.id: each.answers for each in said if each.answers}
    ways = {each.run.id: Way(each.class_ids, each.thresholds if project.multi_label else None) for each in said}
    right = {run_id: {each for each in given if ways[run_id].is_right(given[each])} for run_id, given in found.items()}
    mistakes = {run_id: surest_first(set(given) - right[run_id], given) for run_id, given in found.items()}
    a, *others = found or [0]
    return mistakes, [{"a": a, "b": b} | between(found[a], found[b], (right[a], right[b])) for b in others]


def cards(
    session: Session, project: Project, runs: Sequence[Mapping[str, Any]], item_ids: Sequence[int]
) -> list[dict[str, Any]]:
    """What a person wants to see of items: the item, its true classes, and each run's answer.

    runs: as `comparison.compare` gives them. Returns {"id", "kind", "text", "image", "source", "target_ids", "answers":
    [{"run_id", "class_ids", "confidence", "is_right"}], "now": {"status", "class_ids", "over"}}: true is what the runs
    were judged by, now is how the item stands. Items deleted since are left out.
    """
    found = {run["id"]: _answers(session, run, item_ids) for run in runs}
    shown: list[dict[str, Any]] = []
    for item in items.as_json(session, project, item_rows.by_ids(session, item_ids)):
        given = [(run, found[run["id"]][item["id"]]) for run in runs if item["id"] in found[run["id"]]]
        if not given:
            continue
        shown.append(
            {name: item[name] for name in ("id", "kind", "text", "image", "source")}
            | {
                "target_ids": sorted(given[0][1].target_ids),
                "answers": [_shown(run, answer) for run, answer in given],
                "now": {name: item[name] for name in ("status", "class_ids", "over")},
            }
        )
    return shown


def _shown(run: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    class_ids = Way(run["class_ids"], run["thresholds"]).answered(answer)
    return {
        "run_id": run["id"],
        "class_ids": class_ids,
        "confidence": answer.confidence,
        "is_right": class_ids == sorted(answer.target_ids),
    }


def _answers(session: Session, run: Mapping[str, Any], item_ids: Sequence[int]) -> dict[int, Answer]:
    """By the labels that the comparison was made with."""
    if run["is_today"]:
        return evaluations.answers(session, run["id"], item_ids)
    return rows.answers(session, run["id"], item_ids=item_ids)
