"""Snapshots: the labeled data as it was when a run began, in a Parquet file that never changes.

The fingerprint is a SHA-256 over the classes and the sorted rows: equal data is one snapshot, and a file that was
changed or cut short is noticed when it is read.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backend import blobs, errors, settings
from backend.encoding.encode import Content
from backend.training import near, readiness, splits
from db import groups, labels, runs
from db.labels import Labeled
from db.models import LabelClass, Project, Snapshot, Split
from db.session import reading, writing

# Rows in one write transaction: well under 50 ms.
CHUNK = 400


@dataclass(frozen=True)
class Rows:
    """Items of one split, in the order of their hashes. `targets` are positions in the snapshot's classes."""

    item_ids: list[int]
    contents: list[Content]
    targets: list[list[int]]

    def __len__(self) -> int:
        return len(self.item_ids)

    def taken(self, positions: Iterable[int]) -> "Rows":
        """Those at these positions, in that order."""
        kept = list(positions)
        return Rows(
            [self.item_ids[row] for row in kept],
            [self.contents[row] for row in kept],
            [self.targets[row] for row in kept],
        )


@dataclass(frozen=True)
class Frozen:
    """A snapshot in memory. `classes` are {"id", "name", "color"} in the order of every score."""

    snapshot_id: int
    kind: str
    multi_label: bool
    classes: list[dict[str, Any]]
    parts: dict[Split, Rows]

    @property
    def names(self) -> list[str]:
        return [each["name"] for each in self.classes]

    def counts(self) -> dict[str, int]:
        return {split.value: len(rows) for split, rows in self.parts.items()}


def freeze(project: Project, *, allow_missing: bool) -> Snapshot:
    """Give new items their split and keep the data as it is now. Raises TooFewLabels.

    Copies in training of what is in validation or test are left out, and counted.
    """
    with reading() as session:
        counts = readiness.label_counts(session, project)
        classes = readiness.learnable(counts, multi_label=project.multi_label, allow_missing=allow_missing)
        found = of_classes(labels.labeled(session, project.id), classes, multi_label=project.multi_label)
        of_groups = groups.splits(session, project.id)
    assign_splits(found, of_groups)
    with reading() as session:
        # Read again: somebody may have assigned at the same time, and the first one counts.
        found = of_classes(labels.labeled(session, project.id), classes, multi_label=project.multi_label)
    copies = near.copies(found)
    near.check(found, copies, classes, multi_label=project.multi_label)
    kept = [item for item in found if item.split and item.item_id not in copies]
    rows = [as_row(item) for item in sorted(kept, key=lambda item: item.content_hash)]
    told = [{"id": each.id, "name": each.name, "color": each.color} for each in classes]
    fingerprint = fingerprint_of(told, rows, copies)
    write_rows(path_of(fingerprint), rows, copies)
    with writing() as session:
        return runs.snapshot_with(session, project.id, fingerprint) or runs.add_snapshot(
            session,
            Snapshot(
                project_id=project.id,
                fingerprint=fingerprint,
                classes=told,
                counts=count(rows) | {near.LEFT_OUT: len(copies)},
                baselines={},
            ),
        )


def of_classes(items: Sequence[Labeled], classes: Sequence[LabelClass], *, multi_label: bool) -> list[Labeled]:
    """The items with their labels of these classes only; one whose every class is left out is left out itself."""
    kept = {each.id for each in classes}
    found = []
    for item in items:
        left = [class_id for class_id in item.class_ids if class_id in kept]
        # Labeled as none of the classes is an answer too, where several are allowed.
        if left or (multi_label and not item.class_ids):
            found.append(replace(item, class_ids=left))
    return found


def assign_splits(items: Sequence[Labeled], of_groups: Mapping[int, Set[Split]]) -> None:
    chosen = list(splits.assign(items, of_groups).items())
    for start in range(0, len(chosen), CHUNK):
        with writing() as session:
            runs.put_splits(session, dict(chosen[start : start + CHUNK]))


def as_row(item: Labeled) -> dict[str, Any]:
    return {
        "content_hash": item.content_hash,
        "item_id": item.item_id,
        "split": str(item.split),
        "class_ids": item.class_ids,
        "text": item.text,
    }


