"""Train one run: freeze its data, measure the baselines, train, test, and leave a model behind.

Run: python -m backend.jobs.worker JOB_ID. A killed run goes on from its newest whole checkpoint; one whose model is
kept and tested already, with the folds of its cross-validation that are missing.
"""

import shutil
import time
from pathlib import Path
from typing import Any

from backend import errors, projects
from backend.jobs.progress import Handle, Stopped
from backend.training import (
    artifact,
    baselines,
    cross,
    environment,
    exhausted,
    fine_tune,
    head,
    judging,
    leftovers,
    readable,
    setting,
    several,
    snapshots,
)
from backend.training.cross import Method
from backend.training.snapshots import Frozen
from db import runs
from db.models import Run
from db.session import reading, writing

METHODS: dict[str, Method] = {"head": head.run, "lora": fine_tune.run, "full": fine_tune.run}


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
            leftovers.discard(found.id)
        raise
    except Exception as error:
        told = exhausted.in_words(error, found)
        if told is error:
            raise
        raise told from error


def train(handle: Handle, run: Run, folder: Path) -> dict[str, Any]:
    handle.report(0, None, "Looking at the data")
    data = frozen_for(run)
    before = run.environment.get("skipped", [])
    data, skipped = readable.without_broken(handle, data, before)
    if skipped != before:
        # Decoded from other rows than there are now.
        shutil.rmtree(folder / "pictures", ignore_errors=True)
    plan = cross.plan(data, run.spec, folder)
    method = METHODS[run.spec["method"]]
    with readable.naming(handle, run, data):
        if not (handle.cursor or {}).get(artifact.LOADS_WITH) or not (folder / "model").is_dir():
            began_with(run, skipped)
            whole = cross.Part(handle, 0, 1 + plan.folds) if plan.folds else handle
            learn(whole, run, data, method, folder)
        began = time.monotonic()
        cross.judge(handle, run, data, plan, method)
    with handle.bringing_home():
        if plan.folds:
            add_seconds(run, folds=began)
            judging.write_card(run, data, (handle.cursor or {})[artifact.LOADS_WITH], folder)
        judging.say(handle, in_words(run, skipped))
    tested = run.metrics["test"]
    return {"run_id": run.id, "accuracy": tested["accuracy"], "f1_macro": tested["f1_macro"]}


def learn(handle: Handle, run: Run, data: Frozen, method: Method, folder: Path) -> None:
    """From the baselines to a model that is kept and tested. Raises Stopped after that, where somebody asked to end."""
    run.metrics = {}
    began = time.monotonic()
    if said := baselines.ensure(handle, data):
        put_environment(run, {"baselines": said})
    add_seconds(run, baselines=began)
    began = time.monotonic()
    outcome = several.train(method, handle, data, run.spec, folder, run_id=run.id)
    run.metrics = run.metrics | {"train_seconds": round(time.monotonic() - began, 2)}
    add_seconds(run, training=began)
    if "nothing" in (handle.stop_asked(), outcome.stopped and outcome.stopped.keep):
        raise Stopped("nothing")
    with handle.bringing_home():
        began = time.monotonic()
        # First of all, so that a model is kept whatever happens to the test.
        judging.keep_model(handle, run, outcome, folder)
        add_seconds(run, saving=began)
        began = time.monotonic()
        judging.judge(handle, run, data, outcome, folder)
        add_seconds(run, testing=began)
        judging.write_card(run, data, outcome.loads_with, folder)
    shutil.rmtree(folder / "pictures", ignore_errors=True)
    if outcome.stopped:
        raise outcome.stopped
    # From here on a resumed run has only folds to train.
    handle.save_cursor({artifact.LOADS_WITH: outcome.loads_with})
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)


def frozen_for(run: Run) -> Frozen:
    """The run's snapshot; the first attempt makes it, for all runs of a sweep."""
    with reading() as session:
        project = projects.get(session, run.project_id)
        snapshot = runs.get_snapshot(session, run.snapshot_id) if run.snapshot_id else None
    if snapshot is None:
        made = snapshots.freeze(project, allow_missing=run.spec.get("allow_missing_classes", False))
        with writing() as session:
            run.snapshot_id = runs.share_snapshot(session, run.id, made.id)
            snapshot = runs.get_snapshot(session, run.snapshot_id) or made
    return snapshots.load(snapshot, project)


def began_with(run: Run, skipped: readable.Skipped) -> None:
    run.environment = {}
    put_environment(run, environment.describe(run.spec["base"]) | ({"skipped": skipped} if skipped else {}))


def put_environment(run: Run, facts: dict[str, Any]) -> None:
    run.environment = run.environment | facts
    with writing() as session:
        runs.write(session, run.id, environment=run.environment)


def add_seconds(run: Run, **began: float) -> None:
    """Note how long a stage took: stage = when it began. A resumed run says it of its last attempt."""
    spent = {stage: round(time.monotonic() - at, 2) for stage, at in began.items()}
    judging.put_metrics(run, {"seconds": run.metrics.get("seconds", {}) | spent})


def in_words(run: Run, skipped: readable.Skipped) -> str:
    tested, crossed = run.metrics["test"], run.metrics.get("cross_validation")
    told = f"Accuracy {tested['accuracy']:.1%} on {tested['n']:,} test items"
    if crossed:
        told += f", {crossed['accuracy']:.1%} on all {crossed['n']:,} in {crossed['folds']} folds"
    return " ".join(each for each in (f"{told}.", readable.in_words(skipped)) if each)
