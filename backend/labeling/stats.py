"""How far the labeling of a project is."""

from typing import Any

from db import decisions, projects
from db import stats as rows
from db.models import Project, Status
from db.session import Session

PACE_OF_LAST = 200
# Whoever looked at one item for longer had a coffee.
LONGEST_LOOK_S = 120.0


def progress(session: Session, project: Project) -> dict[str, int]:
    """{items, labeled, skipped, flagged, todo}"""
    counts = projects.status_counts(session, [project.id])[project.id]
    by_status = {status.value: counts.get(status, 0) for status in Status}
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
        "by_status": {status.value: counted[status] for status in Status},
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


def pace(session: Session, project: Project) -> float | None:
    """Decisions a minute of time in front of items, over the last ones; None before there are any."""
    looks = decisions.recent_seconds(session, project.id, PACE_OF_LAST)
    spent_s = sum(min(seconds, LONGEST_LOOK_S) for seconds in looks)
    return round(60 * len(looks) / spent_s, 1) if spent_s else None
