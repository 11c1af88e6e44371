"""Tables beside images: which row names which image, and what it says of it.

A labels.csv, the metadata.csv or metadata.jsonl of an imagefolder of `datasets`, a table exported by Label Studio:
every table with a column of names. A name is looked for from the folder of the table, then from the top, then anywhere.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from backend import errors
from backend.importing import cells, columns, formats, jsons, parquets, sheets, tables
from backend.importing.cells import Cells
from backend.importing.columns import Columns
from backend.importing.found import UNREADABLE, File, safe_parts
from backend.importing.rows import Beside, Found, Named, Plan, Rejection, Table
from db.models import Kind

# Label Studio puts this before the names of uploaded files.
UPLOAD_MARK = re.compile(r"^[0-9a-f]{8}-")
REJECTED_KEPT = 100_000


def of(listed: Sequence[File], images: Sequence[File], plan: Plan) -> Beside | None:
    """What the tables among `listed` say of `images`; None when no table names any."""
    finder = Finder(images)
    named: dict[str, Named] = {}
    read: dict[str, tuple[Found, ...]] = {}
    for file in listed:
        try:
            found = list(_of_table(file, finder, named, plan))
        except errors.BadFile as error:
            found = [Rejection(file.name, f"{error.message} {error.hint}".strip())]
        except UNREADABLE as error:
            found = [Rejection(file.name, f"The file cannot be read: {error}.")]
        if found:
            read[file.name] = tuple(found)
    return Beside(named, read) if read else None


def _of_table(file: File, finder: "Finder", named: dict[str, Named], plan: Plan) -> Iterator[Found]:
    looked = used_columns(file, plan)
    if looked is None:
        return
    table, used = looked
    assert used.image is not None
    yield cells.how(table, used)
    form = formats.format_of(file)
    extras = cells.extras_of(file, table, used)
    folder = PurePosixPath(file.name).parent.as_posix()
    rejected = 0
    for places, rows in even(file, form, table, used, plan):
        if isinstance(rows, str):
            yield Rejection(places[0], rows)
            continue
        said = zip(places, rows, extras.labels(rows), extras.splits(rows), extras.metas(rows), strict=False)
        for place, row, labels, split, meta in said:
            name = finder.find(row[used.image], folder)
            if name:
                add(named, name, Named(place, labels, split, meta))
            elif rejected < REJECTED_KEPT:
                rejected += 1
                yield Rejection(place, f'There is no image "{str(row[used.image])[:200]}" beside the table.')


def add(named: dict[str, Named], name: str, said: Named) -> None:
    """An image that several rows name has the labels of all of them."""
    before = named.get(name)
    if before is None:
        named[name] = said
    else:
        labels = tuple(dict.fromkeys((*before.labels, *said.labels)))
        named[name] = before._replace(labels=labels, split=before.split or said.split, meta=before.meta or said.meta)


def used_columns(file: File, plan: Plan) -> tuple[Table, Columns] | None:
    """The table's start and columns when one of these names images. Raises BadFile, or one of UNREADABLE."""
    form = formats.format_of(file) if file.size_bytes else ""
    match form:
        case "csv":
            table = tables.look(file, plan.columns, first_bytes=plan.first_bytes)[0]
        case "jsonl":
            table = jsons.look(file, plan.columns, first_bytes=plan.first_bytes)
        case "sheet":
            table = sheets.look(file, plan.columns)
        case "parquet" | "arrow":
            table = parquets.look(file, form)
            if parquets.image_column(table) is not None:
                return None
        case _:
            return None
    if not table.names:
        return None
    used = columns.choose(plan.columns, table.names, table.rows, plan.class_names, file.name, kind=Kind.IMAGE)
    return None if used.image is None else (table, used)


def even(
    file: File, form: str, table: Table, used: Columns, plan: Plan
) -> Iterator[tuple[Sequence[str], list[Cells] | str]]:
    """Places with rows of the table's width, or one place with a reason."""
    if form == "jsonl":
        yield from jsons.even(file, table, plan)
    elif form == "sheet":
        yield from sheets.even(file, table)
    elif form == "csv":
        dialect, encoding = tables.look(file, plan.columns, first_bytes=plan.first_bytes)[1:]
        found = tables.batches(file, encoding, dialect)
        for places, rows in tables.even(file.name, found, len(table.names), used.image or 0):
            yield (places if isinstance(rows, str) else [f"{file.name} row {each}" for each in places]), rows
    else:
        for number, rows, _ in parquets.batches(file, form, used):
            yield [f"{file.name} row {number + count}" for count in range(len(rows))], rows


class Finder:
    """Images by what a table may call them."""

    def __init__(self, images: Sequence[File]) -> None:
        self.names = {file.name for file in images}
        # "" where two images have the name.
        self.last: dict[str, str] = {}
        for name in self.names:
            path = PurePosixPath(name)
            for key in {path.name, path.stem, UPLOAD_MARK.sub("", path.name)}:
                self.last[key] = "" if key in self.last else name

    def find(self, cell: Any, folder: str) -> str:
        """The name of the image; "" when there is none, or when it may be one of several."""
        parts = safe_parts(path_in(cell))
        if not parts:
            return ""
        for above in (PurePosixPath(folder), *PurePosixPath(folder).parents):
            name = above.joinpath(*parts).as_posix()
            if name in self.names:
                return name
        return self.last.get(parts[-1], "") or self.last.get(UPLOAD_MARK.sub("", parts[-1]), "")


def path_in(cell: Any) -> str:
    """The path in a name, in an address, or in Label Studio's `/data/local-files/?d=PATH`."""
    name = str(cell or "").strip()
    if "://" not in name and not name.startswith("/data/"):
        return name
    address = urlsplit(name)
    return parse_qs(address.query).get("d", [unquote(address.path)])[0]
