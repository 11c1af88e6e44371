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
        found = comparison.runs(session, run_ids)
    left_out: list[str] = []
    for number, run_id in enumerate(run_ids, start=1):
        if run_id in done or run_id not in found:
            continue
        one = found[run_id]

        def report(at: int, total: int, name: str = one.name, number: int = number) -> None:
            handle.report(at, total, f"{name}, {number} of {len(run_ids)}")

        try:
            today.evaluate(project, one, report)
        except errors.Conflict as error:
            left_out.append(error.message)
        done.add(run_id)
        handle.save_cursor({"done": sorted(done)})
    if left_out and len(left_out) == len(run_ids):
        raise errors.Conflict(left_out[0], "Train a new run.")
    return {"run_ids": run_ids, "left_out": left_out}
