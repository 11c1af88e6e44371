"""Arrow files, as `save_to_disk` of `datasets` writes them, and Parquet files, batch by batch."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from backend import errors
from backend.importing.found import File

COPY_BYTES = 1 << 20


class Opened(NamedTuple):
    """`batches(rows, names)`: record batches of at most so many rows. `number`: how many rows, where that is known."""

    schema: Any
    row_bytes: float
    number: int | None
    batches: Callable[[int, list[str] | None], Iterator[Any]]


@contextmanager
def opened(file: File, form: str) -> Iterator[Opened]:
    """`form`: "parquet" or "arrow". Raises BadFile when it is none."""
    import pyarrow as pa

    title = "Parquet" if form == "parquet" else "Arrow"
    with file.open() as stream, tempfile.TemporaryFile() as copy:
        source: Any = stream
        if file.is_in_archive:
            # These are read from their end, and going back in a packed stream means unpacking it again.
            while block := stream.read(COPY_BYTES):
                copy.write(block)
            copy.seek(0)
            source = copy
        try:
            yield _parquet(source) if form == "parquet" else _arrow(source, file.size_bytes)
        except (pa.ArrowException, OSError, UnicodeError, MemoryError) as error:
            why = (str(error).splitlines() or ["it is broken"])[0][:200]
            raise errors.BadFile(f'"{file.name}" cannot be read as {title}: {why}.', "Write it again.") from None


def _parquet(source: Any) -> Opened:
    from pyarrow import parquet

    table = parquet.ParquetFile(source)
    about = table.metadata
    size = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    return Opened(
        table.schema_arrow,
        size / max(1, about.num_rows),
        about.num_rows,
        lambda rows, names: table.iter_batches(batch_size=rows, columns=names),
    )


def _arrow(source: Any, size_bytes: int) -> Opened:
    """Written as a stream or as a file; `datasets` writes streams."""
    import pyarrow as pa

    if source.read(6) == b"ARROW1":
        table = pa.ipc.open_file(source)
        found = (table.get_batch(number) for number in range(table.num_record_batches))
        count: int | None = sum(table.get_batch(number).num_rows for number in range(table.num_record_batches))
        row_bytes = size_bytes / max(1, count or 1)
    else:
        source.seek(0)
        table = pa.ipc.open_stream(source)
        found, count, row_bytes = iter(table), None, 0.0

    def batches(rows: int, _names: list[str] | None) -> Iterator[Any]:
        for batch in found:
            # A batch holds a thousand rows, and these may be images.
            step = max(1, min(rows, round(rows * 20_000 * rows / max(1, batch.nbytes)))) if rows > 1 else 1
            for start in range(0, batch.num_rows, step):
                yield batch.slice(start, step)

    return Opened(table.schema, row_bytes, count, batches)
