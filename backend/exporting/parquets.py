"""Parquet: the same record as in JSONL, typed; and the smaller one that `datasets` trains on."""

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from backend import blobs
from backend.exporting.drain import Drain
from backend.exporting.rows import Exported, exported, record
from db.models import Kind, Project, Status

ROWS = 2_000
# Images come whole into memory, a few at a time.
IMAGE_ROWS = 50


def blocks(project: Project, status: Status | None) -> Iterator[bytes]:
    import pyarrow as pa
    from pyarrow import parquet

    text, real = pa.string(), pa.float64()
    types = {"id": pa.int64(), "labels": pa.list_(text), "confidence": real}
    names = (
        "id", "text" if project.kind == Kind.TEXT else "file", "labels" if project.multi_label else "label", "status",
        "split", "annotator", "decided_at", "source", "suggestion", "confidence",
    )  # fmt: skip
    schema = pa.schema([(name, types.get(name, text)) for name in names])
    drain = Drain()
    with parquet.ParquetWriter(drain, schema) as writer:
        found = exported(project.id, status)
        while batch := [record(each, project) for each in itertools.islice(found, ROWS)]:
            writer.write_table(pa.Table.from_pylist(batch, schema))
            yield from drain.taken()
    yield from drain.taken()


def write_dataset(out: Any, found: Iterator[Exported], project: Project, class_names: Sequence[str]) -> Iterator[None]:
    """Write content and label, with the features that `datasets` reads, into `out`; pause after each group of rows."""
    import pyarrow as pa
    from pyarrow import parquet

    features = features_of(project, class_names)
    number = {name: place for place, name in enumerate(class_names)}
    content, label = features
    is_text = project.kind == Kind.TEXT
    schema = pa.schema(
        [
            (content, pa.string() if is_text else pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            (label, pa.list_(pa.int64()) if project.multi_label else pa.int64()),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    with parquet.ParquetWriter(out, schema) as writer:
        while batch := list(itertools.islice(found, ROWS if is_text else IMAGE_ROWS)):
            numbers = [[number[name] for name in each.labels] for each in batch]
            columns = [
                [each.item.text if is_text else image_of(each) for each in batch],
                numbers if project.multi_label else [each[0] for each in numbers],
            ]
            writer.write_table(pa.table(dict(zip(features, columns, strict=True)), schema))
            yield


def image_of(each: Exported) -> dict[str, Any]:
    return {"bytes": blobs.path_of(each.item.content_hash).read_bytes(), "path": each.file_name}


def features_of(project: Project, class_names: Sequence[str]) -> dict[str, Any]:
    """As `datasets` writes them into Parquet files of its own."""
    content: dict[str, Any] = {"dtype": "string", "_type": "Value"} if project.kind == Kind.TEXT else {"_type": "Image"}
    label = {"names": list(class_names), "_type": "ClassLabel"}
    name = "text" if project.kind == Kind.TEXT else "image"
    return {
        name: content,
        **({"labels": {"feature": label, "_type": "List"}} if project.multi_label else {"label": label}),
    }
