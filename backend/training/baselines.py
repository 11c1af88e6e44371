"""What any run must beat: always answering the most frequent class, and logistic regression on frozen vectors."""

import logging
from typing import Any

import numpy as np

from backend import errors
from backend.encoding import default_encoder, encode
from backend.evaluating.metrics import as_table, evaluate
from backend.jobs.progress import Handle
from backend.training import linear, thresholds
from backend.training.linear import Floats
from backend.training.snapshots import Frozen
from db import runs
from db.models import Split
from db.session import reading, writing

log = logging.getLogger("winnow.training")
JUDGED = (Split.VALIDATION, Split.TEST)
REGRESSION = "logistic_regression"


def ensure(handle: Handle, data: Frozen) -> str:
    """Compute the baselines of a snapshot once, and keep them with it. Returns what could not be measured, and why.

    Two runs at once may both measure: they find the same, and the later one writes it again.
    """
    with reading() as session:
        snapshot = runs.get_snapshot(session, data.snapshot_id)
    if snapshot is None or is_whole(snapshot.baselines, multi_label=data.multi_label):
        return ""
    handle.report(0, None, "Measuring the baselines")
    found = {"majority": judged(data, {split: majority(data, len(data.parts[split])) for split in JUDGED})}
    said = ""
    try:
        found[REGRESSION] = of_regression(handle, data)
    except errors.WinnowError as error:
        # The run can go on without: most often the encoder is not here.
        log.warning("no baseline by logistic regression: %s", error.message)
        said = f"Not measured: logistic regression. {error.message} {error.hint}".strip()
    with writing() as session:
        runs.write_baselines(session, data.snapshot_id, found)
    return said


def is_whole(baselines: dict[str, Any], *, multi_label: bool) -> bool:
    """Whether nothing is to be measured. With several classes an item, an older one answered each from 0.5 on."""
    return REGRESSION in baselines and (not multi_label or "thresholds" in baselines[REGRESSION])


def of_regression(handle: Handle, data: Frozen) -> dict[str, Any]:
    """Its figures; with several classes an item by thresholds that are tuned as those of a run are."""
    encoder, total, before = default_encoder(data.kind), sum(data.counts().values()), 0

    def on_progress(done: int, missing: int) -> None:
        if missing:
            handle.report(0, None, f"Turning items into vectors for the baselines: {before + done:,} of {total:,}")

    vectors = {}
    for split, rows in data.parts.items():
        vectors[split] = encode.ensure(encoder, rows.contents, on_progress)
        before += len(rows)
    handle.report(0, None, "Fitting the baseline")
    scores = regression(data, vectors)
    told: dict[str, Any] = {"encoder": encoder}
    limits = None
    if data.multi_label:
        limits = thresholds.tuned(data.parts[Split.VALIDATION].targets, scores[Split.VALIDATION]).tolist()
        told["thresholds"] = thresholds.as_json(limits, data.classes)
    return judged(data, scores, limits) | told


def judged(data: Frozen, scores: dict[Split, Floats], limits: list[float] | None = None) -> dict[str, Any]:
    return {
        split.value: evaluate(data.parts[split].targets, each, data.classes, data.multi_label, limits)
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
