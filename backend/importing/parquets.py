"""Parquet and Arrow: texts, images as bytes in a column as `datasets` writes them, or names of images."""

import json
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

from backend import errors
from backend.importing import arrows, cells, columns
from backend.importing.columns import Columns
from backend.importing.found import File
from backend.importing.rows import Found, HowRead, Plan, Rejection, Row, Table
from db.models import Kind

BATCH_ROWS = 1_000
# So much is in memory at a time, about.
BATCH_BYTES = 16_000_000
SAMPLE_ROWS = 50


def look(file: File, form: str) -> Table:
    """The first rows. Raises BadFile."""
    with arrows.opened(file, form) as table:
        names = columns.named(table.schema.names)
        first = next(table.batches(SAMPLE_ROWS, None), None)
        rows = [] if first is None else list(map(list, zip(*(each.to_pylist() for each in first.columns), strict=True)))
    return Table(HowRead(file.name, form), names, rows)


def read(file: File, plan: Plan, form: str) -> Iterator[Found]:
    """Raises BadFile when a column is named that is not there, or when images are wanted and no column has them."""
    table = look(file, form)
    if plan.kind == Kind.IMAGE:
        yield from _images(file, plan, form, table)
        return
    if not table.names:
        raise errors.BadFile(f'"{file.name}" has no columns.', "Choose a file with something in it.")
    used = columns.choose(plan.columns, table.names, table.rows, plan.class_names, file.name)
    yield cells.how(table, used)
    before = f"{file.name} row "
    make = None
    for number, rows, values in batches(file, form, used):
        make = make or cells.maker(file, table, used, values)
        yield from make([before + place for place in map(str, range(number, number + len(rows)))], rows)


def _images(file: File, plan: Plan, form: str, table: Table) -> Iterator[Found]:
    place = image_column(table)
    if place is None:
        raise errors.BadFile(f'"{file.name}" has no column with images.', "Images are bytes, or {bytes, path}.")
    used = columns.choose(
        {**plan.columns, "image": place}, table.names, table.rows, plan.class_names, file.name, kind=Kind.IMAGE
    )
    yield cells.how(table, used)
    extras = None
    for number, rows, values in batches(file, form, used):
        extras = extras or cells.extras_of(file, table, used, values)
        beside = zip(rows, extras.labels(rows), extras.splits(rows), extras.metas(rows), strict=False)
        for count, (row, labels, split, meta) in enumerate(beside, start=number):
            where = f"{file.name} row {count}"
            name, data = image_in(row[place])
            if data is None:
                yield Rejection(where, "There is no image in the row.")
            else:
                yield Row(name or where, None, labels, None, data, meta, split, file.origin)


def batches(file: File, form: str, used: Columns) -> Iterator[tuple[int, list[cells.Cells], Sequence[str]]]:
    """The number of the first row, rows as wide as the table in which only what is used is filled, and class names."""
    alone = (used.image, used.split, used.id)
    wanted = {*used.text, *used.label, *used.keep, *(each for each in alone if each is not None)}
    number = 1
    with arrows.opened(file, form) as table:
        names = table.schema.names
        # Names may come twice, or have a dot in them, which for Parquet leads into a structure.
        by_name = len(set(names)) == len(names) and not any("." in name for name in names)
        values = class_names_in(table.schema, used.label[0] if used.label else None)
        size = max(1, min(BATCH_ROWS, round(BATCH_BYTES / max(1.0, table.row_bytes))))
        physical = [names[place] for place in sorted(wanted)] if by_name else None
        for batch in table.batches(size, physical):
            lists = [
                batch.column(names[place] if by_name else place).to_pylist() if place in wanted else repeat(None)
                for place in range(len(names))
            ]
            yield number, list(zip(*lists, strict=False)), values
            number += batch.num_rows


def image_in(cell: Any) -> tuple[str, bytes | None]:
    """Its name and its bytes, None when there are none."""
    if isinstance(cell, dict):
        data = cell.get("bytes")
        return str(cell.get("path") or ""), data if isinstance(data, bytes) else None
    return "", cell if isinstance(cell, bytes) else None


def image_column(table: Table) -> int | None:
    for place in range(len(table.names)):
        found = [row[place] for row in table.rows if row[place] is not None]
        if found and all(isinstance(cell, bytes) or (isinstance(cell, dict) and "bytes" in cell) for cell in found):
            return place
    return None


def class_names_in(schema: Any, place: int | None) -> tuple[str, ...]:
    """What the numbers of a label column stand for, if the file was written by `datasets`."""
    if place is None:
        return ()
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        feature = features[schema.names[place]]
        feature = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
        return tuple(map(str, feature.get("names", ())))
    except (KeyError, ValueError, TypeError, AttributeError, IndexError):
        return ()
