"""Whether there are labels enough to forecast what more would bring."""

from collections.abc import Sequence

from backend.training import readiness
from db import projects, stats
from db.models import Project, Status
from db.session import Session

# Fewer say nothing of a curve; and where all but one class have fewer, accuracy is that of always answering this one.
LEAST_ITEMS, LEAST_OF_CLASS = 20, 8


def what_is_missing(session: Session, project: Project) -> str:
    """In words; empty when a forecast can be made."""
    labeled = projects.status_counts(session, [project.id])[project.id].get(Status.LABELED, 0)
    by_class = stats.labels_by_class(session, project.id)
    counts = [by_class.get(each.id, 0) for each in projects.classes(session, project.id)]
    return missing_of(labeled, counts, multi_label=project.multi_label)


def missing_of(labeled: int, counts: Sequence[int], *, multi_label: bool) -> str:
    """counts: the labels of each class."""
    if labeled < LEAST_ITEMS:
        there = "there is 1" if labeled == 1 else f"there are {labeled or 'none'}"
        return f"Too few labels for a forecast: it needs at least {LEAST_ITEMS} labeled items, and {there}."
    least = readiness.least_classes(multi_label=multi_label)
    ready = sum(n >= LEAST_OF_CLASS for n in counts)
    if ready < least:
        what = "class" if least == 1 else "classes"
        there = f"{ready or 'none'} {'has' if ready == 1 else 'have'}"
        return (
            f"Too few labels for a forecast: it needs {least} {what} with at least {LEAST_OF_CLASS} labels each, "
            f"and {there} that many."
        )
    return ""
