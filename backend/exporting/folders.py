"""Zips, sent while they are made: images in a folder for each class, and a folder for `datasets.load_dataset`."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from backend import blobs, errors
from backend.exporting import parquets
from backend.exporting.drain import Drain
from backend.exporting.fields import Chosen
from backend.exporting.rows import batches
from backend.importing import layout
from backend.importing.found import is_litter
from db.items import Filter
from db.models import Kind, Project, Split, Status

# What no file system of the three wants in a name.
FORBIDDEN = frozenset('<>:"/\\|?*')
# Bytes that wait for so much before they are sent on.
BLOCK_BYTES = 1 << 18
# File systems take 255; the number of the item comes before it.
NAME_BYTES = 200
IMAGES = Chosen(("file", "source", "split"))
IMAGES_AT_ONCE = 1_000
# What folders cannot tell of classes and splits, beside the images.
METADATA = "metadata.jsonl"


def image_blocks(project: Project, names: dict[int, str], wanted: Filter) -> Iterator[bytes]:
    """SPLIT/CLASS/ID-NAME, without SPLIT where none is set; several classes an item: one folder and metadata.jsonl.

    The latter comes along too where folders alone would not come back as the same classes and splits.
    """
    drain = Drain()
    splits: set[str | None] = set()
    used: set[int] = set()
    # Images are packed already.
    with tempfile.TemporaryFile() as lines, zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
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
                lines.write(json.dumps({"file_name": path, "labels": labels, "split": split}).encode() + b"\n")
                splits.add(split)
                used.update(class_ids)
                if drain.waiting > BLOCK_BYTES:
                    yield from drain.taken()
        if project.multi_label or not are_told(splits, [names[each] for each in used if each in names]):
            lines.seek(0)
            with archive.open(entry(METADATA), "w", force_zip64=True) as file:
                shutil.copyfileobj(lines, file)
    yield from drain.taken()


def are_told(splits: Set[str | None], class_names: Iterable[str]) -> bool:
    """Whether classes and splits can be told from the folders alone: a single one called train may be a class."""
    if len(splits - {None}) == 1:
        return False
    return all(folder_of(name) == name for name in class_names)


def folder_of(class_name: str) -> str:
    """Never one that imports take for a split, or for no class."""
    name = safe(class_name)
    return f"_{name}" if layout.split_of(name) or name.lower() in layout.NO_CLASS else name


def entry(path: str) -> zipfile.ZipInfo:
    """Without the time of day: the same data is the same archive."""
    made = zipfile.ZipInfo(path)
    made.external_attr = 0o644 << 16
    return made


def path_in_archive(project: Project, item_id: int, file: str, split: str | None, labels: Sequence[str]) -> str:
    folder = "images" if project.multi_label else folder_of(labels[0]) if labels else "unlabeled"
    return "/".join(part for part in (split, folder, f"{item_id}-{safe(file)}") if part)


def safe(name: str) -> str:
    """As a part of a path anywhere, with its ending when it is cut; never what imports pass over."""
    cleaned = "".join("_" if letter in FORBIDDEN or not letter.isprintable() else letter for letter in name)
    cleaned = cleaned.strip(". ") or "_"
    if len(cleaned.encode()) > NAME_BYTES:
        ending = PurePosixPath(cleaned).suffix if len(PurePosixPath(cleaned).suffix.encode()) < 20 else ""
        kept = cleaned.encode()[: NAME_BYTES - len(ending.encode())].decode(errors="ignore")
        cleaned = kept.rstrip(". ") + ending
    return f"_{cleaned}" if is_litter(cleaned) else cleaned


def splits_of(wanted: Filter) -> list[tuple[Split, list[Filter]]]:
    """The labeled items of the filter, split by split. What has no split yet is for training."""
    if wanted.status not in (None, Status.LABELED):
        return []
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
