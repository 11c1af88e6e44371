"""The app's side of learning: after labels were saved, have the assistant refit the head, a moment later; after classes
or their words changed, have it score anew, and then refit.

Many changes within that moment, or while the assistant works, are one more turn. Nothing that goes wrong here reaches
the person who labels.
"""

import logging
import threading
import time
from collections.abc import Callable

from backend import errors, suggesting
from backend.jobs import ask
from backend.suggesting import stale
from db import projects
from db import suggestions as rows
from db.session import reading, writing

log = logging.getLogger("winnow.learn")
WAIT_S = 0.7
# A refit that took long rests twice as long before the next: it shall not take the machine from who is labeling.
REST = 2
LONGEST_REST_S = 6.0
# Somebody who names a class waits for its suggestions; a script that adds ten needs no ten turns.
WAIT_FOR_CLASSES_S = 0.05
# How often an assistant that ended is asked again.
TRIES = 3
_lock = threading.Lock()
_changed: set[int] = set()
_watched: set[int] = set()
_classes_changed: set[int] = set()
_classes_watched: set[int] = set()
_has_new_templates: set[int] = set()


def labels_changed(project_id: int) -> None:
    """Say that labels of the project are others now. Returns at once."""
    _say(project_id, _changed, _watched, _watch)


def classes_changed(project_id: int, *, has_new_templates: bool = False) -> None:
    """Say that the project's classes are others now, or the words that stand for them. Returns at once."""
    if has_new_templates:
        with _lock:
            _has_new_templates.add(project_id)
    _say(project_id, _classes_changed, _classes_watched, _watch_classes)


def catch_up() -> None:
    """At the start of the app: score anew what was changed just before it ended."""
    with reading() as session:
        for project in projects.page(session, None, 10_000):
            try:
                is_stale = stale.newest(session, project) is not None
            except errors.WinnowError as error:
                # A model that is gone since.
                log.warning("project %s: not scored anew: %s", project.id, error.message)
                continue
            if is_stale:
                classes_changed(project.id)


def _say(project_id: int, changed: set[int], watched: set[int], watch: Callable[[int], None]) -> None:
    with _lock:
        changed.add(project_id)
        if project_id in watched:
            return
        watched.add(project_id)
    threading.Thread(target=watch, args=(project_id,), name=f"winnow-learn-{project_id}", daemon=True).start()


def _is_still(project_id: int, changed: set[int], watched: set[int]) -> bool:
    """Whether nothing changed since the last turn: then nobody watches any more."""
    with _lock:
        if project_id not in changed:
            watched.discard(project_id)
            return True
        changed.discard(project_id)
        return False


def _watch(project_id: int) -> None:
    """Refit until nothing changed meanwhile."""
    rest_s = WAIT_S
    while True:
        time.sleep(rest_s)
        if _is_still(project_id, _changed, _watched):
            return
        started = time.monotonic()
        try:
            if can_learn(project_id) and ask.now("refit", timeout_s=300, project_id=project_id)["left"]:
                with _lock:
                    _changed.add(project_id)
        except errors.WinnowError as error:
            log.warning("project %s: no refit: %s", project_id, error.message)
        except Exception:
            log.exception("project %s: no refit", project_id)
        rest_s = min(max(WAIT_S, REST * (time.monotonic() - started)), LONGEST_REST_S)


def _watch_classes(project_id: int) -> None:
    """Score anew until nothing changed meanwhile, and have the head learn from it."""
    while True:
        time.sleep(WAIT_FOR_CLASSES_S)
        if _is_still(project_id, _classes_changed, _classes_watched):
            return
        with _lock:
            has_new_templates = project_id in _has_new_templates
            _has_new_templates.discard(project_id)
        try:
            _rescore(project_id, has_new_templates=has_new_templates)
        except errors.WinnowError as error:
            log.warning("project %s: not scored anew: %s", project_id, error.message)
            if has_new_templates:
                # The next change takes them along.
                with _lock:
                    _has_new_templates.add(project_id)
        except Exception:
            log.exception("project %s: not scored anew", project_id)
        labels_changed(project_id)


def _rescore(project_id: int, *, has_new_templates: bool) -> None:
    """In the assistant; what only a job can do is queued. An assistant that ended is asked again: it starts anew."""
    for tries_left in reversed(range(TRIES)):
        try:
            done = ask.now("rescore", timeout_s=300, project_id=project_id, has_new_templates=has_new_templates)
            break
        except errors.WinnowError as error:
            if error.code != errors.Unavailable.code or not tries_left:
                raise
    if done["set_id"] is not None:
        ask.later("tidy", project_id=project_id)
    if wanted := done["job"]:
        with writing() as session:
            found = projects.get(session, project_id)
            if found is not None:
                suggesting.start(session, found, "zero_shot", **wanted)


def can_learn(project_id: int) -> bool:
    """Whether there are labels in two classes, or in one where an item may have several."""
    with reading() as session:
        project = projects.get(session, project_id)
        if project is None:
            return False
        class_ids = [each.id for each in projects.classes(session, project_id)]
        return len(rows.classes_with_labels(session, class_ids)) >= (1 if project.multi_label else 2)
