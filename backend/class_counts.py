"""What a change of classes would touch, counted before it is made. Only reads."""

from db import class_changes as rows
from db.models import LabelClass, Project
from db.session import Session


def of_class(session: Session, project: Project, one: LabelClass) -> dict[str, int]:
    """{labels, to_do, gold, suggestions, runs}: items with the class, items that become to do, gold labels, items that
    it is suggested for, and runs that learned it."""
    set_id = project.suggestion_set_id
    return {
        "labels": rows.count_labels(session, one.id),
        "to_do": 0,
        "gold": rows.count_gold(session, one.id),
        "suggestions": rows.count_suggestions(session, set_id, one.id) if set_id is not None else 0,
        "runs": rows.count_runs(session, project.id, one.id),
    }


def of_merge(session: Session, project: Project, one: LabelClass, other: LabelClass) -> dict[str, int]:
    """As `of_class`; `both` are the items that have the other class as well."""
    both = rows.count_both(session, one.id, other.id) if project.multi_label else 0
    return {**of_class(session, project, one), "both": both}


def of_delete(session: Session, project: Project, one: LabelClass) -> dict[str, int]:
    """As `of_class`; `to_do` are the items that lose their only class."""
    found = of_class(session, project, one)
    to_do = 0 if project.multi_label else found["labels"] - rows.count_beside(session, project.id, one.id)
    return {**found, "to_do": to_do}


def of_split(session: Session, project: Project, one: LabelClass) -> dict[str, int]:
    """As `of_class`; `to_look_at` are its labeled items."""
    found = of_class(session, project, one)
    return {**found, "to_look_at": found["labels"] - rows.count_beside(session, project.id, one.id)}
