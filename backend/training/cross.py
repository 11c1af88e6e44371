"""Cross-validation: the run's method trained again on other parts of the same data, so that every label is tested once.

A test set of thirty items moves by three points with each of them; all items together say more. The model that is kept
is the one of the run: these are trained for their figures only, and leave nothing else behind. A killed run keeps the
folds that were finished.
"""

import gc
import io
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import blobs, errors
from backend.evaluating.metrics import THRESHOLD, evaluate
from backend.jobs.progress import Handle
from backend.training import artifact, dealing, judging, readiness, thresholds
from backend.training.linear import Floats
from backend.training.outcome import Outcome
from backend.training.snapshots import Frozen, Rows
from db import groups
from db.models import Run, Split
from db.session import reading

Method = Callable[[Handle, int | None, Frozen, dict[str, Any], Path], Outcome]
# Beside the figures in a run's metrics: why there are fewer folds than asked for, or none.
NOTE = "cross_validation_note"


class Part(Handle):
    """The job as one of its equal parts sees it, such as the second of five folds: progress is told of the whole."""

    # What is not named here it shares with the whole, which may change it.
    __slots__ = ("at", "name", "number", "of", "whole")

    def __init__(self, whole: Handle, number: int, of: int, name: str = "") -> None:
        """number: from 0."""
        self.__dict__ = vars(whole)
        self.whole, self.number, self.of, self.name = whole, number, of, name
        self.at: tuple[int, int] = (0, 1)

    def report(self, done: int, total: int | None = None, message: str = "", *, unit: str = "items") -> None:
        if total:
            self.at = done, total
        done, total = self.at
        said = ": ".join(each for each in (self.name, message) if each)
        self.whole.report(self.number * total + done, self.of * total, said, unit=unit)


@dataclass(frozen=True)
class Plan:
    """folds: how many, 0 for none. fold: (n,) of each of the `rows`, which are all items. note: see NOTE."""

    folds: int
    rows: Rows
    fold: NDArray[np.int64]
    note: str = ""


def plan(data: Frozen, spec: Mapping[str, Any], folder: Path) -> Plan:
    """Which item is tested in which fold: what the attempt before decided, while the items are still the same."""
    rows = everything(data)
    if spec["folds"] < 2:
        return Plan(0, rows, np.zeros(len(rows), np.int64))
    kept = folder / "folds" / "plan.json"
    if kept.exists():
        known = json.loads(kept.read_text("utf-8"))
        if known["item_ids"] == rows.item_ids:
            return Plan(known["folds"], rows, np.array(known["fold"], np.int64), known["note"])
        shutil.rmtree(folder / "folds")
    with reading() as session:
        of_items = groups.of_items(session, rows.item_ids)
    units = dealing.units_of(rows.item_ids, of_items)
    folds, note = how_many(
        data, spec, {position: len(each) for position, each in dealing.by_class(units, rows.targets).items()}
    )
    if not folds:
        return Plan(0, rows, np.zeros(len(rows), np.int64), note)
    fold = dealing.dealt(units, rows.targets, folds, spec["seed"])
    told = {"folds": folds, "item_ids": rows.item_ids, "fold": fold.tolist(), "note": note}
    blobs.write_whole(kept, json.dumps(told).encode())
    return Plan(folds, rows, fold, note)


def everything(data: Frozen) -> Rows:
    """All items, in the order of their hashes."""
    every = [
        each
        for rows in data.parts.values()
        for each in zip(rows.item_ids, rows.contents, rows.targets, strict=True)
    ]  # fmt: skip
    every.sort(key=lambda each: each[1][0])
    return Rows([each[0] for each in every], [each[1] for each in every], [each[2] for each in every])


def how_many(data: Frozen, spec: Mapping[str, Any], sizes: Mapping[int, int]) -> tuple[int, str]:
    """The number of folds and, where that is not what was asked for, why.

    sizes: of each class the items that are not copies of one another: each fold tests at least one of them.
    """
    asked, least = spec["folds"], 3 if needs_validation(data, spec) else 2
    rarest = min((each for each in sizes if each != dealing.NONE), key=lambda each: (sizes[each], each))
    folds = min(max(asked, least), sizes[rarest])
    name, has = data.names[rarest], readiness.labels(sizes[rarest])
    if folds < least:
        return 0, f'There was no cross-validation: it needs {least} different items of every class; "{name}" has {has}.'
    if folds < asked:
        return folds, f'{folds} folds instead of {asked}: "{name}" has {has}, and each fold tests one of every class.'
    if folds > asked:
        return (
            folds,
            f"{folds} folds instead of {asked}: besides a part to test there must be one to choose the epoch by.",
        )
    return folds, ""


