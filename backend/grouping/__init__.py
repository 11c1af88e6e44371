"""Near-duplicates: items that are nearly the same are one group, found by a job, and labeled in one action.

The first of a group is its centre: every member is like the first, so that no chain of small changes makes one giant
group. Members that somebody took out stay out.
"""

from typing import Any

from backend import errors
from backend.jobs import control
from db import groups as rows
from db.models import Job, JobKind, Project
from db.session import Session

LIKENESS = ("strict", "usual", "loose")
# In a project's settings: pairs of contents, each the start of its hash, that somebody said are not the same.
APART = "not_the_same"
HASH_LETTERS = 16


def start(session: Session, project: Project, likeness: str | None = None) -> Job:
    """Queue the search; it goes on with what is new. Another likeness than the last time looks at everything again.

    likeness: one of LIKENESS; None for that of the last time. Raises Invalid on any other.
    """
    likeness = likeness or used(session, project.id)
    if likeness not in LIKENESS:
        raise errors.Invalid(f'"{likeness}" is not a likeness.', f"Choose one of {', '.join(LIKENESS)}.")
    return control.add_once(session, JobKind.GROUP, project.id, {"likeness": likeness}, "Find near-duplicates")


def used(session: Session, project_id: int) -> str:
    """The likeness of the last search, "usual" before the first."""
    job = rows.last_done(session, project_id)
    return str(job.spec["likeness"]) if job else "usual"


def take_out(session: Session, project: Project, group_id: int, item_id: int) -> dict[str, Any]:
    """Take an item out of its group for good: asked again, it is not put back. Returns {group_id, left}.

    A group of one is none. Raises NotFound when the item is not in the group.
    """
    members = rows.member_ids(session, project.id, group_id)
    if item_id not in members:
        raise errors.NotFound(f"Item {item_id} is not in group {group_id}.", "Reload the page: the group has changed.")
    left = [each for each in members if each != item_id]
    hashes = {each: found.hex()[:HASH_LETTERS] for each, found in rows.hashes(session, [item_id, *left]).items()}
    said = project.settings.get(APART, [])
    new = [sorted((hashes[item_id], hashes[each])) for each in left if each in hashes]
    project.settings = project.settings | {APART: [*said, *(pair for pair in new if pair not in said)]}
    # The group is named by its smallest item.
    group = left[0] if len(left) > 1 else None
    rows.put(session, {item_id: None, **dict.fromkeys(left, group)})
    session.flush()
    return {"group_id": group, "left": len(left) if group else 0}


def apart(project: Project) -> set[tuple[bytes, bytes]]:
    """Both ways round: starts of content hashes that are never in one group."""
    pairs = [(bytes.fromhex(one), bytes.fromhex(other)) for one, other in project.settings.get(APART, [])]
    return {*pairs, *((other, one) for one, other in pairs)}
