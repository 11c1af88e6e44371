"""The work of a label job: a bulk label over more items than anybody should wait for.

Run: python -m backend.jobs.worker JOB_ID. Stopped or killed, it goes on where it was; one undo takes back what it did.
"""

from typing import Any

from backend.jobs.progress import Handle
from backend.labeling import bulk


def run(handle: Handle) -> dict[str, Any]:
    assert handle.project_id is not None
    spec = handle.spec
    done = bulk.label(
        handle.project_id,
        spec["annotator"],
        bulk.from_spec(spec),
        spec["event_id"],
        lambda had_turn: handle.report(had_turn, max(spec["total"], had_turn)),
    )
    return {"changed": done.changed, "left": done.left}
