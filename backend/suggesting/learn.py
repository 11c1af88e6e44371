"""The app's side of learning: after labels were saved, have the assistant refit the head, a moment later.

Many labels within that moment, or while a refit runs, are one more refit. Nothing that goes wrong here reaches the
person who labels.
"""

import logging
import threading
import time

from backend import errors
from backend.jobs import ask
from db import projects
from db import suggestions as rows
from db.session import reading

log = logging.getLogger("winnow.learn")
WAIT_S = 0.7
# A refit that took long rests twice as long before the next: it shall not take the machine from who is labeling.
REST = 2
LONGEST_REST_S = 6.0
_lock = threading.Lock()
_changed: set[int] = set()
_watched: set[int] = set()


def labels_changed(project_id: int) -> None:
    """Say that labels of the project are others now. Returns at once."""
    with _lock:
        _changed.add(project_id)
        if project_id in _watched:
            return
        _watched.add(project_id)
    threading.Thread(target=_watch, args=(project_id,), name=f"winnow-learn-{project_id}", daemon=True).start()


def _watch(project_id: int) -> None:
    """Refit until nothing changed meanwhile."""
    rest_s = WAIT_S
    while True:
        time.sleep(rest_s)
        with _lock:
            if project_id not in _changed:
                _watched.discard(project_id)
                return
            _changed.discard(project_id)
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


def can_learn(project_id: int) -> bool:
    """Whether there are labels in two classes, or in one where an item may have several."""
    with reading() as session:
        project = projects.get(session, project_id)
        if project is None:
            return False
        class_ids = [each.id for each in projects.classes(session, project_id)]
        return len(rows.classes_with_labels(session, class_ids)) >= (1 if project.multi_label else 2)
