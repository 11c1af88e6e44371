"""The work of an embed job: every item's vector, computed once. What a killed job had computed stays.

Run: python -m backend.jobs.worker JOB_ID.
"""

from typing import Any

from backend.encoding import encode
from backend.jobs.progress import Handle
from db import items, projects
from db.session import reading

PAGE = 2_000


def run(handle: Handle) -> dict[str, Any]:
    from backend.suggesting import refit

    assert handle.project_id is not None
    encoder_id = handle.spec["encoder"]
    done = embed_all(handle, handle.project_id, encoder_id)
    # New items get suggestions now, not only after the next label.
    learned = refit.learn(handle.project_id, encoder_id)
    return {"items": done, "encoder": encoder_id, "set_id": learned["set_id"]}


def embed_all(handle: Handle, project_id: int, encoder_id: str) -> int:
    """See that every item of the project has its vector. Returns the number of items."""
    with reading() as session:
        total = projects.count_items(session, project_id)
    after = done = 0
    while True:
        with reading() as session:
            contents = items.contents(session, project_id, after, PAGE)
        if not contents:
            return done
        before, count = done, len(contents)

        def report(encoded: int, missing: int, before: int = before, count: int = count) -> None:
            handle.report(before + count - missing + encoded, max(total, before + count))

        encode.ensure(encoder_id, [(item.content_hash, item.text) for item in contents], report)
        after, done = contents[-1].id, done + count
