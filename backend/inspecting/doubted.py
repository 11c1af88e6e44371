"""What was found to doubt, from what is thought of the labels: in numbers, and item by item.

Each is {"item_id", "kind": "label" | "outlier" | "duplicate", "given", "proposed": class ids, "score": 0 to 1, higher
where it is likelier wrong, "confidence": in what is proposed, "self_confidence": in what was given, "neighbours":
{"same", "proposed", "of"}: how many of so many items like it are labeled as it is, and as is proposed, "twin": the item
that it is a copy of}. confidence is None where nothing is proposed, twin where it is no copy.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.inspecting import confident, outliers
from backend.inspecting.judging_labels import Judged

# Of each kind so many are told, the likeliest: who has gone through them looks anew.
MOST = {"label": 1_400, "outlier": 300, "duplicate": 300}
MOST_OUTLIERS = 0.02
MOST_PAIRS = 200
# Neighbours that are told of.
TOLD = 10

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


def labels(judged: Judged, is_open: Flags) -> dict[str, Any]:
    """{"agreement", "counted_errors", "estimated_errors", "by_pair", "found"}: the labels that are likely wrong.

    is_open: (n,) False for an item whose label a person has confirmed.
    """
    rows = judged.rows[is_open[judged.rows]]
    return _of_several(judged, rows) if judged.multi_label else _of_one(judged, rows)


def _of_one(judged: Judged, rows: Rows) -> dict[str, Any]:
    scores, has = judged.part(rows)
    given = has.argmax(axis=1)
    joint = confident.confident_joint(scores, given)
    estimated = confident.calibrated(joint, np.bincount(given, minlength=len(judged.columns)))
    likeliest = scores.argmax(axis=1)
    class_ids = np.array(judged.seen.class_ids)[judged.columns]
    pairs = [
        {"given": int(class_ids[one]), "proposed": int(class_ids[other]), "count": round(float(estimated[one, other]))}
        for one, other in np.argwhere(estimated).tolist()
        if one != other
    ]
    found = []
    for place in _likeliest(judged, rows, likeliest != given, confident.wrong_in(estimated)):
        row, proposed = int(rows[place]), int(judged.columns[likeliest[place]])
        told = _told(judged, row, "label", [proposed], float(judged.scores[row, proposed]))
        found.append(told | _neighbours(judged, row, judged.has[:, given_column(judged, row)], judged.has[:, proposed]))
    return _figures(likeliest == given, confident.wrong_in(joint), confident.wrong_in(estimated), pairs, found)


def given_column(judged: Judged, row: int) -> int:
    return int(judged.has[row].argmax())


def _of_several(judged: Judged, rows: Rows) -> dict[str, Any]:
    scores, has = judged.part(rows)
    is_wrong = confident.wrong_answers(scores, has)
    is_doubted = np.asarray(is_wrong.any(axis=1))
    pairs = []
    for place, column in enumerate(judged.columns.tolist()):
        class_id = judged.seen.class_ids[column]
        too_many, missing = (int((is_wrong & which)[:, place].sum()) for which in (has, ~has))
        pairs.append({"given": class_id, "proposed": None, "count": too_many})
        pairs.append({"given": None, "proposed": class_id, "count": missing})
    agreed = confident.agreed(scores, has)
    found = []
    for place in _likeliest(judged, rows, is_doubted, is_doubted.sum()):
        row = int(rows[place])
        answers = judged.has[row].copy()
        answers[judged.columns] ^= is_wrong[place]
        # The answer that is doubted most speaks for all.
        worst = int(np.where(is_wrong[place], agreed[place], 2).argmin())
        told = _told(judged, row, "label", np.flatnonzero(answers).tolist(), float(1 - agreed[place, worst]))
        told["self_confidence"] = round(float(agreed[place, worst]), 4)
        column = judged.has[:, judged.columns[worst]]
        found.append(told | _neighbours(judged, row, column == column[row], column != column[row]))
    # Calibrated class by class the rare ones would be multiplied: what was counted is told.
    return _figures(~is_doubted, is_doubted.sum(), is_doubted.sum(), pairs, found)


def _likeliest(judged: Judged, rows: Rows, is_doubted: Flags, count: float) -> list[int]:
    """Places in `rows` of at most so many, the least sure first."""
    places = np.flatnonzero(is_doubted)
    order = np.argsort(judged.sure[rows[places]], kind="stable")
    chosen: list[int] = places[order][: min(MOST["label"], round(count))].tolist()
    return chosen


def _figures(
    agrees: Flags, counted: float, estimated: float, pairs: Sequence[dict[str, Any]], found: list[dict[str, Any]]
) -> dict[str, Any]:
    told = sorted((pair for pair in pairs if pair["count"]), key=lambda pair: -pair["count"])
    return {
        "agreement": round(float(agrees.mean()), 4) if len(agrees) else None,
        "counted_errors": round(counted),
        "estimated_errors": round(estimated),
        "by_pair": told[:MOST_PAIRS],
        "found": found,
    }


def unlike_all_others(judged: Judged, is_open: Flags) -> list[dict[str, Any]]:
    strange = np.where(is_open, outliers.strangeness(outliers.distances(judged.near)), 0)
    most = min(MOST["outlier"], math.ceil(MOST_OUTLIERS * len(strange)))
    rows = np.argsort(-strange, kind="stable")[:most]
    return [
        _told(judged, row, "outlier", [], None) | {"score": round(float(strange[row]), 4)}
        for row in rows[strange[rows] > 0.5].tolist()
    ]


def disagreeing_copies(judged: Judged, is_open: Flags) -> list[dict[str, Any]]:
    found = []
    for row, twin in outliers.disagreeing(judged.group_ids, judged.has, judged.sure):
        if is_open[row]:
            # What is thought of the one label against the other.
            score = float(judged.sure[twin] / max(judged.sure[row] + judged.sure[twin], 1e-9))
            proposed = np.flatnonzero(judged.has[twin]).tolist()
            told = _told(judged, row, "duplicate", proposed, score)
            found.append(told | {"score": round(score, 4), "twin": int(judged.seen.item_ids[twin])})
    return sorted(found, key=lambda each: -each["score"])[: MOST["duplicate"]]


def _told(judged: Judged, row: int, kind: str, proposed: Sequence[int], confidence: float | None) -> dict[str, Any]:
    """proposed: positions of classes."""
    return {
        "item_id": int(judged.seen.item_ids[row]),
        "kind": kind,
        "given": [judged.seen.class_ids[place] for place in judged.seen.targets[row]],
        "proposed": [judged.seen.class_ids[place] for place in proposed],
        "score": round(1 - float(judged.sure[row]), 4),
        "confidence": None if confidence is None else round(confidence, 4),
        "self_confidence": round(float(judged.sure[row]), 4),
        "neighbours": {"same": 0, "proposed": 0, "of": 0},
        "twin": None,
    }


def _neighbours(judged: Judged, row: int, same: Flags, proposed: Flags) -> dict[str, Any]:
    """same, proposed: (n,) which items are labeled so."""
    told = judged.near.rows[row][judged.counts[row]][:TOLD]
    return {"neighbours": {"same": int(same[told].sum()), "proposed": int(proposed[told].sum()), "of": len(told)}}