def fingerprint_of(classes: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]], left_out: Set[int]) -> str:
    digest = hashlib.sha256(json.dumps([[each["id"], each["name"]] for each in classes]).encode())
    for row in rows:
        digest.update(row["content_hash"])
        digest.update(json.dumps([row["item_id"], row["split"], row["class_ids"]]).encode())
    # The same data is another snapshot when more was left out of it: it says how many.
    if left_out:
        digest.update(json.dumps(sorted(left_out)).encode())
    return digest.hexdigest()


def count(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """{"train": {class id: n}, …}. Keys are texts, as JSON wants them."""
    counts: dict[str, dict[str, int]] = {split.value: {} for split in Split}
    for row in rows:
        for class_id in row["class_ids"]:
            of_split = counts[row["split"]]
            of_split[str(class_id)] = of_split.get(str(class_id), 0) + 1
    return counts


def path_of(fingerprint: str) -> Path:
    return settings.folder("snapshots") / f"{fingerprint}.parquet"


def write_rows(path: Path, rows: list[dict[str, Any]], left_out: Set[int] | None = None) -> None:
    """Write the file whole, over one that may be there: that heals a damaged one.

    left_out: ids of the items that the fingerprint counts as left out; None when only their number is known.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([
        ("content_hash", pa.binary(32)),
        ("item_id", pa.int64()),
        ("split", pa.string()),
        ("class_ids", pa.list_(pa.int64())),
        ("text", pa.string()),
    ])  # fmt: skip
    if left_out is not None:
        schema = schema.with_metadata({near.LEFT_OUT: json.dumps(sorted(left_out))})
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(rows, schema), sink, compression="zstd")
    blobs.write_whole(path, sink.getvalue().to_pybytes())


def load(snapshot: Snapshot, project: Project) -> Frozen:
    """Read the snapshot's file. Raises NotFound when somebody took it away, BadFile when it is no longer the same."""
    path = path_of(snapshot.fingerprint)
    if not path.exists():
        raise errors.NotFound(f"The data of this run is gone: {path.name} is missing.", "Start a new run.")
    rows = read_rows(path, snapshot)
    position = {each["id"]: index for index, each in enumerate(snapshot.classes)}
    parts = {split: Rows([], [], []) for split in Split}
    for row in rows:
        of_split = parts[Split(row["split"])]
        of_split.item_ids.append(row["item_id"])
        of_split.contents.append((row["content_hash"], row["text"]))
        of_split.targets.append([position[class_id] for class_id in row["class_ids"]])
    return Frozen(snapshot.id, project.kind, project.multi_label, snapshot.classes, parts)


def read_rows(path: Path, snapshot: Snapshot) -> list[dict[str, Any]]:
    """The rows of a file that fits the snapshot's fingerprint. Raises BadFile."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        known = (table.schema.metadata or {}).get(near.LEFT_OUT.encode())
        rows: list[dict[str, Any]] = table.to_pylist()
        is_same = fits(snapshot, rows, None if known is None else set(json.loads(known)))
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path) from error
    if not is_same:
        raise damaged(path)
    return rows


def fits(snapshot: Snapshot, rows: Sequence[dict[str, Any]], left_out: Set[int] | None) -> bool:
    """Whether these are the snapshot's rows, and each text still the one of its hash."""
    if any(row["text"] is not None and sha256(row["text"]) != row["content_hash"] for row in rows):
        return False
    if left_out is None and snapshot.counts.get(near.LEFT_OUT):
        # From before the ids were kept, or from an archive: then only the counts can be held against each other.
        counts = count(rows)
        return all(counts[split] == of_split for split, of_split in snapshot.counts.items() if split in counts)
    return fingerprint_of(snapshot.classes, rows, left_out or set()) == snapshot.fingerprint


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def damaged(path: Path) -> errors.BadFile:
    return errors.BadFile(
        f"The data of this run is no longer what it was: {path.name} was changed or cut short.",
        "Start a new run: it writes its data anew.",
    )
