"""Suggestion sets: begun, filled in small transactions, put to use when whole, and the oldest let go."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from backend import errors
from backend.models import catalogue
from backend.suggesting.protocol import Scores
from db import suggestions as rows
from db.models import LabelClass, Project, SuggestionSet, now
from db.session import Session, reading, writing

# A label must not wait: a transaction takes about so long, and begins with so many rows.
WRITE_S = 0.04
CHUNK = 2_000
LEAST, MOST = 500, 8_000
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
    revision: str | None = None,
) -> SuggestionSet:
    """A new, empty set. `revision` is the catalogue's unless the model is none of the catalogue."""
    new = SuggestionSet(
        project_id=project_id,
        engine=engine,
        model=model_id,
        revision=catalogue.revision_of(model_id) if revision is None else revision,
        prompts=prompts,
        class_ids=[each.id for each in classes],
        job_id=job_id,
    )
    with writing() as session:
        return rows.add_set(session, new)


def write(used: SuggestionSet, item_ids: Sequence[int], scores: Scores) -> None:
    """Store the scores of these items, (n, k) in the order of the set's classes. Raises NotFound when the set is gone.

    In transactions of about WRITE_S, as many rows as that holds on this machine now. The next rows are made between
    two of them, and meanwhile whoever waits to write comes first.
    """
    start, at_once = 0, CHUNK
    while start < len(item_ids):
        chunk = _rows(used, item_ids[start : start + at_once], scores[start : start + at_once])
        at_once = _next_count(at_once, _write(used, chunk))
        start += len(chunk)


def _write(used: SuggestionSet, chunk: Sequence[rows.Row]) -> float:
    """How long it took."""
    try:
        with writing() as session:
            started = time.monotonic()
            rows.save(session, used.id, chunk, may_be_there=used.finished_at is not None)
        return time.monotonic() - started
    except rows.Unfit:
        # Items deleted meanwhile, or a job that goes on where it had written more than it knew. To look first would
        # cost every write for what hardly ever happens.
        with writing() as session:
            started = time.monotonic()
            is_there = rows.save_what_fits(session, used.id, chunk)
    if not is_there:
        raise errors.NotFound("The suggestions were deleted while they were made.", "Make them again.")
    return time.monotonic() - started


def _next_count(count: int, took_s: float) -> int:
    """How many rows to write next, when the last transaction of `count` took so long."""
    return int(np.clip(count * min(WRITE_S / max(took_s, 1e-4), 2.0), LEAST, MOST))


def _rows(used: SuggestionSet, item_ids: Sequence[int], scores: Scores) -> list[rows.Row]:
    ranked = np.sort(scores, axis=1).astype(np.float64)
    second = ranked[:, -2] if ranked.shape[1] > 1 else np.zeros(len(ranked))
    packed, size = np.ascontiguousarray(scores, np.float32).tobytes(), 4 * scores.shape[1]
    return list(
        zip(
            item_ids,
            np.asarray(used.class_ids)[scores.argmax(1)].tolist(),
            ranked[:, -1].tolist(),
            (ranked[:, -1] - second).tolist(),
            [packed[at : at + size] for at in range(0, len(packed), size)],
            strict=True,
        )
    )


def finish(used: SuggestionSet, *, is_chosen: bool = True) -> None:
    """The set is whole: use it, and let go of the oldest. `is_chosen` is False when nobody asked for it by name."""
    put_to_use(used, is_chosen=is_chosen)
    prune(used.project_id)


def put_to_use(used: SuggestionSet, *, is_chosen: bool = True, instead_of: int | None = None) -> None:
    """instead_of: it is the same suggestions made anew, and used only if these are."""
    with writing() as session:
        the_set = rows.get_set(session, used.id)
        if the_set is None:
            raise errors.NotFound("The suggestions were deleted while they were made.", "Make them again.")
        the_set.finished_at = now()
        project = session.get_one(Project, used.project_id)
        is_wanted = is_chosen or not project.settings.get(PINNED)
        if instead_of == project.suggestion_set_id if instead_of is not None else is_wanted:
            project.suggestion_set_id = used.id
            # Somebody asked for a run by name: the learned head does not take its place with the next label.
            if is_chosen and used.engine in ("run", "head"):
                project.settings = {**project.settings, PINNED: used.engine == "run"}


def of_project(session: Session, project: Project, set_id: int) -> SuggestionSet:
    """The finished set of this project. Raises NotFound."""
    found = rows.get_set(session, set_id)
    if found is None or found.project_id != project.id or found.finished_at is None:
        raise errors.NotFound(
            f"There are no suggestions {set_id} in this project, or no longer.", "The Suggest page lists them."
        )
    return found


def activate(session: Session, project: Project, set_id: int) -> SuggestionSet:
    """Show this set on the pad. One that is not the learned head stays until the person chooses again."""
    found = of_project(session, project, set_id)
    project.suggestion_set_id = set_id
    project.settings = {**project.settings, PINNED: found.engine != "head"}
    session.flush()
    return found


def follow_labels(session: Session, project: Project) -> None:
    """Let the learned head take its place again, now if there is one."""
    project.settings = {**project.settings, PINNED: False}
    learned = rows.newest(session, project.id, "head")
    if learned is not None:
        project.suggestion_set_id = learned.id
    session.flush()


def prune(project_id: int) -> None:
    """Keep the newest sets, the newest of each engine, from which others start, and the one in use."""
    with reading() as session:
        found = rows.sets(session, project_id)
        in_use = session.get_one(Project, project_id).suggestion_set_id
    newest = {each.engine: each.id for each in reversed(found)}
    for old in found[KEPT:]:
        if old.id not in (in_use, *newest.values()):
            discard(old.id)


def discard(set_id: int) -> None:
    """Remove a set and what is in it, a little at a time. One that somebody has begun to use stays."""
    with writing() as session:
        the_set = rows.get_set(session, set_id)
        if the_set is None or session.get_one(Project, the_set.project_id).suggestion_set_id == set_id:
            return
        # From here on nobody can choose it, and whoever finds it unfinished removes the rest.
        the_set.finished_at = the_set.job_id = None
    asked = CHUNK
    while True:
        with writing() as session:
            started = time.monotonic()
            removed = rows.remove_some(session, set_id, asked)
        if removed < asked:
            break
        asked = _next_count(asked, time.monotonic() - started)
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
