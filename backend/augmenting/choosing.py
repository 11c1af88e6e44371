"""Which items the studio shows, and what it calls them."""

import hashlib
from collections.abc import Sequence
from typing import Any

from backend import errors, projects
from db import explore, items, labels
from db import projects as rows
from db.models import Item, LabelClass, Project, Split
from db.session import Session

WAYS = ("classes", "random")
# Of the grid.
MOST_ROWS, MOST_SAMPLES = 24, 12


def choose(session: Session, project: Project, way: str, draw: int, count: int) -> list[dict[str, Any]]:
    """Up to `count` items as `titled` tells them. "classes": one of each class, then others; "random": drawn.

    The same `draw` gives the same items. Raises Invalid for another way.
    """
    if way not in WAYS:
        raise errors.Invalid(f'Rows cannot be chosen by "{way}".', f"Choose one of: {', '.join(WAYS)}.")
    place = hashlib.sha256(f"{draw}".encode()).digest()
    if way == "random":
        return titled(session, project, explore.shuffled(session, project.id, place, count))
    class_ids = classes_of(session, project)
    # First the other classes, where there are more than rows; then the next item of each.
    turns = max(1, -(-len(class_ids) // count))
    first = draw % turns * count
    found = explore.one_a_class(session, project.id, class_ids[first : first + count], draw // turns)
    there = {item.id for item in found}
    more: Sequence[Item] = explore.shuffled(session, project.id, place, 2 * count) if draw else []
    more = more or items.page(session, project.id, limit=2 * count)
    return titled(session, project, [*found, *(item for item in more if item.id not in there)][:count])


def check_room(kind: str, rows: int, samples: int, size: int, sizes: tuple[int, int]) -> None:
    """Raises Invalid for more than one answer shows. sizes: the least and the most, pixels or tokens."""
    what, of, unit = ("texts", "of", "tokens") if kind == "text" else ("images", "at", "pixels")
    if not 1 <= rows <= MOST_ROWS or not 1 <= samples <= MOST_SAMPLES or not sizes[0] <= size <= sizes[1]:
        raise errors.Invalid(
            f"{rows} {what} with {samples} samples {of} {size} {unit} cannot be shown.",
            f"Ask for 1 to {MOST_ROWS} {what}, 1 to {MOST_SAMPLES} samples, {sizes[0]} to {sizes[1]} {unit}.",
        )


def trained_on(session: Session, project: Project, count: int) -> list[dict[str, Any]]:
    """Up to `count` items that runs learn from, first one of each class: a split is given for good."""
    class_ids = classes_of(session, project)[:count]
    wanted = [items.Filter(class_id=each, split=Split.TRAIN) for each in class_ids]
    found = [item_id for each in wanted for item_id in items.ids(session, project.id, each, limit=1)]
    found += items.ids(session, project.id, items.Filter(split=Split.TRAIN), limit=count)
    return asked_for(session, project, list(dict.fromkeys(found))[:count])


def classes_of(session: Session, project: Project) -> list[int]:
    return [each.id for each in rows.classes(session, project.id)]


def asked_for(session: Session, project: Project, item_ids: Sequence[int]) -> list[dict[str, Any]]:
    """These items, in this order. Raises NotFound for one that is not in the project."""
    found = {item.id: item for item in items.by_ids(session, item_ids)}
    for item_id in item_ids:
        if item_id not in found or found[item_id].project_id != project.id:
            raise errors.NotFound(f"There is no item {item_id} in this project.", "GET …/items lists them.")
    return titled(session, project, [found[item_id] for item_id in dict.fromkeys(item_ids)])


def titled(session: Session, project: Project, found: Sequence[Item]) -> list[dict[str, Any]]:
    """{"id", "title", "color"} of each: its classes and the first one's colour, or its source and none."""
    classes = {each.id: each for each in rows.classes(session, projects.get(session, project.id).id)}
    class_ids = labels.class_ids_of(session, [item.id for item in found])
    return [
        {"id": item.id, **title_of(item, [classes[each] for each in class_ids.get(item.id, []) if each in classes])}
        for item in found
    ]


def title_of(item: Item, classes: Sequence[LabelClass]) -> dict[str, Any]:
    if classes:
        return {"title": ", ".join(each.name for each in classes), "color": classes[0].color}
    return {"title": item.source, "color": None}
