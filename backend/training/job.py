"""Train one run: freeze its data, measure the baselines, train, test, and leave a model behind.

Run: python -m backend.jobs.worker JOB_ID. A killed run goes on from its newest whole checkpoint.
"""

import errno
import shutil
import time
from pathlib import Path
from typing import Any

from backend import errors, projects
from backend.evaluating.metrics import evaluate
from backend.jobs.progress import Handle, Stopped
from backend.training import artifact, baselines, card, environment, fine_tune, head, linear, setting, snapshots
from backend.training.outcome import Outcome
from backend.training.snapshots import Frozen
from db import recipes, runs
from db.models import Run, Split
from db.session import reading, writing

METHODS = {"head": head.run, "lora": fine_tune.run, "full": fine_tune.run}
JUDGED = (Split.VALIDATION, Split.TEST)
# Rows in one write transaction: well under 50 ms.
CHUNK = 300


def run(handle: Handle) -> dict[str, Any]:
    with reading() as session:
        found = runs.of_job(session, handle.job_id)
    if found is None:
        raise errors.NotFound("The run of this job was deleted.", "Start a new one.")
    found.spec = setting.filled(found.spec)
    folder = artifact.folder_of_run(found.id)
    try:
        return train(handle, found, folder)
    except Stopped as stopped:
        if stopped.keep == "nothing":
            discard(found.id, folder)
        raise
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise errors.WinnowError("The disk is full.", "Free some space and resume: the run goes on.") from error


def train(handle: Handle, run: Run, folder: Path) -> dict[str, Any]:
    data = frozen_for(run)
    began_with(run, run.spec["base"])
    baselines.ensure(handle, data)
    began = time.monotonic()
    outcome = METHODS[run.spec["method"]](handle, run.id, data, run.spec, folder)
    run.metrics = {"train_seconds": round(time.monotonic() - began, 2)}
    if "nothing" in (handle.stop_asked(), outcome.stopped and outcome.stopped.keep):
        raise Stopped("nothing")
    # First of all, so that a model is kept whatever happens to the test.
    keep_model(run, outcome, folder)
    judge(run, data, outcome)
    write_card(run, data, outcome, folder)
    shutil.rmtree(folder / "pictures", ignore_errors=True)
    if outcome.stopped:
        raise outcome.stopped
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    tested = run.metrics["test"]
    handle.report(1, 1, f"Accuracy {tested['accuracy']:.1%} on {tested['n']:,} test items.", unit="steps")
    return {"run_id": run.id, "accuracy": tested["accuracy"], "f1_macro": tested["f1_macro"]}


def frozen_for(run: Run) -> Frozen:
    """The run's snapshot; the first attempt makes it."""
    with reading() as session:
        project = projects.get(session, run.project_id)
        snapshot = runs.get_snapshot(session, run.snapshot_id) if run.snapshot_id else None
    if snapshot is None:
        snapshot = snapshots.freeze(project, allow_missing=run.spec.get("allow_missing_classes", False))
        with writing() as session:
            runs.write(session, run.id, snapshot_id=snapshot.id)
        run.snapshot_id = snapshot.id
    return snapshots.load(snapshot, project)


def began_with(run: Run, base: str) -> None:
    run.environment = environment.describe(base)
    with writing() as session:
        runs.write(session, run.id, environment=run.environment)


def keep_model(run: Run, outcome: Outcome, folder: Path) -> None:
    run.artifact = artifact.write(outcome.save, folder)
    run.environment = run.environment | outcome.facts
    with writing() as session:
        runs.write(session, run.id, artifact=run.artifact, environment=run.environment)


def judge(run: Run, data: Frozen, outcome: Outcome) -> None:
    """Score validation and test items, keep every prediction, and sum them up."""
    found: dict[str, Any] = {}
    for split in JUDGED:
        rows, scores = data.parts[split], outcome.scores(split)
        found[split.value] = evaluate(rows.targets, scores, data.classes, data.multi_label)
        keep_predictions(run.id, split, data, scores)
    run.metrics = found = run.metrics | found
    with writing() as session:
        runs.write(session, run.id, metrics=found)
        if run.spec["method"] == "head":
            runs.put_points(session, run.id, points_of_head(found["validation"]))


def points_of_head(validation: dict[str, Any]) -> list[dict[str, Any]]:
    """A head has no curve: one point each, so that charts can set it beside the others."""
    values = {"loss": validation["log_loss"], "accuracy": validation["accuracy"], "f1_macro": validation["f1_macro"]}
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


def write_card(run: Run, data: Frozen, outcome: Outcome, folder: Path) -> None:
    with reading() as session:
        snapshot = runs.get_snapshot(session, data.snapshot_id)
        recipe = recipes.get(session, run.spec.get("recipe_id") or 0)
    known = snapshot.baselines if snapshot else {}
    artifact.write_card(folder, card.text(run, data, outcome.loads_with, known, recipe))


def discard(run_id: int, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with writing() as session:
        runs.write(session, run_id, artifact=None, metrics={})
