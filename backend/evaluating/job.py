"""The work of judging finished runs by the labels of today.

Run: python -m backend.jobs.worker JOB_ID.
"""

from typing import Any

from backend.jobs.progress import Handle


def run(handle: Handle) -> dict[str, Any]:
    raise NotImplementedError
