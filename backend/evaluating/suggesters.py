"""How good each suggester is, from what people decided with its suggestions at hand.

Each label keeps what was suggested, how surely, by whom, and whether the person could see it. Who sees a suggestion
tends to accept it (Parasuraman & Manzey 2010), so every figure comes twice, for labels with the suggestion shown and
for those without: where the first is much higher, people take over what they would not have chosen.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.evaluating.intervals import of_share
from db import suggesters as rows
from db.models import Project
from db.session import Session

# Who suggested: engine and model; neither is known of labels that an older version recorded.
Who = tuple[str | None, str | None]
# What was suggested, the classes that the person chose, and when.
Each = tuple[dict[str, Any], list[int], datetime]

# The newest labels that are looked at.
MOST = 10_000
BINS = 10
# Decisions in one point of the curve over time: the first that gives no more than MOST_POINTS.
BLOCKS = (20, 50, 100, 200, 500, 1_000)
MOST_POINTS = 40


@dataclass(frozen=True)
class Decisions:
    """Labels of one suggester, oldest first: the class that it said, how surely, whether it was right, and unseen."""

    class_ids: NDArray[np.int64]
    confidence: NDArray[np.float64]
    is_right: NDArray[np.bool_]
    is_hidden: NDArray[np.bool_]
    at: Sequence[datetime]

    def __len__(self) -> int:
        return len(self.class_ids)


def of(session: Session, project: Project, most: int = MOST) -> list[dict[str, Any]]:
    """Every suggester that anybody decided on, the one with most decisions first.

    {"engine", "model", "set_ids", "decisions", "shown", "blind", "by_class", "over_time", "reliability"}. Shares are
    as `intervals.of_share` gives them, with their 95 % interval. Engine and model are None for labels of a version that
    did not keep them.
    """
    found = [_of_suggester(who, said) for who, said in _by_suggester(rows.decided(session, project.id, most)).items()]
    return sorted(found, key=lambda each: -each["decisions"])


def _by_suggester(decided: Sequence[rows.Decided]) -> dict[Who, list[Each]]:
    # One text for all: half the time of reading each by itself.
    suggested = json.loads(f"[{','.join(each.suggested for each in decided)}]")
    chosen = json.loads(f"[{','.join(each.class_ids for each in decided)}]")
    found: dict[Who, list[Each]] = {}
    for said, class_ids, one in zip(suggested, chosen, decided, strict=True):
        who = (said.get("engine"), said.get("model"))
        found.setdefault(who, []).append((said, class_ids, one.created_at))
    return found


def _of_suggester(who: Who, newest_first: Sequence[Each]) -> dict[str, Any]:
    oldest_first = newest_first[::-1]
    decided = Decisions(
        np.array([said["class_id"] for said, _, _ in oldest_first], np.int64),
        np.array([said["confidence"] for said, _, _ in oldest_first], np.float64),
        np.array([said["class_id"] in class_ids for said, class_ids, _ in oldest_first], bool),
        np.array([bool(said["is_hidden"]) for said, _, _ in oldest_first], bool),
        [at for _, _, at in oldest_first],
    )
    return {
        "engine": who[0],
        "model": who[1],
        "set_ids": sorted({said["set_id"] for said, _, _ in oldest_first if "set_id" in said}),
        "decisions": len(decided),
        **_shown_and_blind(decided.is_right, decided.is_hidden),
        "by_class": by_class(decided),
        "over_time": over_time(decided),
        "reliability": {
            "shown": reliability(decided.confidence[~decided.is_hidden], decided.is_right[~decided.is_hidden]),
            "blind": reliability(decided.confidence[decided.is_hidden], decided.is_right[decided.is_hidden]),
        },
    }


def _shown_and_blind(is_right: NDArray[np.bool_], is_hidden: NDArray[np.bool_]) -> dict[str, Any]:
    shown, blind = is_right[~is_hidden], is_right[is_hidden]
    return {"shown": of_share(int(shown.sum()), len(shown)), "blind": of_share(int(blind.sum()), len(blind))}


def by_class(decided: Decisions) -> list[dict[str, Any]]:
    """Of each class that was suggested, how often it was right: {"class_id", "shown", "blind"}, by class id."""
    class_ids, column = np.unique(decided.class_ids, return_inverse=True)
    counts = np.zeros((2, 2, len(class_ids)), np.int64)
    np.add.at(counts, (decided.is_hidden.astype(int), decided.is_right.astype(int), column), 1)
    return [
        {"class_id": class_id, "shown": _share(counts[0, :, row]), "blind": _share(counts[1, :, row])}
        for row, class_id in enumerate(class_ids.tolist())
    ]


def _share(counts: NDArray[np.int64]) -> dict[str, Any]:
    """counts: wrong and right."""
    return of_share(int(counts[1]), int(counts.sum()))


def over_time(decided: Decisions) -> list[dict[str, Any]]:
    """In blocks of equally many decisions: {"first", "last", "from", "until", "shown", "blind"}, numbers from 1."""
    size = next((block for block in BLOCKS if len(decided) <= block * MOST_POINTS), BLOCKS[-1])
    found = []
    for start in range(0, len(decided), size):
        part = slice(start, min(start + size, len(decided)))
        found.append({
            "first": part.start + 1,
            "last": part.stop,
            "from": decided.at[part.start].isoformat(),
            "until": decided.at[part.stop - 1].isoformat(),
            **_shown_and_blind(decided.is_right[part], decided.is_hidden[part]),
        })  # fmt: skip
    return found


def reliability(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> dict[str, Any]:
    """{"count", "ece", "bins": [{"low", "high", "confidence", "right", "count", "share", …}]}; empty bins are missing.

    A bin's mean confidence against the share that was right, and the expected calibration error: their distance,
    weighted by the counts (Guo et al. 2017). None when nothing was decided.
    """
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    right = np.bincount(place, is_right, BINS)
    sure = np.bincount(place, confidence, BINS)
    bins = [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "confidence": round(float(sure[number] / counts[number]), 4),
            **of_share(int(right[number]), int(counts[number])),
        }
        for number in np.flatnonzero(counts).tolist()
    ]
    ece = float(np.abs(sure - right).sum() / len(confidence)) if len(confidence) else None
    return {"count": len(confidence), "ece": None if ece is None else round(ece, 4), "bins": bins}
