"""What any run must beat: always answering the most frequent class, and logistic regression on frozen vectors."""

from typing import Any

import numpy as np

from backend.encoding import default_encoder, encode
from backend.evaluating.metrics import as_table, evaluate
from backend.jobs.progress import Handle
from backend.training import linear
from backend.training.linear import Floats
from backend.training.snapshots import Frozen
from db import runs
from db.models import Split
from db.session import reading, writing

JUDGED = (Split.VALIDATION, Split.TEST)


def ensure(handle: Handle, data: Frozen) -> None:
    """Compute the baselines of a snapshot once, and keep them with it."""
    with reading() as session:
        snapshot = runs.get_snapshot(session, data.snapshot_id)
    if snapshot is None or snapshot.baselines:
        return
    encoder = default_encoder(data.kind)
    handle.report(0, None, "Measuring the baselines")
    vectors = {
        split: encode.ensure(encoder, rows.contents, lambda done, total: said(handle, done, total))
        for split, rows in data.parts.items()
    }
    found = {
        "majority": judged(data, {split: majority(data, len(data.parts[split])) for split in JUDGED}),
        "logistic_regression": judged(data, regression(data, vectors)) | {"encoder": encoder},
    }
    with writing() as session:
        runs.write_baselines(session, data.snapshot_id, found)


def said(handle: Handle, done: int, total: int) -> None:
    handle.report(0, None, f"Turning items into vectors for the baselines: {done:,} of {total:,}")


def judged(data: Frozen, scores: dict[Split, Floats]) -> dict[str, Any]:
    return {
        split.value: evaluate(data.parts[split].targets, each, data.classes, data.multi_label)
        for split, each in scores.items()
    }


def majority(data: Frozen, n: int) -> Floats:
    """For every item the share of each class among the training items."""
    table = as_table(data.parts[Split.TRAIN].targets, len(data.classes))
    return np.tile(table.mean(axis=0), (n, 1))


def regression(data: Frozen, vectors: dict[Split, Floats]) -> dict[Split, Floats]:
    targets = data.parts[Split.TRAIN].targets
    head = linear.fit(vectors[Split.TRAIN], targets, len(data.classes), multi_label=data.multi_label)
    return {split: head.scores(vectors[split]) for split in JUDGED}
