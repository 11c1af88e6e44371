"""How far the labeling of a project is."""

from datetime import datetime
from statistics import fmean, median
from time import monotonic
from typing import Any

from backend.labeling.checks import annotator_name
from db import decisions, projects
from db import stats as rows
from db.models import PRESENT, Project, Status
from db.session import Session

PACE_OF_LAST = 200
# Whoever looked at one item for longer had a coffee, unless most items take that long.
PAUSE_S = 30.0
PACE_FOR_S = 2.0
# Project, when that was made (ids come again in another home) and annotator -> when it was counted, items a minute.
_paces: dict[tuple[int, datetime, str], tuple[float, float | None]] = {}


def progress(session: Session, project: Project) -> dict[str, int]:
    """{items, labeled, skipped, flagged, todo}"""
    counts = projects.status_counts(session, [project.id])[project.id]
    by_status = {status.value: counts.get(status, 0) for status in PRESENT}
    return {"items": sum(by_status.values()), **by_status}


def of(session: Session, project: Project) -> dict[str, Any]:
    """Counts by status, class, split and annotator; how often suggestions were right; the pace of the last labels."""
    counted = progress(session, project)
    by_class = rows.labels_by_class(session, project.id)
    decided = rows.decided(session, project.id)
    names = decisions.annotator_names(session, [each.annotator_id for each in decided if each.annotator_id is not None])
    splits: dict[str, int] = {}
    annotators: dict[str, int] = {}
    for each in decided:
        if each.status == Status.LABELED and each.split is not None:
            splits[each.split] = splits.get(each.split, 0) + each.count
        if each.annotator_id is not None:
            name = names[each.annotator_id]
            annotators[name] = annotators.get(name, 0) + each.count
    agreements = decisions.agreements(session, project.id)
    compared = sum(agreements.values())
    return {
        **counted,
        "by_status": {status.value: counted[status] for status in PRESENT},
        "by_class": [
            {"class_id": each.id, "name": each.name, "count": by_class.get(each.id, 0)}
            for each in projects.classes(session, project.id)
        ],
        "by_split": splits,
        "by_annotator": annotators,
        "suggestions_seen": compared,
        "acceptance_rate": round(agreements.get(True, 0) / compared, 4) if compared else None,
        "labels_per_minute": pace(session, project),
    }


def pace(session: Session, project: Project, annotator: str | None = None) -> float | None:
    """Items a minute of time in front of them, over the last decisions, or those of one annotator.

    A look of more than 30 s is a pause and does not count, neither its time nor its item. Where most looks are that
    long it is the work that is slow: then it is the pace of the middle one. None before there are any.
    """
    annotator_id = decisions.annotator_id(session, annotator) if annotator is not None else None
    if annotator is not None and annotator_id is None:
        return None
    looks = decisions.recent_seconds(session, project.id, PACE_OF_LAST, annotator_id)
    quick = [seconds for seconds in looks if seconds <= PAUSE_S]
    if not looks:
        return None
    usual_s = fmean(quick) if 2 * len(quick) >= len(looks) else median(looks)
    return round(60 / usual_s, 1) if usual_s else None


def standing(session: Session, project: Project, annotator: str) -> dict[str, Any]:
    """{progress, pace}: what the pad shows after each change. The pace may be two seconds old."""
    counted = progress(session, project)
    return {"progress": counted, "pace": own_pace(session, project, annotator_name(annotator), counted["todo"])}


def own_pace(session: Session, project: Project, annotator: str, to_do: int) -> dict[str, float | None]:
    """{per_minute, left_s}: the annotator's pace, and how long the items to do take at it."""
    whose = (project.id, project.created_at, annotator)
    at, per_minute = _paces.get(whose, (0.0, None))
    if per_minute is None or monotonic() - at > PACE_FOR_S:
        per_minute = pace(session, project, annotator)
        _paces[whose] = (monotonic(), per_minute)
    return {"per_minute": per_minute, "left_s": round(60 * to_do / per_minute) if per_minute else None}
