"""The training loop in this process, with a base of two small layers: for the tests of its settings and failures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from backend.jobs.progress import Handle
from backend.training import fine_tune, job, loop, setting
from db.models import Run
from tests.training import builders
from tests.training.builders import curves_of, job_of

# 42 training texts: 11 batches of 4.
N, BATCH = 42, 4
Spec = dict[str, Any]


def a_spec(folder: Path) -> Spec:
    """folder: for the base."""
    base = builders.a_tiny_bert(folder)
    return {"method": "full", "base": base, "epochs": 2, "batch_size": BATCH, "max_length": 32, "patience": 0}


@dataclass
class Learned:
    run: Run
    trained: loop.Trained

    @property
    def facts(self) -> dict[str, Any]:
        return self.trained.facts

    def curve(self, name: str) -> list[float]:
        return [point["value"] for point in curves_of(self.run).get(name, [])]


def learned(
    run: Run,
    folder: Path,
    *,
    prepare: Callable[[Any, Any], Any] = lambda model, prepared: prepared,
    run_id: int | None = -1,
    **more: Any,
) -> Learned:
    """Trained from the newest checkpoint in the folder. prepare: may change the model, and returns what is prepared."""
    frozen, handle = job.frozen_for(run), Handle(job_of(run))
    spec = setting.filled(run.spec) | more
    torch.manual_seed(spec["seed"])
    built, prepared = fine_tune.texts(handle, frozen, spec, folder)
    prepared = prepare(built.model, prepared)
    told = {"frozen": frozen, "spec": spec, "folder": folder / "checkpoints"}
    trained = loop.train(handle, run.id if run_id == -1 else run_id, built.model, prepared, **told)
    return Learned(run, trained)
