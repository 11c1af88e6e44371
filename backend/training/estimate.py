"""How long a run will take and how much memory, before it starts: from earlier runs on this machine, or worked out.

It does not know what else this machine is doing, how soon early stopping ends a run, nor what a recipe takes.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from backend.jobs import devices
from backend.training import costs
from backend.training.costs import Network
from backend.training.setting import filled
from db import runs
from db.models import Project, Run
from db.session import Session

# Operations a second in training, of one core; measured with MiniLM, and with ResNet and MobileNetV2. Small batches and
# the copying between layers leave a convolution a part of what the core could do.
OF_A_CORE = {"layers": 6e10, "pyramid": 3e10}
# Of a GPU by the capability of its CUDA: a third of what the data sheets of V100, A100, L40 and H100 promise in 16
# bits. Not measured.
OF_A_GPU = ((9.0, 3e14), (8.9, 7e13), (8.0, 1e14), (7.0, 4e13), (0.0, 5e12))
IN_32_BITS = 0.15
# A step takes at least so long: Python starts some hundreds of kernels. And each weight is written at each step.
STEP_S = {"cpu": 0.004, "gpu": 0.03}
WEIGHT_S = {"cpu": 3e-9, "gpu": 3e-11}
# Loading the libraries and the model, measuring the baselines, testing and saving.
AROUND_S = 14.0
# One fit of a head among the strengths that are tried, by items x numbers of a vector.
FIT_S = 3e-6
# Vectors of Winnow's own descriptor.
DESCRIBED_A_SECOND = 60.0
# Validation and test items are looked at once an epoch, without a way back.
LOOKED_AT = 0.3


@dataclass(frozen=True)
class Estimate:
    """seconds: from its start to its end, between these two. memory_bytes: at most at once."""

    seconds: tuple[float, float]
    memory_bytes: int
    why: str


@dataclass(frozen=True)
class Work:
    """A whole spec on a project's data. size: tokens or pixels of an item on average."""

    spec: dict[str, Any]
    net: Network
    labeled: int
    size: float
    largest: float

    @property
    def n(self) -> int:
        """Items for training."""
        return max(1, round(0.7 * self.labeled))

    @property
    def a_second(self) -> float:
        """Items of one training step, by the rules of thumb."""
        batch, device = self.spec["batch_size"], "cpu" if not has_gpu() else "gpu"
        trained = costs.adapters(self.net, self.spec) if self.spec["method"] == "lora" else self.net.weights
        step_s = STEP_S[device] + WEIGHT_S[device] * trained / self.spec["accumulation"]
        return batch / (step_s + batch * costs.operations(self.net, self.spec, self.size) / speed(self.net, self.spec))


def of(session: Session, project: Project, spec: Mapping[str, Any]) -> Estimate:
    """Of a whole spec, as `spec.complete` gives it. Raises ModelNotHere or BadFile."""
    work = work_of(session, project, spec)
    if work.spec["method"] == "head":
        return of_head(work)
    for run in runs.done_with(session, work.spec["base"], work.spec["method"]):
        then = measured(session, run)
        if then is not None:
            return from_run(work, run, *then)
    low, high = span(work, work.a_second)
    why = "worked out from the size of the base and of the items; no run of this base ended here yet"
    return Estimate((low / 1.5, high * 1.5), costs.memory_bytes(work.net, work.spec, work.largest), why)


def work_of(session: Session, project: Project, spec: Mapping[str, Any]) -> Work:
    spec = filled(spec)
    labeled = sum(runs.label_counts(session, project.id).values())
    sizes = runs.labeled_sizes(session, project.id)
    net = costs.network(project.kind, spec["base"])
    sized = costs.mean_size(project.kind, spec, sizes), costs.largest_size(project.kind, spec, sizes)
    return Work(spec, net, labeled, *sized)


def of_head(work: Work) -> Estimate:
    """Between all vectors cached and none."""
    width = work.net.width or 512
    fits = (2 + work.spec["folds"]) * FIT_S * work.labeled * width
    encoded = work.labeled / DESCRIBED_A_SECOND
    if work.net.weights:
        encoded = work.labeled * costs.operations(work.net, work.spec, work.size) / speed(work.net, work.spec)
    memory = costs.memory_bytes(work.net, work.spec, work.largest)
    why = "from the number of items; less where their vectors are known already"
    return Estimate((AROUND_S / 2 + fits, AROUND_S + 2 * fits + 1.5 * encoded), memory, why)


def measured(session: Session, run: Run) -> tuple[float, Work] | None:
    """(items a second, what it worked on) of a run on this machine; None of others, or when it was not measured."""
    told, here = run.environment, devices.found()[0].name if has_gpu() else devices.CPU
    total = psutil.virtual_memory().total
    # A run may have come here in an archive, from another machine.
    is_here = (told.get("device"), told.get("threads"), told.get("memory_bytes", total)) == (here, threads(), total)
    snapshot = runs.get_snapshot(session, run.snapshot_id) if run.snapshot_id else None
    if not is_here or snapshot is None:
        return None
    project = session.get(Project, run.project_id)
    seconds, steps = run.metrics.get("train_seconds"), told.get("steps")
    if project is None or not (told.get("items_per_second") or (seconds and steps)):
        return None
    work = work_of(session, project, run.spec)
    seen = work.spec["batch_size"] * work.spec["accumulation"]
    return told.get("items_per_second") or steps * min(seen, work.n) / seconds, work


def from_run(work: Work, run: Run, a_second: float, then: Work) -> Estimate:
    """What was measured, for as much more as the rules of thumb say that this is."""
    a_second *= work.a_second / then.a_second
    low, high = span(work, a_second)
    worked_out = costs.memory_bytes(work.net, work.spec, work.largest)
    peak = run.environment.get("gpu_peak_memory_bytes" if has_gpu() else "peak_memory_bytes")
    if peak:
        worked_out = int(worked_out * peak / costs.memory_bytes(then.net, then.spec, then.largest))
    return Estimate((low * 0.8, high * 1.2), worked_out, f"measured on run {run.id}, {run.name}")


def span(work: Work, a_second: float) -> tuple[float, float]:
    """Seconds when it ends as early as its patience lets it, and when it goes through all epochs."""
    epoch_s = work.n / a_second * (1 + LOOKED_AT * 0.3 / 0.7)
    patience, epochs = work.spec["patience"], work.spec["epochs"]
    least = min(epochs, patience + 1) if patience else epochs
    folds = work.spec["folds"]
    # Each fold trains on all but its part of all labeled items, with those that validate left out too.
    times = 1 + (folds * (1 - 1 / folds) * 0.85 / 0.7 if folds else 0)
    return AROUND_S + least * epoch_s * times, AROUND_S + epochs * epoch_s * times


def has_gpu() -> bool:
    return devices.found()[0].id != devices.CPU


def speed(net: Network, spec: Mapping[str, Any]) -> float:
    """Operations a second on what a run computes on."""
    if has_gpu():
        there = next(each for capability, each in OF_A_GPU if devices.found()[0].capability >= capability)
        return there * (IN_32_BITS if spec.get("precision") == "fp32" else 1.0) * spec.get("devices", 1)
    # Each thread more waits a little for the others.
    return threads() ** 0.8 * OF_A_CORE["layers" if net.is_text or net.patch else "pyramid"]


def threads() -> int:
    """That torch computes with, by its own rule: two that share a core would only wait for each other."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) else psutil.cpu_count(logical=False) or os.cpu_count() or 1
