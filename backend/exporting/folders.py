"""Zips, sent while they are made: images in a folder for each class, and a folder for `datasets.load_dataset`."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from backend import blobs, errors
from backend.exporting import parquets
from backend.exporting.drain import Drain
from backend.exporting.fields import Chosen
from backend.exporting.rows import batches
from db.items import Filter
from db.models import Kind, Project, Split, Status

# What no file system of the three wants in a name.
FORBIDDEN = frozenset('<>:"/\\|?*')
# Bytes that wait for so much before they are sent on.
BLOCK_BYTES = 1 << 18
IMAGES = Chosen(("file", "source", "split"))
IMAGES_AT_ONCE = 1_000
# How classes are told from folders, beside the images.
METADATA = "metadata.jsonl"


def image_blocks(project: Project, names: dict[int, str], wanted: Filter) -> Iterator[bytes]:
    """SPLIT/CLASS/ID-NAME, without SPLIT where none is set; several classes an item: one folder and metadata.jsonl."""
    drain = Drain()
    lines: list[str] = []
    # Images are packed already.
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        for batch in batches(project, IMAGES, wanted, size=IMAGES_AT_ONCE):
            cells = zip(batch["id"], batch["file"], batch["split"], batch["class_ids"], strict=True)
            for place, (item_id, file, split, class_ids) in enumerate(cells):
                labels = [names[each] for each in class_ids if each in names]
                path = path_in_archive(project, item_id, file, split, labels)
                try:
                    data = blobs.read(batch["content_hash"][place])
                except errors.NotFound:
                    # Deleted for good, or moved away by its owner, while the archive is made.
                    continue
                archive.writestr(entry(path), data)
                lines.append(json.dumps({"file_name": path, "labels": labels}, ensure_ascii=False) + "\n")
                if drain.waiting > BLOCK_BYTES:
                    yield from drain.taken()
        if project.multi_label:
            archive.writestr(entry(METADATA), "".join(lines))
    yield from drain.taken()


def entry(path: str) -> zipfile.ZipInfo:
    """Without the time of day: the same data is the same archive."""
    made = zipfile.ZipInfo(path)
    made.external_attr = 0o644 << 16
    return made


def path_in_archive(project: Project, item_id: int, file: str, split: str | None, labels: Sequence[str]) -> str:
    folder = "images" if project.multi_label else safe(labels[0]) if labels else "unlabeled"
    return "/".join(part for part in (split, folder, f"{item_id}-{safe(file)}") if part)


def safe(name: str) -> str:
    cleaned = "".join("_" if letter in FORBIDDEN or not letter.isprintable() else letter for letter in name)
    return cleaned.strip(". ")[:120] or "_"


def splits_of(wanted: Filter) -> list[tuple[Split, list[Filter]]]:
    """The labeled items of the filter, split by split. What has no split yet is for training."""
    labeled = replace(wanted, status=Status.LABELED)
    if wanted.split is not None:
        return [(Split.TRAIN if wanted.split == "none" else Split(wanted.split), [labeled])]
    train = [replace(labeled, split=Split.TRAIN), replace(labeled, split="none")]
    return [
        (Split.TRAIN, train),
        *((split, [replace(labeled, split=split)]) for split in (Split.VALIDATION, Split.TEST)),
    ]


def groups_of_rows(project: Project, names: dict[int, str], parts: Sequence[Filter]) -> Iterator[list[tuple[Any, Any]]]:
    """(content, label) of the items, as many at a time as fit into memory."""
    is_text = project.kind == Kind.TEXT
    number = {class_id: place for place, class_id in enumerate(names)}
    chosen = Chosen(("text",) if is_text else ("source",))
    size = parquets.GROUP_ROWS if is_text else parquets.IMAGE_ROWS
    for part in parts:
        for batch in batches(project, chosen, part, size=size):
            if rows := parquets.dataset_rows(batch, project, number):
                yield rows


def write_split(out: Any, schema: Any, groups: Iterator[list[tuple[Any, Any]]], first: Any) -> Iterator[int]:
    """Write a Parquet file into `out`; after each group of rows pause and say how many rows there were."""
    import pyarrow as pa
    from pyarrow import parquet

    with parquet.ParquetWriter(out, schema) as writer:
        rows = first
        while rows:
            contents, labels = zip(*rows, strict=True)
            columns = [list(contents), list(labels)]
            writer.write_table(pa.table(dict(zip(schema.names, columns, strict=True)), schema))
            yield len(rows)
            rows = next(groups, None)


def dataset_blocks(project: Project, names: dict[int, str], wanted: Filter) -> Iterator[bytes]:
    """data/SPLIT.parquet with the labeled items and a README."""
    drain = Drain()
    counts: dict[str, int] = {}
    schema = parquets.schema_of(project, list(names.values()))
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        archive.mkdir("data")
        yield from drain.taken()
        for split, parts in splits_of(wanted):
            groups = groups_of_rows(project, names, parts)
            if not (first := next(groups, None)):
                continue
            with archive.open(data_file(split), "w", force_zip64=True) as file:
                for count in write_split(file, schema, groups, first):
                    counts[split] = counts.get(split, 0) + count
                    yield from drain.taken()
        archive.writestr("README.md", readme(project, list(names.values()), counts))
    yield from drain.taken()


def data_file(split: Split) -> str:
    return f"data/{split}-00000-of-00001.parquet"


def readme(project: Project, class_names: Sequence[str], counts: dict[str, int]) -> str:
    """A dataset card. Names are written as JSON, which is YAML too, so that any sign in them is safe."""
    is_text = project.kind == Kind.TEXT
    classes = "".join(
        f"\n            {json.dumps(str(place))}: {json.dumps(name)}" for place, name in enumerate(class_names)
    )
    content = "  - name: text\n    dtype: string" if is_text else "  - name: image\n    dtype: image"
    label = (
        f"  - name: labels\n    list:\n      class_label:\n        names:{classes}"
        if project.multi_label
        else f"  - name: label\n    dtype:\n      class_label:\n        names:{classes}"
    )
    files = "".join(f"\n  - split: {split}\n    path: data/{split}-*" for split in counts)
    told = "\n".join(f"- {split}: {count:,} items" for split, count in counts.items())
    front: list[Any] = [
        "---", f"task_categories:\n- {'text' if is_text else 'image'}-classification", "dataset_info:\n  features:",
        content, label, f"configs:\n- config_name: default\n  data_files:{files or ' []'}", "---",
    ]  # fmt: skip
    use = '```python\nfrom datasets import load_dataset\ndataset = load_dataset("path/to/this/folder")\n```'
    return "\n".join(front) + f"\n\n# Labeled with Winnow\n\n{told}\n\n{use}\n"
