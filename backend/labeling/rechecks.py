"""Re-check: some of a person's own labels come back blind, and show how far that person agrees with themselves.

An answer is an event beside the label (`Action.CHECK`): it changes nothing, whatever it says.
"""

import random
from typing import Any

from backend import errors
from backend.evaluating.intervals import of_share
from backend.labeling.checks import annotator_name
from db import decisions, labels, rechecks
from db.models import Project, Status
from db.session import Session

SHARE = 0.03
MOST = 200


def pick(session: Session, project: Project, annotator: str, share: float = SHARE) -> list[int]:
    """Random items that the annotator labeled and has not checked since: a share of their labels, at least one.

    Raises Invalid for a share outside 0 to 1, and when there is nothing to check.
    """
    if not 0 < share <= 1:
        raise errors.Invalid(f"{share:.1%} is not a share of the labels.", "Choose more than 0 % and at most 100 %.")
    name = annotator_name(annotator)
    annotator_id = decisions.annotator_id(session, name)
    found = rechecks.labeled_by(session, project.id, annotator_id) if annotator_id is not None else []
    if annotator_id is None or not found:
        raise errors.Invalid(f"{name} has no labels here that could be checked.", "Label some items first.")
    checked = rechecks.checked_since(session, project.id, annotator_id)
    fresh = [item_id for item_id in found if item_id not in checked]
    if not fresh:
        raise errors.Invalid("Every label of yours was checked since you gave it.", "Label more, then check again.")
    return random.sample(fresh, min(len(fresh), MOST, max(1, round(share * len(found)))))


def agreement(session: Session, project: Project, annotator: str) -> dict[str, Any]:
    """{right, count, share, low, high, differing}: how often the annotator's second answer was the first one again.

    With the 95 % interval. differing: {item_id, first, second} of the newest 200 that were not, as class ids.
    """
    annotator_id = decisions.annotator_id(session, annotator_name(annotator))
    found = rechecks.answers(session, project.id, annotator_id) if annotator_id is not None else []
    found = [each for each in found if each.before["status"] == Status.LABELED]
    classes = labels.classes_now(session, project.id)
    answers = [(each.item_id, classes.now(each.before["class_ids"]), classes.now(each.class_ids)) for each in found]
    differing = [
        {"item_id": item_id, "first": list(first), "second": list(second)}
        for item_id, first, second in answers
        if first != second
    ]
    return of_share(len(found) - len(differing), len(found)) | {"differing": differing[:MOST]}
