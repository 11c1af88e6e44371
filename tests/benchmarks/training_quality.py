"""How good what a run trains is, on real data, beside what it must beat. Needs ../shared.

Labels are drawn by the seed, which is the run's too; runs are started as the page starts them, with what is chosen when
nobody says (preset "balanced"), and trained by real worker processes. Judged is what a person gets, the saved model, on
rows that no run saw: HELD_OUT of them, the same for all. `regression` is the baseline of each run's own snapshot:
logistic regression on frozen vectors of the same training items, several classes with thresholds tuned as a run's are.
A saved head has learned from the validation and test items too, as it tells. Where items have several classes, macro-F1
over the classes that the run knows; elsewhere accuracy. Mean over the seeds, and their range. Seconds and memory are
those of the worker, from its start to its end: baselines, judging and the card included. Smaller, or with other specs:

    WINNOW_BENCH_CASES="news full,news head" WINNOW_BENCH_SEEDS=0 WINNOW_BENCH_HELD_OUT=500 WINNOW_BENCH_LABELS=40
    WINNOW_BENCH_SPEC='{"learning_rate": 1e-4}'

Two cores, no GPU, load 1 to 2 (its own); news with seeds 0 and 1, the others with seed 0 only:

                                               held out  regression  seconds    MB
    AG News, 4 x 100 labels, full                 0.873       0.839      156  2396   (0.871 to 0.874; disturbed)
    AG News, 4 x 100 labels, head                 0.842       0.839       10  1780   (0.837 to 0.847)
    flowers, 5 x 60 labels, MobileNetV2 full      0.855       0.615       73  2950
    flowers, 5 x 60 labels, from scratch          0.480       0.615       41  1243
    GoEmotions, 2,000 labels, full, macro-F1      0.355       0.222       83  1830
    GoEmotions, 2,000 labels, head, macro-F1      0.283       0.222       17  1476

lora has no figures here yet.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from backend.encoding import default_encoder, encode
from backend.evaluating.metrics import evaluate
from backend.jobs.supervisor import ROOT
from backend.models import catalogue
from backend.training import artifact, job, linear, predict, thresholds
from backend.training.snapshots import Frozen
from db.models import JobState, Project, Run, Split
from db.session import writing
from tests.benchmarks import _million
from tests.conftest import SHARED
from tests.training import builders

SEEDS = [int(each) for each in os.environ.get("WINNOW_BENCH_SEEDS", "0,1,2").split(",")]
HELD_OUT = int(os.environ.get("WINNOW_BENCH_HELD_OUT", "1000"))
CASES = [each.strip() for each in os.environ.get("WINNOW_BENCH_CASES", "").split(",") if each]
LABELS = int(os.environ.get("WINNOW_BENCH_LABELS", "0"))
SPEC = json.loads(os.environ.get("WINNOW_BENCH_SPEC", "{}"))
MOBILENET = f"path:{SHARED / 'weights' / 'mobilenet_v2'}"
# Content, and the names of its classes.
Rows = list[tuple[str | bytes, tuple[str, ...]]]
Floats = np.ndarray


@dataclass(frozen=True)
class Data:
    """rows: (those to label from, those to judge by). labels: of each class, or of all where items have several."""

    name: str
    title: str
    rows: Callable[[], tuple[Rows, Rows]]
    labels: int
    kind: str = "text"
    multi_label: bool = False
    # Title -> spec.
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)


def cases() -> list[Data]:
    minilm = {method: {"method": method, "base": catalogue.MINILM} for method in ("full", "lora", "head")}
    flowers_runs = {
        "full": {"method": "full", "base": MOBILENET},
        "lora": {"method": "lora", "base": MOBILENET},
        "head": {"method": "head", "base": MOBILENET},
        # What would be chosen: these items do not say how large their pictures are.
        "scratch": {"method": "full", "base": catalogue.COMPACT_RESNET, "image_size": 128},
    }
    several = {name: minilm[name] for name in ("full", "head")}
    return [
        Data("news", "AG News, MiniLM", news, 100, runs=minilm),
        Data("flowers", "Flowers, MobileNetV2 (scratch: compact ResNet)", flowers, 60, "image", runs=flowers_runs),
        Data("emotions", "GoEmotions, MiniLM", emotions, 2000, multi_label=True, runs=several),
    ]


def main() -> None:
    print(
        f"seeds {SEEDS}, {HELD_OUT} held-out rows, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} {SPEC or ''}"
    )
    for data in cases():
        wanted = [name for name in data.runs if not CASES or f"{data.name} {name}" in CASES]
        if wanted:
            measure(data, wanted)


def measure(data: Data, wanted: Sequence[str]) -> None:
    count = LABELS or data.labels
    figure = "macro-F1" if data.multi_label else "accuracy"
    print(f"\n{data.title}: {count} labels{'' if data.multi_label else ' a class'}")
    print(f"{'':12}{f'{figure} held out':>22}{'regression':>22}{'own test':>20}{'seconds':>9}{'cores s':>9}{'MB':>6}")
    pool, judged = data.rows()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in wanted}
    for seed in SEEDS:
        with _million.a_home():
            project = labeled(data, chosen(pool, seed, count, each_class=not data.multi_label))
            for name in wanted:
                found[name].append(one(project, data.runs[name] | {"seed": seed}, judged[:HELD_OUT], figure))
    for name, of_seeds in found.items():
        held_out, regression, own = (
            spread([each[column] for each in of_seeds]) for column in ("held_out", "regression", "own")
        )
        costs = [mean(each[column] for each in of_seeds) for column in ("seconds", "core_seconds")]
        memory = max(each["memory"] for each in of_seeds) / 2**20
        told = f"{name:12}{held_out:>22}{regression:>22}{own:>20}{costs[0]:9.0f}{costs[1]:9.0f}{memory:6.0f}"
        print(f"{told}   {of_seeds[0]['said']}; load {os.getloadavg()[0]:.1f}", flush=True)


def chosen(pool: Rows, seed: int, count: int, *, each_class: bool) -> Rows:
    """So many rows, or so many of each class."""
    order = np.random.default_rng(seed).permutation(len(pool))
    if not each_class:
        return [pool[number] for number in order[:count]]
    names = sorted({names[0] for _, names in pool})
    return [row for name in names for row in [pool[at] for at in order if pool[at][1][0] == name][:count]]


def labeled(data: Data, rows: Rows) -> Project:
    with writing() as session:
        names = sorted({name for _, names in rows for name in names})
        project = builders.a_project(session, names, data.kind, multi_label=data.multi_label)
        for content, of_row in rows:
            builders.a_labeled_item(session, project, content, *of_row)
    return project


def one(project: Project, spec: dict[str, Any], judged: Rows, figure: str) -> dict[str, Any]:
    """Train one run in its worker process, and judge it."""
    method = spec["method"]
    asked = SPEC if method != "head" else {}
    run = builders.a_run(project, **{"allow_missing_classes": project.multi_label} | asked | spec)
    command = [sys.executable, "-m", "backend.jobs.worker", str(run.job_id)]
    began = time.perf_counter()
    worker = subprocess.Popen(command, cwd=ROOT)
    _, _, used = os.wait4(worker.pid, 0)
    seconds = time.perf_counter() - began
    ended = builders.job_of(run)
    assert ended.state == JobState.DONE, ended.error
    run = builders.again(run)
    data = job.frozen_for(run)
    name = "f1_macro" if figure == "macro-F1" else "accuracy"
    told = ("epochs", "learning_rate", "batch_size", "max_length", "image_size")
    spent = ", ".join(f"{each.replace('_', ' ')} {run.spec[each]}" for each in told if each in run.spec)
    return {
        "held_out": judged_by_model(run, data, judged)[name],
        "regression": judged_by_regression(data, judged)[name],
        "own": run.metrics["test"][name],
        "seconds": seconds,
        "core_seconds": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * 1024,
        "said": f"{spent or 'defaults'}; {run.environment.get('best_step', '')} of {run.environment.get('steps', '')}",
    }


def judged_by_model(run: Run, data: Frozen, judged: Rows) -> dict[str, Any]:
    folder = artifact.model_folder(run)
    scores, names = predict.scored(folder, data.kind, [content for content, _ in judged])
    in_order = scores[:, [names.index(each) for each in data.names]]
    known = artifact.thresholds_of(folder) if data.multi_label else None
    limits = None if known is None else [known[names.index(each)] for each in data.names]
    return evaluate(targets_of(data, judged), in_order, data.classes, data.multi_label, limits)


def judged_by_regression(data: Frozen, judged: Rows) -> dict[str, Any]:
    """As `baselines` makes it, on the held-out rows."""
    encoder = default_encoder(data.kind)
    rows = data.parts[Split.TRAIN]
    vectors = encode.ensure(encoder, rows.contents)
    fitted = linear.fit(vectors, rows.targets, len(data.classes), multi_label=data.multi_label)
    limits = None
    if data.multi_label:
        validation = data.parts[Split.VALIDATION]
        limits = thresholds.tuned(validation.targets, fitted.scores(encode.ensure(encoder, validation.contents)))
    scores = fitted.scores(vectors_of(encoder, judged))
    return evaluate(targets_of(data, judged), scores, data.classes, data.multi_label, limits)


def vectors_of(encoder: str, judged: Rows) -> Floats:
    from backend import blobs

    texts = [content for content, _ in judged if isinstance(content, str)]
    if texts:
        return encode.of_texts(encoder, texts)
    return encode.ensure(encoder, [(blobs.put(content), None) for content, _ in judged if isinstance(content, bytes)])


def targets_of(data: Frozen, judged: Rows) -> list[list[int]]:
    return [[data.names.index(name) for name in names if name in data.names] for _, names in judged]


def spread(values: Sequence[float]) -> str:
    return f"{mean(values):.3f} ({min(values):.3f}-{max(values):.3f})"


def news() -> tuple[Rows, Rows]:
    names = (SHARED / "data" / "ag_news" / "classes.txt").read_text("utf-8").split()
    with (SHARED / "data" / "ag_news" / "test.csv").open(encoding="utf-8") as file:
        rows = {f"{row[1]} {row[2]}": (names[int(row[0]) - 1],) for row in csv.reader(file)}
    return parted(list(rows.items()), 2000)


def flowers() -> tuple[Rows, Rows]:
    """The folder `val` is what is judged by."""
    train, held_out = (
        {file.read_bytes(): (file.parent.name,) for file in sorted(files_of(part))} for part in ("train", "val")
    )
    return shuffled(list(train.items())), shuffled([row for row in held_out.items() if row[0] not in train])


def files_of(part: str) -> list[Path]:
    return list((SHARED / "data" / "flower_photos" / part).glob("*/*.jpg"))


def emotions() -> tuple[Rows, Rows]:
    folder = SHARED / "data" / "goemotions"
    names = (folder / "labels.txt").read_text("utf-8").split()
    parts = []
    for part in ("train", "test"):
        lines = [line.split("\t") for line in (folder / f"{part}.tsv").read_text("utf-8").splitlines()]
        parts.append({line[0]: tuple(names[int(each)] for each in line[1].split(",")) for line in lines})
    train, test = parts
    return shuffled(list(train.items())), shuffled([row for row in test.items() if row[0] not in train])


def parted(rows: Rows, held_out: int) -> tuple[Rows, Rows]:
    mixed = shuffled(rows)
    return mixed[held_out:], mixed[:held_out]


def shuffled(rows: Rows) -> Rows:
    return [rows[number] for number in np.random.default_rng(7).permutation(len(rows))]


if __name__ == "__main__":
    main()
