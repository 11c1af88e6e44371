"""Inspections: looks through the labeled data, each a job over cached vectors. Queued here, made in `job`.

label_errors      labels that are likely wrong, items unlike all others, near-duplicates with different labels
learning_curve    what more labels would bring
map               where the items lie, in two dimensions
"""

from typing import Any

from backend import errors, suggesting
from backend.jobs import control
from db import inspections as rows
from db.models import Inspection, Job, JobKind, Project
from db.session import Session

TITLES = {
    "label_errors": "Look for wrong labels",
    "learning_curve": "Forecast what more labels bring",
    "map": "Map the items",
}


def start(session: Session, project: Project, kind: str, **spec: Any) -> Job:
    """Queue one; the same one that waits or is at work is not queued twice. Raises Invalid for an unknown kind."""
    if kind not in TITLES:
        raise errors.Invalid(f'"{kind}" is no inspection.', f"Choose one of {', '.join(TITLES)}.")
    wanted = {"kind": kind, "encoder": suggesting.encoder_of(session, project)} | spec
    return control.add_once(session, JobKind.INSPECT, project.id, wanted, TITLES[kind])


def newest(session: Session, project: Project, kind: str) -> Inspection | None:
    """The newest finished one."""
    return rows.newest(session, project.id, kind)


def decided_since(session: Session, inspection: Inspection) -> int:
    """How many decisions came after it: it knows nothing of those."""
    return rows.events_since(session, inspection.project_id, inspection.upto_event)
