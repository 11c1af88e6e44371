"""Leases: what one annotator has in front of them in one tab, or will have next, nobody else gets.

A lease ends by itself, and it never stops anybody from recording a label.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import errors, projects
from backend.labeling.checks import annotator_name
from db import leases as rows
from db.models import Status, now
from db.session import reading, writing

# Longer than most decisions take; the pad holds again what it still has.
LEASE_S = 180
DECIDED = (Status.LABELED, Status.SKIPPED, Status.FLAGGED)
TAB = re.compile(r"[A-Za-z0-9-]{0,40}")


@dataclass(frozen=True)
class Held:
    """What the holder has now, and what it cannot have: held by another, decided, or not in the project."""

    held: list[int]
    lost: list[int]


def holder(annotator: str, tab: str = "") -> str:
    """Who holds: an annotator in a tab. Raises Invalid."""
    if not TAB.fullmatch(tab):
        raise errors.Invalid("The name of the tab cannot be read.", "Send at most 40 letters, digits and hyphens.")
    return f"{annotator_name(annotator)}/{tab}"


def take(
    project_id: int, who: str, item_ids: Sequence[int], limit: int, statuses: Sequence[Status] = (Status.TODO,)
) -> list[int]:
    """Hold the first `limit` of these that are free, and return them."""
    if not item_ids:
        return []
    with writing() as session:
        return rows.take(session, project_id, who, item_ids, until=_end(), limit=limit, statuses=statuses)


def hold(project_id: int, who: str, item_ids: Sequence[int], again: Sequence[int] = ()) -> Held:
    """Hold exactly these, as far as they are free, and let go of everything else that `who` holds.

    `again` are more of them, that are decided and get another look.
    """
    with reading() as session:
        projects.get(session, project_id)
    wanted = list(dict.fromkeys(item_ids))
    with writing() as session:
        held = rows.take(session, project_id, who, wanted, until=_end(), limit=len(wanted))
        looked = [each for each in again if each not in set(held)]
        held += rows.take(session, project_id, who, looked, until=_end(), limit=len(looked), statuses=DECIDED)
        rows.release(session, project_id, who, keep=held)
    got = set(held)
    return Held(held, [item_id for item_id in dict.fromkeys([*wanted, *again]) if item_id not in got])


def _end() -> datetime:
    return now() + timedelta(seconds=LEASE_S)
