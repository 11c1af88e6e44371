"""From the cells of a table to rows, many at a time: what is done once a batch costs a row nearly nothing."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

from backend.importing import layout, roles
from backend.importing.columns import Columns
from backend.importing.found import File
from backend.importing.rows import TEXT_LENGTH, Found, HowRead, Row, Table, text_row
from db.models import Split

KEPT_LENGTH = 2_000
MEMO_LENGTH = 10_000
NO = frozenset(("0", "0.0", "false", "no", "", "none", "nan"))
# As in `classes_in_data`.
SEVERAL = frozenset("|;,")
Cells = Sequence[Any]
new_row: Callable[[tuple[Any, ...]], Row] = partial(tuple.__new__, Row)


class Memo(dict[Any, Any]):
    """A function of a cell, asked once for each value."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, cell: Any) -> Any:
        value = self.function(cell)
        if len(self) < MEMO_LENGTH:
            self[cell] = value
        return value


class Extras(NamedTuple):
    """What comes beside text or image, each for a batch of rows."""

    labels: Callable[[list[Cells]], Iterable[tuple[str, ...]]]
    splits: Callable[[list[Cells]], Iterable[Split | None]]
    metas: Callable[[list[Cells]], Iterable[dict[str, Any] | None]]


def how(table: Table, used: Columns) -> HowRead:
    """What is told in the report about the columns."""

    def names(places: Iterable[int | None]) -> str | None:
        return " + ".join(table.names[place] for place in places if place is not None) or None

    return table.how._replace(
        text=names(used.text if used.image is None else [used.image]),
        label=names(used.label),
        split=names([used.split]),
        id=names([used.id]),
    )


def maker(
    file: File, table: Table, used: Columns, values: Sequence[str] = ()
) -> Callable[[Sequence[str], list[Cells]], Iterator[Found]]:
    """A function from places and rows, all of them as wide as the table, to what is found in them."""
    extras = extras_of(file, table, used, values)
    origin = file.origin

    def made(places: Sequence[str], rows: list[Cells]) -> Iterator[Found]:
        texts: list[Any] = (
            list(map(itemgetter(used.text[0]), rows))
            if len(used.text) == 1
            else [" ".join(str(row[each]) for each in used.text if row[each] not in (None, "")) for row in rows]
        )
        labels, splits, metas = extras.labels(rows), extras.splits(rows), extras.metas(rows)
        if are_plain(texts):
            yield from map(
                new_row, zip(places, texts, labels, repeat(None), repeat(None), metas, splits, repeat(origin))
            )
        else:
            yield from map(text_row, places, texts, labels, metas, splits, repeat(origin))

    return made


def are_plain(texts: list[Any]) -> bool:
    """Whether all are texts as they may be stored."""
    try:
        return (
            all(map(str.strip, texts)) and max(map(len, texts), default=0) <= TEXT_LENGTH and "\0" not in "".join(texts)
        )
    except TypeError:
        return False


def extras_of(file: File, table: Table, used: Columns, values: Sequence[str] = ()) -> Extras:
    """`values` are what numbers in a label column stand for."""
    return Extras(_labels(table, used, values), _splits(file, used), _metas(table, used))


def _labels(table: Table, used: Columns, values: Sequence[str]) -> Callable[[list[Cells]], Iterable[tuple[str, ...]]]:
    if not used.label:
        return lambda _: repeat(())
    names = partial(label_names, values=values, separator="#" if is_doccano(table.names) else "")
    if len(used.label) > 1:
        one_hot = {place for place in used.label if roles.is_yes_or_no(table.rows, place)}
        return lambda rows: [_of_several(row, table.names, used.label, one_hot, names) for row in rows]
    cell = itemgetter(used.label[0])
    memo = Memo(names)

    def of(rows: list[Cells]) -> Iterable[tuple[str, ...]]:
        try:
            return list(map(memo.__getitem__, map(cell, rows)))
        except TypeError:
            # Lists are no keys.
            return map(names, map(cell, rows))

    return of


