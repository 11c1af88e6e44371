"""What is suggested now for some items that are still to do, as a bulk label takes it: each with classes of its own."""

from array import array
from collections.abc import Sequence
from typing import Any

from backend import items
from db import labels, suggestions
from db.labels import batches
from db.models import Project, Status, Suggestion, SuggestionSet
from db.session import Session

# Where an item may have several classes, from this score on.
SURE_ENOUGH = 0.5


def of_items(session: Session, project: Project, item_ids: Sequence[int]) -> list[dict[str, Any]]:
    """[{"item_id", "class_ids", "suggested"}] of those that nobody has decided on and that have a suggestion, by id.

    Classes that are archived or gone are left out. Raises Invalid where the project is labeled blind.
    """
    items.refuse_hidden(project)
    used = items.shown_set(session, project)
    if used is None:
        return []
    usable = {each for each, is_archived in labels.archived_classes(session, project.id).items() if not is_archived}
    found: list[dict[str, Any]] = []
    for some in batches(sorted(set(item_ids))):
        states = labels.states(session, project.id, some)
        to_do = [each for each in some if each in states and states[each].status == Status.TODO]
        for item_id, guess in sorted(suggestions.of_items(session, used.id, to_do).items()):
            if class_ids := [each for each in _classes(project, used, guess) if each in usable]:
                seen = {"class_id": guess.class_id, "confidence": guess.confidence, "is_hidden": False}
                found.append({"item_id": item_id, "class_ids": class_ids, "suggested": seen})
    return found


def _classes(project: Project, used: SuggestionSet, guess: Suggestion) -> list[int]:
    if not project.multi_label:
        return [guess.class_id]
    return [each for each, score in zip(used.class_ids, array("f", guess.scores), strict=True) if score >= SURE_ENOUGH]
