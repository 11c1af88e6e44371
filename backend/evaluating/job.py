"""The work of judging finished runs by the labels of today, one after the other.

Run: python -m backend.jobs.worker JOB_ID. A killed job goes on with the run that it was at.
"""

from typing import Any

from backend import errors, projects
from backend.evaluating import today
from backend.jobs.progress import Handle
from db import comparison
from db.session import reading


def run(handle: Handle) -> dict[str, Any]:
    assert handle.project_id is not None
    run_ids: list[int] = handle.spec["run_ids"]
    done = set((handle.cursor or {}).get("done", []))
    with reading() as session:
        project = projects.get(session, handle.project_id)
    left_out: list[errors.WinnowError] = []
    for number, run_id in enumerate(run_ids, start=1):
        # Each in its turn: it may be deleted, or its thresholds moved, while the others are judged.
        with reading() as session:
            one = comparison.runs(session, [run_id]).get(run_id)
        if run_id in done or one is None:
            continue

        def report(at: int, total: int, name: str = one.name, number: int = number) -> None:
            handle.report(at, total, f"{name}, {number} of {len(run_ids)}")

        try:
            today.evaluate(project, one, report)
        except (errors.Conflict, errors.ModelNotHere, errors.BadFile) as error:
            left_out.append(error)
        done.add(run_id)
        handle.save_cursor({"done": sorted(done)})
    if left_out and len(left_out) == len(run_ids):
        raise left_out[0]
    return {"run_ids": run_ids, "left_out": [error.message for error in left_out]}
