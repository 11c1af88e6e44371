"""From the names that data brings along to the classes of the project."""

from collections.abc import Sequence
from typing import NamedTuple

from backend import classes, errors
from backend.importing.tally import Tally
from db import projects as rows
from db.models import Project
from db.session import Session

# Where several classes stand in one cell.
SEPARATORS = "|;,"
# A label column with more names than this is not one of classes.
MOST_ADDED = 500


class Known(NamedTuple):
    """Class ids by name in lower case."""

    project: Project
    ids: dict[str, int]
    may_add: bool


def known(session: Session, project: Project, *, may_add: bool) -> Known:
    there = rows.classes(session, project.id)
    return Known(project, {key_of(each.name): each.id for each in there}, may_add)


def key_of(name: str) -> str:
    return " ".join(name.split()).casefold()


def ids_of(session: Session, names: Sequence[str], known: Known, tally: Tally) -> list[int]:
    """The classes that an item's names stand for; names that stand for none are counted, or added when asked to."""
    if known.project.multi_label and len(names) == 1:
        names = parts(names[0], known)
    ids: list[int] = []
    missing: list[str] = []
    for name in names:
        class_id = known.ids.get(key_of(name)) or _added(session, name, known, tally)
        if class_id is None:
            missing.append(name)
        elif class_id not in ids:
            ids.append(class_id)
    tally.miss(dict.fromkeys(missing))
    if len(ids) > 1 and not known.project.multi_label:
        tally.label_refused += 1
        return []
    return ids


def parts(cell: str, known: Known) -> list[str]:
    """A cell with several names. A name that has a separator in it and is a class stays whole."""
    if key_of(cell) in known.ids:
        return [cell]
    separator = next((each for each in SEPARATORS if each in cell), None)
    return [part.strip() for part in cell.split(separator) if part.strip()] if separator else [cell]


def _added(session: Session, name: str, known: Known, tally: Tally) -> int | None:
    if not known.may_add or len(tally.classes_added) >= MOST_ADDED:
        return None
    try:
        added = classes.add(session, known.project, name)
    except errors.WinnowError:
        # Too long for a class, or archived: counted as unknown, as without adding.
        return None
    known.ids[key_of(added.name)] = added.id
    tally.classes_added.append(added.name)
    return added.id
