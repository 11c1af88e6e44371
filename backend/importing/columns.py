"""What the columns of a table are: as a person chose, or guessed from names and content."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from backend import errors
from backend.importing import roles
from db.models import Kind

MOST_KEPT = 30


class Columns(NamedTuple):
    """Positions in a row. Several text columns are joined by a space; several label columns are several labels."""

    text: tuple[int, ...] = ()
    image: int | None = None
    label: tuple[int, ...] = ()
    split: int | None = None
    id: int | None = None
    keep: tuple[int, ...] = ()


def named(header: Sequence[str]) -> list[str]:
    """The names with what is missing filled in and what comes twice numbered, so that each is one column."""
    names: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(header, start=1):
        name = wanted = " ".join(cell.replace("\0", "").split())[:80] or f"column {place}"
        number = 2
        while name in taken:
            # A header of thousands of equal cells would otherwise be counted through for each.
            name, number = (f"{wanted} ({number})", number + 1) if number < 10 else (f"{wanted} [{place}]", number)
        names.append(name)
        taken.add(name)
    return names


def choose(
    chosen: dict[str, Any] | None,
    names: Sequence[str],
    sample: Sequence[Sequence[Any]],
    class_names: Collection[str],
    place: str,
    *,
    kind: Kind = Kind.TEXT,
) -> Columns:
    """What `chosen` says, and a guess for what it leaves out; {"label": None} means that there is no label.

    In a project of images `image` is the column with their names, or None when there is none.
    Raises BadFile when a column is named that is not there.
    """
    chosen = {role: value for role, value in (chosen or {}).items() if role in Columns._fields}

    def asked(role: str) -> tuple[int, ...]:
        value = chosen[role]
        listed = value if isinstance(value, list) else [] if value is None else [value]
        return tuple(position(each, names, place) for each in listed)

    text: tuple[int, ...] = ()
    image: int | None = None
    if kind == Kind.IMAGE:
        suffixes = _image_suffixes()
        image = next(iter(asked("image")), None) if chosen.get("image") is not None else None
        image = roles.image(names, sample, suffixes) if image is None else image
    elif chosen.get("text") in (None, []):
        text = (roles.text(names, sample),)
    else:
        text = asked("text")
    used = {*text} if image is None else {image}
    reserved = {place for role in ("split", "id") if role in chosen for place in asked(role)}
    label = asked("label") if "label" in chosen else tuple(roles.labels(names, sample, class_names, {*used, *reserved}))
    used.update(label)
    split = next(iter(asked("split")), None) if "split" in chosen else roles.split(names, sample, used)
    item_id = next(iter(asked("id")), None) if "id" in chosen else roles.item_id(names, sample, {*used, split or -1})
    used.update(each for each in (split, item_id) if each is not None)
    keep = asked("keep") if chosen.get("keep") is not None else tuple(roles.kept(names, used, MOST_KEPT))
    return Columns(text, image, label, split, item_id, keep[:MOST_KEPT])


def _image_suffixes() -> Collection[str]:
    from backend.importing.formats import image_suffixes

    return image_suffixes()


def position(column: object, names: Sequence[str], place: str) -> int:
    """A column by its name, by its name in other case, or by its index from 0."""
    if isinstance(column, int) and not isinstance(column, bool):
        if 0 <= column < len(names):
            return column
    elif isinstance(column, str):
        if column in names:
            return names.index(column)
        for number, name in enumerate(names):
            if name.casefold() == column.strip().casefold():
                return number
    there = ", ".join(f'"{name}"' for name in names[:20])
    raise errors.BadFile(f'"{place}" has no column "{column}".', f"Its columns are {there}. Choose one of them.")
