"""Measured accept: take over all suggestions above a confidence, once a person has seen how good they are.

The suggestions are frozen, 20 random ones are labeled blind, and from those answers follows what share of the rest to
expect right. The suggester learns on meanwhile; what is accepted is what was measured.
"""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import errors, projects
from backend.evaluating.intervals import of_share
from backend.labeling.checks import annotator_name
from db import acceptances as rows
from db import decisions, labels, suggestions
from db.labels import State
from db.models import Acceptance, Project, Status
from db.session import Session

SAMPLE = 20
# Of an item with several classes, each must be at least this sure to be one, or to be none.
LOWEST = 0.5


def sure_enough(session: Session, project: Project, confidence: float) -> NDArray[np.int64]:
    """(n, 2) item id and class id of the suggestions that are at least so sure, for items to do; sorted. Only reads.

    With several classes an item counts when each of its classes is that sure, one way or the other, and one is there.
    Raises Invalid when there are no suggestions or none is so sure, Conflict when the project is labeled blind.
    """
    if not LOWEST <= confidence <= 1:
        raise errors.Invalid(f"{confidence:.0%} is not a confidence to accept from.", "Choose 50 % to 100 %.")
    if projects.is_blind(project):
        raise errors.Conflict("This project is labeled blind.", "Show the suggestions first, on the Label page.")
    used = suggestions.get_set(session, project.suggestion_set_id) if project.suggestion_set_id else None
    if used is None:
        raise errors.Invalid("There are no suggestions to accept.", "Make suggestions first, on the Suggest page.")
    archived = labels.archived_classes(session, project.id)
    if project.multi_label:
        found = _clear(rows.scores_to_do(session, project.id, used.id), used.class_ids, confidence)
    else:
        found = np.array(rows.above(session, project.id, used.id, confidence), np.int64).reshape(-1, 2)
    usable = [class_id for class_id, is_archived in archived.items() if not is_archived]
    found = found[np.isin(found[:, 1], usable)]
    if not len(found):
        raise errors.Invalid(
            f"No item to do has a suggestion of {confidence:.0%} or more.", "Choose a lower confidence, or label more."
        )
    return found


def freeze(
    session: Session, project: Project, annotator: str, confidence: float, found: NDArray[np.int64]
) -> Acceptance:
    """Keep them and draw the sample. What the annotator had prepared before, and not accepted, is let go."""
    annotator_id = decisions.annotator(session, annotator_name(annotator))
    rows.remove_unused(session, project.id, annotator_id)
    # Sorted by item: the first row of each.
    item_ids = found[np.diff(found[:, 0], prepend=-1) != 0, 0].tolist()
    new = Acceptance(
        project_id=project.id,
        annotator_id=annotator_id,
        confidence=confidence,
        pairs=rows.pack(found),
        sample=random.sample(item_ids, min(SAMPLE, len(item_ids))),
    )
    return rows.add(session, new)


def _clear(scored: list[tuple[int, bytes]], class_ids: list[int], confidence: float) -> NDArray[np.int64]:
    if not scored:
        return np.empty((0, 2), np.int64)
    scores = np.frombuffer(b"".join(packed for _, packed in scored), np.float32).reshape(len(scored), -1)
    is_clear = np.maximum(scores, 1 - scores).min(1) >= confidence
    row, column = np.nonzero(np.logical_and(scores >= confidence, is_clear.reshape(-1, 1)))
    item_ids = np.array([item_id for item_id, _ in scored], np.int64)
    return np.stack([item_ids[row], np.array(class_ids, np.int64)[column]], 1)


def get(session: Session, project: Project, acceptance_id: int) -> Acceptance:
    found = rows.get(session, acceptance_id)
    if found is None or found.project_id != project.id:
        raise errors.NotFound(f"There is no acceptance {acceptance_id}.", "Begin again on the Label page.")
    return found


def measured(session: Session, project: Project, acceptance: Acceptance) -> dict[str, Any]:
    """{id, confidence, count, by_class, sample, to_ask, answers: {right, count, share, low, high}, wrong, is_accepted}.

    count: items that would be labeled, without those of the sample that were decided. to_ask: those of the sample
    without an answer; a skipped or flagged one is no answer and is not asked again. answers: how many of the sample a
    person labeled as was suggested, and the 95 % interval for all.
    """
    pairs = rows.pairs(session, acceptance.id)
    total = int(np.count_nonzero(np.diff(pairs[:, 0], prepend=-1)))
    counts = np.bincount(pairs[:, 1])
    states = labels.states(session, project.id, acceptance.sample)
    classes = labels.classes_now(session, project.id)
    suggested = {item_id: classes.now(rows.classes_of(pairs, item_id)) for item_id in acceptance.sample}
    answered = [item_id for item_id in acceptance.sample if _is_answered(states.get(item_id), acceptance)]
    wrong = [item_id for item_id in answered if states[item_id].class_ids != suggested[item_id]]
    decided = sum(1 for item_id in acceptance.sample if _is_decided(states, item_id))
    return {
        "id": acceptance.id,
        "confidence": acceptance.confidence,
        "count": total - decided,
        "by_class": {class_id: int(counts[class_id]) for class_id in np.flatnonzero(counts).tolist()},
        "sample": acceptance.sample,
        "to_ask": [item_id for item_id in acceptance.sample if not _is_decided(states, item_id)],
        "answers": of_share(len(answered) - len(wrong), len(answered)),
        "wrong": [
            {"item_id": item_id, "suggested": list(suggested[item_id]), "chosen": list(states[item_id].class_ids)}
            for item_id in wrong
        ],
        "is_accepted": acceptance.event_id is not None,
    }


def _is_answered(state: State | None, acceptance: Acceptance) -> bool:
    if state is None or state.status != Status.LABELED or state.decided_at is None:
        return False
    return state.decided_at >= acceptance.created_at


def _is_decided(states: Mapping[int, State], item_id: int) -> bool:
    return item_id not in states or states[item_id].status != Status.TODO
