"""Parquet: texts, or images as bytes in a column, as `datasets` writes them."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backend import errors
from backend.importing import columns
from backend.importing.found import File
from backend.importing.rows import Found, HowRead, Plan, Rejection, Row, Table, text_row
from db.models import Kind

BATCH_ROWS = 500
SAMPLE_ROWS = 50
COPY_BYTES = 1 << 20


@contextmanager
def opened(file: File) -> Iterator[Any]:
    """A pyarrow ParquetFile. Raises BadFile when it is none."""
    import pyarrow as pa
    from pyarrow import parquet

    with file.open() as stream, tempfile.TemporaryFile() as copy:
        source: Any = stream
        if file.entry is not None:
            # Parquet is read from its end, and going back in a packed stream means unpacking it again.
            while block := stream.read(COPY_BYTES):
                copy.write(block)
            source = copy
        try:
            with parquet.ParquetFile(source) as table:
                yield table
        except (pa.ArrowException, OSError, UnicodeError) as error:
            raise errors.BadFile(
                f'"{file.name}" cannot be read as Parquet: {str(error).splitlines()[0][:200]}.', "Write it again."
            ) from None


def look(file: File) -> Table:
    """The first rows. Raises BadFile."""
    with opened(file) as table:
        names = columns.named(table.schema_arrow.names)
        first = next(table.iter_batches(batch_size=SAMPLE_ROWS), None)
        rows = [list(row.values()) for row in first.to_pylist()] if first is not None else []
    return Table(HowRead(file.name, "parquet"), names, rows)


def read(file: File, plan: Plan) -> Iterator[Found]:
    """Raises BadFile when a column is named that is not there."""
    table = look(file)
    if plan.kind == Kind.IMAGE:
        image = image_column(table)
        if image is None:
            raise errors.BadFile(f'"{file.name}" has no column with images.', "Images are bytes, or {bytes, path}.")
        used = columns.choose({"text": image, **_label(plan)}, table.names, table.rows, plan.class_names, file.name)
    else:
        used = columns.choose(plan.columns, table.names, table.rows, plan.class_names, file.name)
    label = None if used.label is None else table.names[used.label]
    yield table.how._replace(text=" + ".join(table.names[place] for place in used.text), label=label)
    wanted = [*used.text, *([] if used.label is None else [used.label])]
    with opened(file) as parquet_file:
        names_of_values = class_names_in(parquet_file, used.label)
        physical = [parquet_file.schema_arrow.names[place] for place in wanted]
        number = 0
        for batch in parquet_file.iter_batches(batch_size=BATCH_ROWS, columns=physical):
            for cells in zip(*(batch.column(name).to_pylist() for name in physical), strict=True):
                number += 1
                texts, rest = cells[: len(used.text)], cells[len(used.text) :]
                labels = columns.label_names(rest[0], names_of_values) if rest else ()
                yield _found(f"{file.name} row {number}", texts, labels, plan.kind)


def _label(plan: Plan) -> dict[str, Any]:
    return {"label": plan.columns["label"]} if "label" in plan.columns else {}


def _found(place: str, cells: tuple[Any, ...], labels: tuple[str, ...], kind: Kind) -> Found:
    if kind == Kind.TEXT:
        return text_row(place, cells[0] if len(cells) == 1 else " ".join(str(cell) for cell in cells if cell), labels)
    cell = cells[0]
    name = cell.get("path") if isinstance(cell, dict) else None
    data = cell.get("bytes") if isinstance(cell, dict) else cell
    if not isinstance(data, bytes):
        return Rejection(place, "There is no image in the row.")
    return Row(str(name) if name else place, labels=labels, data=data)


def image_column(table: Table) -> int | None:
    for place in range(len(table.names)):
        cells = [row[place] for row in table.rows if row[place] is not None]
        if cells and all(isinstance(cell, bytes) or (isinstance(cell, dict) and "bytes" in cell) for cell in cells):
            return place
    return None


def class_names_in(parquet_file: Any, place: int | None) -> tuple[str, ...]:
    """What the numbers of a label column stand for, if the file was written by `datasets`."""
    if place is None:
        return ()
    try:
        features = json.loads((parquet_file.schema_arrow.metadata or {})[b"huggingface"])["info"]["features"]
        feature = features[parquet_file.schema_arrow.names[place]]
    except (KeyError, ValueError, TypeError):
        return ()
    feature = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
    return tuple(feature.get("names", ()))
