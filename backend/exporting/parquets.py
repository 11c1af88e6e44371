"""Parquet: the same record as in JSONL, typed; and the smaller one that `datasets` trains on."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from backend import blobs, errors
from backend.exporting.drain import Drain
from backend.exporting.fields import Chosen
from backend.exporting.rows import Columns, batches, file_name, plain
from backend.exporting.texts import alone
from db.items import Filter
from db.models import Kind, Project

# Groups of rows as large as readers like them; a group is compressed as a whole.
GROUP_ROWS = 20_000
# Images come whole into memory, a few at a time.
IMAGE_ROWS = 50


def blocks(project: Project, chosen: Chosen, wanted: Filter) -> Iterator[bytes]:
    import pyarrow as pa
    from pyarrow import parquet

    text, real = pa.string(), pa.float64()
    lists = {name: pa.list_(text) for name in ("labels", "gold", "sources")}
    real_names = ("confidence", "seconds", *(f"{column}_confidence" for column in chosen.runs))
    types = {"id": pa.int64(), **lists, **dict.fromkeys(real_names, real)}
    schema = pa.schema([(name, types.get(name, text)) for name in chosen.names])
    as_json = [name for name in plain(chosen) if name not in lists]
    drain = Drain()
    with parquet.ParquetWriter(drain, schema, compression="snappy") as writer:
        yield from drain.taken()
        waiting: list[Any] = []
        for batch in batches(project, chosen, wanted):
            if "label" in batch:
                batch["label"] = list(map(alone, batch["label"]))
            for name in as_json:
                batch[name] = [None if each is None else _as_text(each) for each in batch[name]]
            arrays = [pa.array(batch[name], schema.field(name).type) for name in chosen.names]
            waiting.append(pa.record_batch(arrays, schema=schema))
            if sum(map(len, waiting)) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting = []
                yield from drain.taken()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting))
    yield from drain.taken()


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def schema_of(project: Project, class_names: Sequence[str]) -> Any:
    """Content and label, with the features that `datasets` reads."""
    import pyarrow as pa

    features = features_of(project, class_names)
    content, label = features
    is_text = project.kind == Kind.TEXT
    return pa.schema(
        [
            (content, pa.string() if is_text else pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            (label, pa.list_(pa.int64()) if project.multi_label else pa.int64()),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )


def dataset_rows(batch: Columns, project: Project, number: dict[int, int]) -> list[tuple[Any, Any]]:
    """(content, label) of each row, without those that have no class left or whose image is gone."""
    rows: list[tuple[Any, Any]] = []
    for place, class_ids in enumerate(batch["class_ids"]):
        numbers = [number[each] for each in class_ids if each in number]
        content = batch["text"][place] if project.kind == Kind.TEXT else _image(batch, place)
        if content is not None and (numbers or project.multi_label):
            rows.append((content, numbers if project.multi_label else numbers[0]))
    return rows


def _image(batch: Columns, place: int) -> dict[str, Any] | None:
    try:
        data = blobs.read(batch["content_hash"][place])
    except errors.NotFound:
        return None
    return {"bytes": data, "path": file_name(batch["id"][place], batch["source"][place], None)}


def features_of(project: Project, class_names: Sequence[str]) -> dict[str, Any]:
    """As `datasets` writes them into Parquet files of its own."""
    content: dict[str, Any] = {"dtype": "string", "_type": "Value"} if project.kind == Kind.TEXT else {"_type": "Image"}
    label = {"names": list(class_names), "_type": "ClassLabel"}
    name = "text" if project.kind == Kind.TEXT else "image"
    return {
        name: content,
        **({"labels": {"feature": label, "_type": "List"}} if project.multi_label else {"label": label}),
    }
