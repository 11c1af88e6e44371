"""Suggestion sets: begun, filled in small transactions, put to use when whole, and the oldest let go."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backend import errors
from backend.models import catalogue
from backend.suggesting.protocol import Scores
from db import suggestions as rows
from db.models import LabelClass, Project, SuggestionSet, now
from db.session import Session, writing

# Rows in one transaction: a few milliseconds, for a label must not wait.
CHUNK = 500
KEPT = 5
# In the settings of a project whose person chose a set: the learned head then does not take its place.
PINNED = "suggestions_pinned"


def begin(
    project_id: int,
    engine: str,
    model_id: str,
    classes: Sequence[LabelClass],
    prompts: dict[str, Any],
    *,
    job_id: int | None = None,
) -> SuggestionSet:
    new = SuggestionSet(
        project_id=project_id,
        engine=engine,
        model=model_id,
        revision=catalogue.revision_of(model_id),
        prompts=prompts,
        class_ids=[each.id for each in classes],
        job_id=job_id,
    )
    with writing() as session:
        return rows.add_set(session, new)


def write(used: SuggestionSet, item_ids: Sequence[int], scores: Scores) -> None:
    """Store the scores of these items, (n, k) in the order of the set's classes."""
    best = scores.argmax(1)
    confidence = scores.max(1)
    second = np.sort(scores, axis=1)[:, -2] if scores.shape[1] > 1 else np.zeros(len(scores))
    for start in range(0, len(item_ids), CHUNK):
        chunk = [
            {
                "set_id": used.id,
                "item_id": item_ids[row],
                "class_id": used.class_ids[best[row]],
                "confidence": float(confidence[row]),
                "margin": float(confidence[row] - second[row]),
                "scores": scores[row].astype(np.float32).tobytes(),
            }
            for row in range(start, min(start + CHUNK, len(item_ids)))
        ]
        with writing() as session:
            rows.save(session, chunk)


def finish(used: SuggestionSet, *, is_chosen: bool = True) -> None:
    """The set is whole: use it, and let go of the oldest. `is_chosen` is False when nobody asked for it by name."""
    with writing() as session:
        the_set = rows.get_set(session, used.id)
        if the_set is None:
            raise errors.NotFound("The suggestions were deleted while they were made.", "Make them again.")
        the_set.finished_at = now()
        project = session.get_one(Project, used.project_id)
        if is_chosen or not project.settings.get(PINNED):
            project.suggestion_set_id = used.id
    prune(used.project_id)


def activate(session: Session, project: Project, set_id: int) -> SuggestionSet:
    """Show this set on the pad. One that is not the learned head stays until the person chooses again."""
    found = rows.get_set(session, set_id)
    if found is None or found.project_id != project.id or found.finished_at is None:
        raise errors.NotFound(f"There are no suggestions {set_id} in this project.", "Reload the page.")
    project.suggestion_set_id = set_id
    project.settings = {**project.settings, PINNED: found.engine != "head"}
    session.flush()
    return found


def prune(project_id: int) -> None:
    """Keep the newest sets and the one in use."""
    with writing() as session:
        found = rows.sets(session, project_id)
        in_use = session.get_one(Project, project_id).suggestion_set_id
    for old in found[KEPT:]:
        if old.id != in_use:
            discard(old.id)


def discard(set_id: int) -> None:
    """Remove a set and what is in it, a little at a time."""
    left = CHUNK
    while left == CHUNK:
        with writing() as session:
            left = rows.remove_some(session, set_id, CHUNK)
    with writing() as session:
        rows.remove_set(session, set_id)


def as_json(session: Session, project: Project, each: SuggestionSet) -> dict[str, Any]:
    count, confidence = rows.summary(session, each.id)
    return {
        "id": each.id,
        "engine": each.engine,
        "model": each.model,
        "revision": each.revision,
        "prompts": each.prompts,
        "class_ids": each.class_ids,
        "job_id": each.job_id,
        "items": count,
        "mean_confidence": None if confidence is None else round(confidence, 4),
        "is_active": each.id == project.suggestion_set_id,
        "created_at": each.created_at.isoformat(),
        "finished_at": each.finished_at.isoformat() if each.finished_at else None,
    }
