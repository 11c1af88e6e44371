"""Worklists: items to look at once more on the label page, in an order, each perhaps with a word on why.

The label page walks one as the order list:ID. An item that somebody decided on since is done; keeping its label counts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import errors, projects
from db import inspections, leases
from db import worklists as rows
from db.labels import batches
from db.models import Project, Status, Worklist
from db.queue import Part
from db.session import Session

Ids = NDArray[np.int64]

MOST = 200_000
NAME_LENGTH = 300
NOTE_LENGTH = 500
# Those of the first items: nobody reads more, and they would weigh megabytes.
MOST_NOTES = 20_000
# What an item of a list may be, that is anything but in the bin.
STATUSES = (Status.TODO, Status.LABELED, Status.SKIPPED, Status.FLAGGED)
# With no more left than this, each is looked up; of more, those that went to the bin before the list was made count.
FEW = 5_000


def start(
    session: Session, project: Project, name: str, item_ids: Sequence[int], notes: Mapping[int, str] | None = None
) -> Worklist:
    """Make one. notes: item id -> why it is in the list; kept for the first MOST_NOTES items.

    Raises Invalid when it has no items or too many.
    """
    ids = list(dict.fromkeys(item_ids))
    if not ids:
        raise errors.Invalid("There is nothing to look at.", "Name at least one item.")
    if len(ids) > MOST:
        raise errors.Invalid(f"{len(ids):,} items are too many for one list.", f"Name at most {MOST:,}.")
    return rows.add(
        session,
        Worklist(
            project_id=project.id,
            name=" ".join(name.split())[:NAME_LENGTH] or "Items",
            item_ids=np.array(ids, np.int64).tobytes(),
            notes={str(each): words[:NOTE_LENGTH] for each in ids[:MOST_NOTES] if (words := (notes or {}).get(each))},
            upto_event=inspections.newest_event(session, project.id),
        ),
    )


def refuse_foreign(session: Session, project: Project, item_ids: Sequence[int]) -> None:
    """Raises NotFound when an item is not in the project."""
    foreign = rows.foreign(session, project.id, list(dict.fromkeys(item_ids)))
    if not foreign:
        return
    which = f"item {foreign[0]}" if len(foreign) == 1 else f"item {foreign[0]} and {len(foreign) - 1:,} more of these"
    raise errors.NotFound(f'There is no {which} in "{project.name}".', "Name items of this project only.")


def order_of(worklist: Worklist | rows.Listed) -> str:
    """As the queue and the address of the label page name it."""
    return f"list:{worklist.id}"


def of_order(session: Session, project: Project, order: str) -> Worklist | None:
    """The worklist that an order names; None of other orders. Raises NotFound when it is not of this project."""
    name, _, said = order.partition(":")
    if name != "list":
        return None
    said = said.strip()
    found = rows.get(session, int(said)) if said.isdecimal() and len(said) < 19 else None
    if found is None or found.project_id != project.id:
        raise errors.NotFound(
            f'There is no list "{said}" in "{project.name}", or no longer.',
            "Open its items again where you found them.",
        )
    return found


def item_ids(worklist: Worklist) -> list[int]:
    found: list[int] = _ids(worklist).tolist()
    return found


def next_ids(session: Session, worklist: Worklist, part: Part) -> list[int]:
    """Items of the list in its order: those that nobody has looked at, that nobody else holds and that are there."""
    ids = _ids(worklist)
    if part.after is not None:
        behind = np.flatnonzero(ids == part.after)
        ids = ids[behind[0] + 1 :] if len(behind) else ids[:0]
    held = leases.held_by_others(session, part.project_id, part.holder)
    known = np.array([*part.without, *held], np.int64)
    open_ids: list[int] = ids[~np.isin(ids, known) & ~_is_looked_at(session, worklist, ids)].tolist()
    found: list[int] = []
    for some in batches(open_ids):
        there = rows.there(session, some)
        found += [item_id for item_id in some if item_id in there][: part.limit - len(found)]
        if len(found) == part.limit:
            break
    return found


def standing(session: Session, project: Project, order: str) -> dict[str, Any] | None:
    """{id, name, total, left} of the list that the order names: how many items nobody has looked at. None: no list."""
    worklist = of_order(session, project, order)
    return as_json(session, worklist) if worklist else None


def as_json(session: Session, worklist: Worklist) -> dict[str, Any]:
    ids = _ids(worklist)
    open_ids: list[int] = ids[~_is_looked_at(session, worklist, ids)].tolist()
    left = len(rows.there(session, open_ids)) if len(open_ids) <= FEW else len(open_ids)
    return {"id": worklist.id, "name": worklist.name, "total": len(ids), "left": left}


def notes(session: Session, project: Project, worklist: Worklist, item_ids: Sequence[int]) -> dict[int, str]:
    """Item id -> why it is in the list. None in a project that is labeled blind: they may tell what is suggested."""
    return {} if projects.is_blind(project) else rows.notes(session, worklist.id, item_ids)


def _ids(worklist: Worklist) -> Ids:
    return np.frombuffer(worklist.item_ids, np.int64)


def _is_looked_at(session: Session, worklist: Worklist, ids: Ids) -> NDArray[np.bool_]:
    return np.isin(ids, np.array(rows.looked_at(session, worklist.project_id, worklist.upto_event), np.int64))