def is_doccano(names: Sequence[str]) -> bool:
    return "data" in names and "text" not in names and "label" in names and "id" in names


def _of_several(
    row: Cells, names: Sequence[str], places: Iterable[int], one_hot: set[int], read: Callable[[Any], tuple[str, ...]]
) -> tuple[str, ...]:
    """The names of the columns that say yes, and what stands in those that hold names."""
    found: list[str] = []
    for place in places:
        if place not in one_hot:
            found += read(row[place])
        elif str(row[place]).strip().lower() not in NO:
            found.append(names[place])
    return tuple(dict.fromkeys(found))


def label_names(cell: object, values: Sequence[str] = (), separator: str = "") -> tuple[str, ...]:
    """The class names in one cell: a text, a list, either written as JSON, or a number that `values` names.

    Label Studio writes {"choices": [name, …]} for several. Lists in lists are places in a text, and no classes of it.
    """
    if isinstance(cell, dict):
        cell = cell.get("choices")
    if cell is None or isinstance(cell, bytes):
        return ()
    if isinstance(cell, list | tuple):
        return _listed(cell, values)
    if isinstance(cell, int) and values:
        return (values[cell],) if 0 <= cell < len(values) else ()
    return _names_in(clean(str(cell)), values, separator)


def _listed(cell: Sequence[Any], values: Sequence[str]) -> tuple[str, ...]:
    """A text in a list is one name, whatever is in it. One that could be taken for several comes twice, which no cell
    of several does that stands alone."""
    found: list[str] = []
    for each in cell:
        if isinstance(each, str):
            found += [clean(each)] if clean(each) else []
        elif not isinstance(each, list | dict):
            found += label_names(each, values)
    return tuple(found * 2 if len(found) == 1 and SEVERAL.intersection(found[0]) else found)


def clean(name: str) -> str:
    return " ".join(name.replace("\0", "").split())


def _names_in(name: str, values: Sequence[str], separator: str) -> tuple[str, ...]:
    if name.startswith(('["', '{"choices"')):
        try:
            return label_names(json.loads(name), values)
        except (ValueError, RecursionError):
            return (name,)
    if separator and separator in name:
        return tuple(part.strip() for part in name.split(separator) if part.strip())
    return (name,) if name and name != "[]" else ()


def _splits(file: File, used: Columns) -> Callable[[list[Cells]], Iterable[Split | None]]:
    if used.split is None:
        return lambda _: repeat(file.split)
    cell = itemgetter(used.split)
    memo = Memo(lambda value: layout.split_of(str(value)) or file.split)
    return lambda rows: [memo[each if isinstance(each, str) else str(each)] for each in map(cell, rows)]


def _metas(table: Table, used: Columns) -> Callable[[list[Cells]], Iterable[dict[str, Any] | None]]:
    wanted = [(table.names[place], place) for place in used.keep]
    if used.id is not None:
        wanted = [(name if name != "id" else "id (2)", place) for name, place in wanted]
        wanted.insert(0, ("id", used.id))
    if not wanted:
        return lambda _: repeat(None)

    def of(row: Cells) -> dict[str, Any] | None:
        return {
            name: cell if isinstance(cell, str) and len(cell) <= KEPT_LENGTH else kept(cell)
            for name, place in wanted
            if (cell := row[place]) is not None and cell != ""
        } or None

    return lambda rows: map(of, rows)


def kept(cell: Any) -> Any:
    """As it may stand in JSON, and not too long."""
    if isinstance(cell, bool | int):
        return cell
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else str(cell)
    if isinstance(cell, bytes):
        return f"{len(cell):,} bytes"
    if isinstance(cell, dict | list | tuple):
        cell = json.dumps(cell, ensure_ascii=False, default=str)
    return str(cell)[:KEPT_LENGTH]
