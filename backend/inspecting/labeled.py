"""The labeled items of a project with their vectors: what inspections look through. For workers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.encoding import encode
from backend.encoding.vectors import Vectors
from backend.jobs.progress import Handle
from db import labels
from db import projects as project_rows
from db.models import Project, Split
from db.session import reading

# Vectors that are made between two words about progress.
PAGE = 2_000


@dataclass(frozen=True)
class Seen:
    """n labeled items, by id. vectors: (n, d) of unit length. targets: positions of each item's classes in `class_ids`.

    class_ids: the classes of today that are not archived. group_ids: 0 where an item has no near-duplicates.
    """

    item_ids: NDArray[np.int64]
    vectors: Vectors
    targets: list[list[int]]
    splits: list[Split | None]
    group_ids: NDArray[np.int64]
    class_ids: list[int]
    class_names: list[str]

    def __len__(self) -> int:
        return len(self.item_ids)

    def taken(self, rows: NDArray[np.int64]) -> "Seen":
        """Those at these positions, in that order."""
        chosen = rows.tolist()
        return Seen(
            self.item_ids[rows],
            self.vectors[rows],
            [self.targets[row] for row in chosen],
            [self.splits[row] for row in chosen],
            self.group_ids[rows],
            self.class_ids,
            self.class_names,
        )


def load(handle: Handle, project: Project, encoder_id: str) -> Seen:
    """Read them, and see that each has its vector. What can no longer be read, or has an archived class only, is left
    out. Raises what `encode.ensure` raises."""
    with reading() as session:
        classes = project_rows.classes(session, project.id)
        found = labels.labeled(session, project.id)
    position = {each.id: place for place, each in enumerate(classes)}
    kept = [
        each
        for each in found
        if any(class_id in position for class_id in each.class_ids) or (project.multi_label and not each.class_ids)
    ]
    parts: list[Vectors] = []
    unreadable: set[bytes] = set()
    for start in range(0, len(kept), PAGE):
        contents = [(each.content_hash, each.text) for each in kept[start : start + PAGE]]
        parts.append(encode.ensure(encoder_id, contents, unreadable=unreadable))
        handle.report(start + len(contents), len(kept), "Reading the labeled items.")
    vectors = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
    seen = Seen(
        np.array([each.item_id for each in kept], np.int64),
        vectors,
        [[position[class_id] for class_id in each.class_ids if class_id in position] for each in kept],
        [each.split for each in kept],
        np.array([each.group_id or 0 for each in kept], np.int64),
        [each.id for each in classes],
        [each.name for each in classes],
    )
    if not unreadable:
        return seen
    return seen.taken(np.flatnonzero([each.content_hash not in unreadable for each in kept]))
