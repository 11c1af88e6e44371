"""The work of an inspection: look through the data in one way, and keep what was found.

Run: python -m backend.jobs.worker JOB_ID. What was found before stays until this one is whole.
"""

import importlib
from typing import Any

from backend import projects
from backend.jobs.progress import Handle
from db import inspections as rows
from db.models import Inspection
from db.session import reading, writing

# Each is called with the Handle and the project, and returns what it found, a JSON object.
WORK = {
    "label_errors": "backend.inspecting.label_errors:run",
    "learning_curve": "backend.inspecting.learning_curve:run",
    "map": "backend.inspecting.projecting:run",
}


def run(handle: Handle) -> dict[str, Any]:
    assert handle.project_id is not None
    kind = handle.spec["kind"]
    with reading() as session:
        project = projects.get(session, handle.project_id)
        upto = rows.newest_event(session, project.id)
    module_name, function_name = WORK[kind].split(":")
    result: dict[str, Any] = getattr(importlib.import_module(module_name), function_name)(handle, project)
    found = Inspection(
        project_id=project.id, kind=kind, job_id=handle.job_id, spec=handle.spec, result=result, upto_event=upto
    )
    with writing() as session:
        rows.add(session, found)
    return {"kind": kind, "inspection_id": found.id}
