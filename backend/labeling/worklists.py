"""Worklists: items to look at once more on the label page, in an order, each perhaps with a word on why.

The label page walks one as the order list:ID. An item that somebody decided on since is done; keeping its label counts.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from backend import errors
from db import inspections
from db import worklists as rows
from db.models import Project, Worklist
from db.session import Session

MOST = 200_000
NAME_LENGTH = 300
NOTE_LENGTH = 500


def start(
    session: Session, project: Project, name: str, item_ids: Sequence[int], notes: Mapping[int, str] | None = None
) -> Worklist:
    """Make one. notes: item id -> why it is in the list. Raises Invalid when it has no items or too many."""
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
            notes={str(item_id): words[:NOTE_LENGTH] for item_id, words in (notes or {}).items() if words},
            upto_event=inspections.newest_event(session, project.id),
        ),
    )


def order_of(worklist: Worklist) -> str:
    """As the queue and the address of the label page name it."""
    return f"list:{worklist.id}"


def item_ids(worklist: Worklist) -> list[int]:
    found: list[int] = np.frombuffer(worklist.item_ids, np.int64).tolist()
    return found