def needs_validation(data: Frozen, spec: Mapping[str, Any]) -> bool:
    """Whether something is chosen on items that are neither learned from nor tested: an epoch, or thresholds."""
    return spec["method"] != "head" or data.multi_label


def arranged(data: Frozen, found: Plan, number: int, *, with_validation: bool) -> Frozen:
    """The data of a fold: that one to test, with the next one to choose by, and the others to learn from."""
    is_test = found.fold == number
    is_validation = (found.fold == (number + 1) % found.folds) & with_validation
    chosen = {Split.TRAIN: ~(is_test | is_validation), Split.VALIDATION: is_validation, Split.TEST: is_test}
    positions = {split: np.flatnonzero(which).tolist() for split, which in chosen.items()}
    return replace(data, parts={split: found.rows.taken(each) for split, each in positions.items()})


def judge(handle: Handle, run: Run, data: Frozen, found: Plan, method: Method) -> None:
    """Train and test every fold, and add what they say together to the run's metrics.

    Raises what the method raises; Stopped when somebody wants the run to end. A fold that falls apart in numbers ends
    the cross-validation but not the run: its model is there.
    """
    note = {NOTE: found.note} if found.note else {}
    if not found.folds:
        if note:
            judging.put_metrics(run, note)
        return
    folder = artifact.folder_of_run(run.id) / "folds"
    scores = np.zeros((len(found.rows), len(data.classes)))
    limits = np.full(scores.shape, THRESHOLD)
    try:
        for number in range(found.folds):
            part = Part(handle, number + 1, found.folds + 1, f"Fold {number + 1} of {found.folds}")
            rows = arranged(data, found, number, with_validation=needs_validation(data, run.spec))
            tested = found.fold == number
            scores[tested], limits[tested] = fold(part, rows, run.spec, method, folder / f"fold-{number + 1}")
    except errors.NotANumber as error:
        note = {
            NOTE: f"There is no cross-validation: in fold {number + 1}, {error.message[0].lower()}{error.message[1:]}"
        }
        judging.put_metrics(run, note)
    else:
        judging.put_metrics(run, {"cross_validation": summed_up(data, found, scores, limits)} | note)
    shutil.rmtree(folder)


def fold(handle: Handle, data: Frozen, spec: dict[str, Any], method: Method, folder: Path) -> tuple[Floats, Floats]:
    """Scores of the tested items (n, k) and the thresholds (k,) from which on they are answers.

    What is found is kept beside `folder`, which is gone then.
    """
    kept = folder.with_suffix(".npz")
    handle.check_stop()
    if not kept.exists():
        handle.report(0, 1, "Getting ready", unit="steps")
        outcome = method(handle, None, data, spec, folder)
        if outcome.stopped:
            raise outcome.stopped
        scores = outcome.scores(Split.TEST)
        chosen = thresholds.of_outcome(data, outcome, outcome.scores(Split.VALIDATION))
        told = io.BytesIO()
        np.savez(told, scores=scores, limits=np.full(len(data.classes), THRESHOLD) if chosen is None else chosen)
        blobs.write_whole(kept, told.getvalue())
        shutil.rmtree(folder, ignore_errors=True)
        del outcome
        if spec["method"] != "head":
            let_go()
    with np.load(kept) as known:
        return known["scores"], known["limits"]


def let_go() -> None:
    """Of the model of a fold, before the next one is made: its trainer refers to itself."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def summed_up(data: Frozen, found: Plan, scores: Floats, limits: Floats) -> dict[str, Any]:
    """The figures of all items together, and how far the folds lie apart (standard deviation, n - 1)."""

    def figures(rows: Sequence[int]) -> dict[str, Any]:
        targets = [found.rows.targets[row] for row in rows]
        return evaluate(targets, scores[rows], data.classes, data.multi_label, limits[rows])

    each = [figures(np.flatnonzero(found.fold == number).tolist()) for number in range(found.folds)]
    apart = {f"{name}_std": float(np.std([one[name] for one in each], ddof=1)) for name in ("accuracy", "f1_macro")}
    return {"folds": found.folds} | figures(range(len(found.rows))) | apart
