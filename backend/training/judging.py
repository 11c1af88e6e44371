"""What a trained model is worth: its model kept, validation and test items scored, every prediction written down.

Knows nothing of how the model was trained.
"""

import logging
from pathlib import Path
from typing import Any

from backend import settings
from backend.evaluating.metrics import evaluate
from backend.jobs.progress import Handle
from backend.training import artifact, card, linear, thresholds
from backend.training.outcome import Outcome
from backend.training.snapshots import Frozen
from db import recipes, runs
from db.models import Run, Split
from db.session import reading, writing

log = logging.getLogger("winnow.training")
JUDGED = (Split.VALIDATION, Split.TEST)
# Rows in one write transaction: well under 50 ms.
CHUNK = 300


def say(handle: Handle, message: str) -> None:
    """What is done once the training is over."""
    handle.report(1, 1, message, unit="steps")


def keep_model(handle: Handle, run: Run, outcome: Outcome, folder: Path) -> None:
    say(handle, "Saving the model")
    run.artifact = artifact.write(outcome.save, folder)
    run.environment = run.environment | outcome.facts
    with writing() as session:
        runs.write(session, run.id, artifact=run.artifact, environment=run.environment)
    log.info("the model is in %s", settings.home() / run.artifact)


def judge(handle: Handle, run: Run, data: Frozen, outcome: Outcome, folder: Path) -> None:
    """Score validation and test items, keep every prediction, and sum them up.

    Where an item may have several classes, each is answered from its own threshold on. The thresholds are chosen on
    validation items, so that only the figures of the test items are free of that choice.
    """
    say(handle, "Testing")
    scores = {split: outcome.scores(split) for split in JUDGED}
    limits = thresholds.of_outcome(data, outcome, scores[Split.VALIDATION])
    found: dict[str, Any] = {
        split.value: evaluate(data.parts[split].targets, scores[split], data.classes, data.multi_label, limits)
        for split in JUDGED
    }
    if limits is not None:
        artifact.put_thresholds(folder, limits)
        found["thresholds"] = thresholds.as_json(limits, data.classes)
    for split in JUDGED:
        keep_predictions(run.id, split, data, scores[split])
    put_metrics(run, found)
    if run.spec["method"] == "head":
        with writing() as session:
            runs.put_points(session, run.id, points_of_head(found["validation"]))


def put_metrics(run: Run, found: dict[str, Any]) -> None:
    """Add figures to those that the run has."""
    run.metrics = run.metrics | found
    with writing() as session:
        runs.write(session, run.id, metrics=run.metrics)


def points_of_head(validation: dict[str, Any]) -> list[dict[str, Any]]:
    """A head has no curve: one point each, so that charts can set it beside the others."""
    values = {"loss": validation["log_loss"]} | {
        name: validation[name] for name in ("accuracy", "f1_macro", "f1_micro")
    }
    return [
        {"name": f"validation/{name}", "step": 1, "epoch": 1.0, "value": value}
        for name, value in values.items()
        if value is not None
    ]


def keep_predictions(run_id: int, split: Split, data: Frozen, scores: linear.Floats) -> None:
    ids, rows = [each["id"] for each in data.classes], data.parts[split]
    best = scores.argmax(axis=1) if len(rows) else []
    predictions = [
        {
            "run_id": run_id,
            "item_id": rows.item_ids[row],
            "split": split,
            "target_ids": [ids[position] for position in rows.targets[row]],
            "class_id": ids[top],
            "confidence": float(scores[row, top]),
            "scores": scores[row].astype("float32").tobytes(),
        }
        for row, top in enumerate(best)
    ]
    for start in range(0, len(predictions), CHUNK):
        with writing() as session:
            runs.put_predictions(session, predictions[start : start + CHUNK])


def write_card(run: Run, data: Frozen, loads_with: str, folder: Path) -> None:
    with reading() as session:
        snapshot = runs.get_snapshot(session, data.snapshot_id)
        recipe = recipes.get(session, run.spec.get("recipe_id") or 0)
    known = snapshot.baselines if snapshot else {}
    artifact.write_card(folder, card.text(run, data, loads_with, known, recipe))
