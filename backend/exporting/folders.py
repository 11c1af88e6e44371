"""Zips, sent while they are made: images in a folder for each class, and a folder for `datasets.load_dataset`."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from backend import blobs
from backend.exporting import parquets
from backend.exporting.drain import Drain
from backend.exporting.rows import Exported, exported
from db.models import Kind, Project, Split, Status

# What no file system of the three wants in a name.
FORBIDDEN = frozenset('<>:"/\\|?*')


def image_blocks(project: Project, status: Status | None) -> Iterator[bytes]:
    """SPLIT/CLASS/ID-NAME, without SPLIT where none is set; several classes an item: one folder and metadata.jsonl."""
    drain = Drain()
    lines: list[str] = []
    # Images are packed already.
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        for each in exported(project.id, status):
            path = path_in_archive(each, project)
            archive.write(blobs.path_of(each.item.content_hash), path)
            lines.append(json.dumps({"file_name": path, "labels": each.labels}, ensure_ascii=False) + "\n")
            yield from drain.taken()
        if project.multi_label:
            archive.writestr("metadata.jsonl", "".join(lines))
    yield from drain.taken()


def path_in_archive(each: Exported, project: Project) -> str:
    name = f"{each.item.id}-{safe(each.file_name)}"
    folder = "images" if project.multi_label else safe(each.labels[0]) if each.labels else "unlabeled"
    return "/".join(part for part in (each.item.split, folder, name) if part)


def safe(name: str) -> str:
    cleaned = "".join("_" if letter in FORBIDDEN or not letter.isprintable() else letter for letter in name)
    return cleaned.strip(". ")[:120] or "_"


def dataset_blocks(project: Project, class_names: Sequence[str]) -> Iterator[bytes]:
    """data/SPLIT.parquet with the labeled items and a README. What has no split yet is for training."""
    drain = Drain()
    counts: dict[str, int] = {}
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        for split in Split:
            found = of_split(project, split)
            first = next(found, None)
            if first is None:
                continue
            rows = counting(first, found, counts, split)
            with archive.open(f"data/{split}-00000-of-00001.parquet", "w", force_zip64=True) as file:
                for _ in parquets.write_dataset(file, rows, project, class_names):
                    yield from drain.taken()
        archive.writestr("README.md", readme(project, class_names, counts))
    yield from drain.taken()


def of_split(project: Project, split: Split) -> Iterator[Exported]:
    for each in exported(project.id, Status.LABELED):
        is_usable = each.labels or project.multi_label
        if is_usable and (each.item.split or Split.TRAIN) == split:
            yield each


def counting(first: Exported, rest: Iterator[Exported], counts: dict[str, int], split: Split) -> Iterator[Exported]:
    counts[split] = 1
    yield first
    for each in rest:
        counts[split] += 1
        yield each


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
