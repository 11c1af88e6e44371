"""What to label next: items still to do, in the order that a person chose."""

from collections.abc import Collection, Sequence
from typing import TypedDict, Unpack

from backend import errors
from db import items, projects
from db import queue as rows
from db.models import Item, Project
from db.session import Session

ORDERS = ("sequential", "random", "uncertain", "class:NAME")


class Part(TypedDict):
    """Which part of the queue: at most `limit` items, without those held already, behind the item `after`."""

    limit: int
    without: Collection[int]
    after: int | None


def next_items(
    session: Session,
    project: Project,
    order: str = "sequential",
    limit: int = 50,
    *,
    without: Collection[int] = (),
    after: int | None = None,
) -> list[Item]:
    """At most `limit` items to do.

    sequential: as imported. random: shuffled, the same after a reload. uncertain: where the best two suggestions are
    closest comes first, what has no suggestion last. class:NAME: what is suggested to be that class, least sure first.
    `without` leaves out items that the caller holds already; `after` goes on behind the last item of a page.
    Raises Invalid for any other order and for an unknown class.
    """
    part = Part(limit=limit, without=without, after=after)
    if order == "sequential":
        found = rows.sequential(session, project.id, **part)
    elif order == "random":
        found = rows.shuffled(session, project.id, **part)
    elif order == "uncertain":
        found = _uncertain(session, project, **part)
    elif order.startswith("class:"):
        found = _of_class(session, project, order.removeprefix("class:"), **part)
    else:
        raise errors.Invalid(f'"{order}" is not an order.', f"Choose one of {', '.join(ORDERS)}.")
    return items.by_ids(session, found)


def _uncertain(session: Session, project: Project, **part: Unpack[Part]) -> Sequence[int]:
    set_id, after = project.suggestion_set_id, part["after"]
    found: list[int] = []
    if set_id is not None and (after is None or rows.has_suggestion(session, set_id, after)):
        found += rows.least_sure(session, project.id, set_id, **part)
        part["after"] = None
    part["limit"] -= len(found)
    if part["limit"]:
        found += rows.without_suggestion(session, project.id, set_id, **part)
    return found


def _of_class(session: Session, project: Project, name: str, **part: Unpack[Part]) -> Sequence[int]:
    classes = projects.classes(session, project.id)
    chosen = next((each for each in classes if each.name.lower() == name.strip().lower()), None)
    if chosen is None:
        names = ", ".join(f'"{each.name}"' for each in classes)
        raise errors.Invalid(f'There is no class "{name}" in "{project.name}".', f"Its classes are {names}.")
    if project.suggestion_set_id is None:
        return ()
    return rows.least_sure(session, project.id, project.suggestion_set_id, class_id=chosen.id, **part)
