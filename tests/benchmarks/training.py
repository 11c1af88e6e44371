"""A whole training by Winnow against a plain `transformers.Trainer` script of the usual tutorial kind.

The script tokenises with `Dataset.map` and pads with DataCollatorWithPadding, batches in any order; pictures come from
`set_transform`: decoded by Pillow at each use, varied by torchvision's v2, cropped out of the whole photo as the guides
have it. Both sides have the same start weights, rows, batch size, rate, epochs, metrics after each epoch, checkpoints,
test and saved model, each in a process of its own whose imports are not counted, in turn (ABAB). The compact ResNet,
which has learned nothing before, gets 10 epochs, the fewest that are chosen for it, the others 3. Items are those
trained on, times the epochs. `cores` is the time of all cores for an item, in ms: it says the same on a busy machine.
The ratio is the median over the pairs. Winnow's vectors of the items (its first classifier is fitted on them) are there
already, as they are in a project; what they took is printed. Needs ../shared. Smaller:

    WINNOW_BENCH_CASES="news,resnet 128" WINNOW_BENCH_ITEMS=200 WINNOW_BENCH_EPOCHS=1 WINNOW_BENCH_REPEATS=1

Two cores with AVX512-BF16, no GPU, one pair each (WINNOW_BENCH_REPEATS=1), load 1.7 to 1.9, which is its own:

                                    items/s              cores ms/item          accuracy
                                plain  Winnow  ratio    plain  Winnow  ratio   plain  Winnow
    MobileNetV2, 224 px          12.4    22.5  1.81x    156.6    83.4  1.88x   0.714   0.890
    MobileNetV2, 128 px          39.1    56.9  1.46x     49.2    32.3  1.52x   0.495   0.890
    compact ResNet, 128 px      102.6   160.1  1.56x     18.4    11.0  1.66x   0.670   0.626
    AG News, Winnow in bf16      16.1    36.5  2.27x    120.5    51.5  2.34x   0.878   0.878

AG News in 32 bits: 27.9 items/s and 68.9 ms, whose own pair was disturbed; against the 16.1 above 1.7x. The other two
cases have no figures yet, and nothing was measured on CUDA.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from backend import blobs
from backend.augmenting import presets, shelf
from backend.jobs.supervisor import ROOT
from backend.models import catalogue
from backend.training import fine_tune, job
from backend.training.snapshots import Frozen
from db.models import Project, Run, Split
from db.session import writing
from tests.benchmarks import _million
from tests.conftest import SHARED
from tests.training import builders

ITEMS = int(os.environ.get("WINNOW_BENCH_ITEMS", "600"))
EPOCHS = int(os.environ.get("WINNOW_BENCH_EPOCHS", "0"))
REPEATS = int(os.environ.get("WINNOW_BENCH_REPEATS", "3"))
CASES = [each.strip() for each in os.environ.get("WINNOW_BENCH_CASES", "").split(",") if each]
MOBILENET = f"path:{SHARED / 'weights' / 'mobilenet_v2'}"
Found = dict[str, Any]
# (content, class) of each.
Rows = list[tuple[str | bytes, str]]


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    base: str
    rows: Callable[[], Rows]
    side: int = 0
    usual_epochs: int = 3

    @property
    def epochs(self) -> int:
        return EPOCHS or self.usual_epochs


def main() -> None:
    print(f"{ITEMS} items, 70 % to train on, {os.cpu_count()} cores, median of {REPEATS}")
    print(f"{'':44}{'items/s':>16}{'':9}{'cores ms/item':>18}{'':9}{'accuracy':>16}{'memory MB':>16}")
    print(f"{'':44}{'plain':>8}{'Winnow':>8}{'ratio':>9}{'plain':>9}{'Winnow':>9}{'ratio':>9}", end="")
    print(f"{'plain':>8}{'Winnow':>8}{'plain':>8}{'Winnow':>8}")
    for case in cases():
        if not CASES or case.name in CASES:
            with _million.a_home() as home, tempfile.TemporaryDirectory() as folder:
                show(case, compared(case, home, Path(folder)))


def cases() -> list[Case]:
    return [
        Case("news", "AG News, titles and descriptions, MiniLM", catalogue.MINILM, news),
        Case("mixed", "AG News, half of them titles only, MiniLM", catalogue.MINILM, mixed),
        Case("mobilenet 224", "flowers, MobileNetV2, 224 px, medium", MOBILENET, flowers, 224),
        Case("mobilenet 128", "flowers, MobileNetV2, 128 px, medium", MOBILENET, flowers, 128),
        Case("resnet 224", "flowers, compact ResNet, 224 px, medium", catalogue.COMPACT_RESNET, flowers, 224, 10),
        Case("resnet 128", "flowers, compact ResNet, 128 px, medium", catalogue.COMPACT_RESNET, flowers, 128, 10),
    ]


def compared(case: Case, home: Path, folder: Path) -> list[tuple[Found, Found]]:
    """(plain, Winnow) of each repetition."""
    project = project_of(case)
    first = a_run(project, case)
    data = job.frozen_for(first)
    told = as_told(case, first.spec, data, folder)
    pairs = []
    for number in range(REPEATS):
        run = first if number == 0 else a_run(project, case)
        theirs = side("plain", str(told), home / f"plain {number}")
        ours = side("winnow", str(run.id), home / f"winnow {number}")
        count = len(data.parts[Split.TRAIN]) * case.epochs
        pairs.append((theirs | {"items": count}, ours | {"items": count}))
    return pairs


def project_of(case: Case) -> Project:
    found = case.rows()
    with writing() as session:
        names = sorted({name for _, name in found})
        project = builders.a_project(session, names, "image" if case.side else "text")
        for content, name in found:
            builders.a_labeled_item(session, project, content, name)
    return project


def a_run(project: Project, case: Case) -> Run:
    spec: dict[str, Any] = {"method": "full", "base": case.base, "epochs": case.epochs, "patience": 0, "batch_size": 16}
    if case.side:
        with writing() as session:
            spec |= {"image_size": case.side, "recipe_id": shelf.save(session, "Medium", presets.steps("medium")).id}
    return builders.a_run(project, **spec)


def as_told(case: Case, spec: dict[str, Any], data: Frozen, folder: Path) -> Path:
    """A file with all that the script needs, beside the model that both begin with."""
    import transformers

    transformers.set_seed(spec["seed"])
    built = fine_tune.built_for(data, spec)
    fine_tune.save_pretrained(built.model, built.prepares, folder / "model")
    parts = {}
    for split, rows in data.parts.items():
        contents = [str(blobs.path_of(each)) if text is None else text for each, text in rows.contents]
        parts[split.value] = (contents, [positions[0] for positions in rows.targets])
    told = spec | {"kind": data.kind, "model": str(folder / "model"), "parts": parts}
    (folder / "case.json").write_text(json.dumps(told))
    return folder / "case.json"


def side(*how: str | Path) -> Found:
    command = [sys.executable, "-m", "tests.benchmarks._training_sides", *map(str, how)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: Found = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def show(case: Case, pairs: list[tuple[Found, Found]]) -> None:
    plain, winnow = zip(*pairs, strict=True)
    rates, costs = (
        [[each["items"] / each["seconds"] for each in some] for some in (plain, winnow)],
        [[1000 * each["core_seconds"] / each["items"] for each in some] for some in (plain, winnow)],
    )
    ratio = median(ours / theirs for theirs, ours in zip(*rates, strict=True))
    cost_ratio = median(theirs / ours for theirs, ours in zip(*costs, strict=True))
    accuracy = [median(each["accuracy"] for each in some) for some in (plain, winnow)]
    memory = [max(each["memory"] for each in some) / 2**20 for some in (plain, winnow)]
    print(
        f"{case.title:44}{median(rates[0]):8.1f}{median(rates[1]):8.1f}{ratio:8.2f}x"
        f"{median(costs[0]):9.1f}{median(costs[1]):9.1f}{cost_ratio:8.2f}x"
        f"{accuracy[0]:8.3f}{accuracy[1]:8.3f}{memory[0]:8.0f}{memory[1]:8.0f}"
    )
    waited = median(each.get("share_waited", 0.0) for each in winnow)
    before = winnow[0]["before"]
    said = f"  {case.epochs} epochs; vectors before the first run {before:.1f} s; waited for batches {waited:.1%}"
    if "device" in winnow[0]:
        share = [winnow[0]["flops"] * rate / winnow[0]["peak"] for rate in rates[1]] if winnow[0]["peak"] else []
        said += f"; {winnow[0]['device']}, {winnow[0]['flops'] / 1e9:.1f} GFLOP an item"
        said += f", {median(share):.1%} of its peak" if share else ""
    print(f"{said}; load {os.getloadavg()[0]:.2f}", flush=True)


def news(*, titles: float = 0.0) -> Rows:
    """ITEMS rows of AG News; of a share of them the title only."""
    names = (SHARED / "data" / "ag_news" / "classes.txt").read_text("utf-8").split()
    with (SHARED / "data" / "ag_news" / "test.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    random = np.random.default_rng(1)
    found = {}
    for number in random.permutation(len(rows)):
        position, title, description = rows[number]
        found[title if random.random() < titles else f"{title} {description}"] = names[int(position) - 1]
    return list(found.items())[:ITEMS]


def mixed() -> Rows:
    return news(titles=0.5)


def flowers() -> Rows:
    files = sorted((SHARED / "data" / "flower_photos").glob("*/*/*.jpg"))
    chosen = np.random.default_rng(1).permutation(len(files))
    found = {files[number].read_bytes(): files[number].parent.name for number in chosen}
    return list(found.items())[:ITEMS]


if __name__ == "__main__":
    main()
