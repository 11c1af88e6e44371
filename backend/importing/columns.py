"""Which columns of a table hold the text and the label: as a person chose, or guessed from names and content."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from backend import errors

TEXT_NAMES = (
    "text", "texts", "message", "sentence", "content", "body", "review", "comment", "tweet", "sms", "utterance",
    "question", "query", "document", "description", "abstract", "article", "title", "headline", "subject",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "class", "classes", "class_name", "category", "categories", "target", "intent", "topic",
    "sentiment", "tag", "tags", "emotion", "emotions",
)  # fmt: skip
IMAGE_NAMES = ("image", "img", "picture", "photo")
KNOWN = frozenset((*TEXT_NAMES, *LABEL_NAMES, *IMAGE_NAMES, "id"))


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions in a row. Several text columns are joined by a space."""

    text: tuple[int, ...]
    label: int | None


def is_known(name: str) -> bool:
    return name.strip().lower() in KNOWN


def named(header: Sequence[str]) -> list[str]:
    """The names with what is missing filled in and what comes twice numbered, so that each is one column."""
    names: list[str] = []
    for place, cell in enumerate(header, start=1):
        name = wanted = " ".join(cell.replace("\0", "").split())[:80] or f"column {place}"
        number = 2
        while name in names:
            name, number = f"{wanted} ({number})", number + 1
        names.append(name)
    return names


def choose(
    chosen: dict[str, Any] | None,
    names: Sequence[str],
    sample: Sequence[Sequence[Any]],
    class_names: Collection[str],
    place: str,
) -> Columns:
    """What `chosen` says, and a guess for what it leaves out; {"label": None} means that there is no label.

    Raises BadFile when a column is named that is not there.
    """
    chosen = chosen or {}
    asked = chosen.get("text")
    if asked is None or asked == []:
        text: tuple[int, ...] = (guess_text(names, sample),)
    else:
        text = tuple(position(each, names, place) for each in (asked if isinstance(asked, list) else [asked]))
    if "label" in chosen:
        label = None if chosen["label"] is None else position(chosen["label"], names, place)
    else:
        label = guess_label(names, sample, class_names, without=text)
    return Columns(text, label)


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


def guess_text(names: Sequence[str], sample: Sequence[Sequence[Any]]) -> int:
    """The column with a well-known name, or else the one with the longest texts."""
    lowered = [name.lower() for name in names]
    for known in TEXT_NAMES:
        if known in lowered:
            return lowered.index(known)
    lengths = [sum(len(row[place]) for row in sample if holds_text(row, place)) for place in range(len(names))]
    return lengths.index(max(lengths)) if lengths else 0


def holds_text(row: Sequence[Any], place: int) -> bool:
    return place < len(row) and isinstance(row[place], str)


def guess_label(
    names: Sequence[str], sample: Sequence[Sequence[Any]], class_names: Collection[str], without: Sequence[int]
) -> int | None:
    """The column with a well-known name, or else one that holds classes of the project; None when there is none."""
    lowered = [name.lower() for name in names]
    for known in LABEL_NAMES:
        if known in lowered and lowered.index(known) not in without:
            return lowered.index(known)
    wanted = {name.casefold() for name in class_names}
    for place in range(len(names)):
        cells = [str(row[place]).strip().casefold() for row in sample if place < len(row) and row[place]]
        if place not in without and cells and sum(cell in wanted for cell in cells) > len(cells) / 2:
            return place
    return None


def label_names(cell: object, names_of_values: Sequence[str] = ()) -> tuple[str, ...]:
    """The class names in one cell: a text, a list, a list written as JSON, or a number that `names_of_values` names."""
    if cell is None or isinstance(cell, dict):
        return ()
    if isinstance(cell, list | tuple):
        return tuple(name for each in cell for name in label_names(each, names_of_values))
    if isinstance(cell, int) and names_of_values and 0 <= cell < len(names_of_values):
        return (names_of_values[cell],)
    name = " ".join(str(cell).replace("\0", "").split())
    if name.startswith('["'):
        try:
            listed = json.loads(name)
        except ValueError:
            return (name,)
        return label_names(listed, names_of_values)
    return (name,) if name else ()
