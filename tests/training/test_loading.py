"""Batches made in worker processes, beside those made here. Real processes, real pictures, a real recipe."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch.nn import functional

from backend.augmenting import presets, recipes, shelf
from backend.jobs.progress import Handle, Stopped
from backend.jobs.supervisor import ROOT
from backend.training import job, pace, pictures
from backend.training.loading import Ahead
from backend.training.prepared import Order, labels
from backend.training.snapshots import Rows
from db.models import Project, Run
from db.session import writing
from tests.training import builders
from tests.training.builders import a_run, again, curves_of, job_of
from tests.waiting import until

SIDE, N, BATCH = 16, 22, 4


def batch_of(samples: Any) -> dict[str, Any]:
    targets = [each[1] for each in samples]
    return {"pixel_values": torch.stack([each[0] for each in samples]), "labels": labels(targets, 2, multi_label=False)}


@pytest.fixture
def ahead(tmp_path: Path) -> Iterator[Ahead]:
    """22 pictures in a file on the disk, varied by the preset medium, in batches of 4."""
    pixels = np.random.default_rng(1).integers(0, 256, (N, 3, SIDE, SIDE), np.uint8)
    np.save(tmp_path / "train.npy", pixels)
    rows = Rows(list(range(N)), [(bytes([number]) * 32, None) for number in range(N)], [[n % 2] for n in range(N)])
    compose = recipes.to_compose(presets.steps("medium"), SIDE)
    samples = pictures.Pictures(np.load(tmp_path / "train.npy", mmap_mode="r"), rows, compose, seed=3)
    made = Ahead(samples, batch_of, Order(N, 3, BATCH, None), BATCH)
    yield made
    made.close()


def an_epoch(ahead: Ahead, epoch: int, *, skipping: int = 0) -> list[dict[str, Any]]:
    """As the training asks: the batches in the order of the epoch, from the one after `skipping`."""
    ahead.order.epoch = ahead.epoch = epoch
    order = list(ahead.order)
    starts = range(skipping * BATCH, N, BATCH)
    return [ahead.__getitems__(order[start : start + BATCH]) for start in starts]


def assert_equal(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    assert len(one) == len(other)
    for mine, yours in zip(one, other, strict=True):
        assert torch.equal(mine["pixel_values"], yours["pixel_values"])
        assert torch.equal(mine["labels"], yours["labels"])


def pids() -> set[int]:
    """Of the processes below this one."""
    below = psutil.Process().children(recursive=True)
    return {each.pid for each in below if is_running(each.pid)}


@pytest.mark.parametrize("workers", [1, 2])
def test_every_epoch_is_the_same_wherever_it_is_made(ahead: Ahead, workers: int) -> None:
    here = [an_epoch(ahead, epoch) for epoch in range(3)]
    ahead.use(workers)
    there = [an_epoch(ahead, epoch) for epoch in range(3)]
    assert ahead.problem is None
    for mine, yours in zip(here, there, strict=True):
        assert_equal(mine, yours)
    assert not torch.equal(here[0][0]["pixel_values"], here[1][0]["pixel_values"])


def test_a_run_that_goes_on_within_an_epoch_gets_the_batches_from_there(ahead: Ahead) -> None:
    whole = an_epoch(ahead, 5)
    ahead.use(2)
    assert_equal(an_epoch(ahead, 5, skipping=2), whole[2:])
    # An epoch that was left early, and the next one.
    next_one = an_epoch(ahead, 6)
    ahead.use(0)
    assert_equal(an_epoch(ahead, 6), next_one)


def test_what_is_asked_out_of_order_is_right_too(ahead: Ahead) -> None:
    expected = ahead.made_here([7, 3])
    ahead.use(1)
    an_epoch(ahead, 0)
    assert_equal([ahead.__getitems__([7, 3])], [expected])
    assert ahead.problem is None


def test_workers_leave_the_random_numbers_of_the_training_alone(ahead: Ahead) -> None:
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    ahead.use(2)
    an_epoch(ahead, 0)
    assert torch.equal(torch.rand(2), expected)


def test_closing_ends_the_workers(ahead: Ahead) -> None:
    before = pids()
    ahead.use(2)
    an_epoch(ahead, 0)
    workers = pids() - before
    assert len(workers) == 2
    ahead.close()
    assert not pids() & workers


def test_a_killed_worker_is_given_up_and_the_batches_go_on(ahead: Ahead) -> None:
    whole = an_epoch(ahead, 0) + an_epoch(ahead, 1)
    before = pids()
    ahead.use(2)
    found = an_epoch(ahead, 0)
    for pid in pids() - before:
        os.kill(pid, signal.SIGKILL)
    found += an_epoch(ahead, 1)
    assert_equal(found, whole)
    assert ahead.problem
    assert ahead.told()["given_up"] == ahead.problem
    assert ahead.workers == 0
    # What another test left behind may have ended meanwhile.
    assert pids() <= before


# Says who its workers are once they have made a batch, and then waits for a line that never comes.
STAYS = """
import sys
import numpy as np, psutil
from backend.training.loading import Ahead
from backend.training.prepared import Order
class Samples:
    epoch = 0
    def __len__(self): return 64
    def __getitem__(self, position): return np.zeros((3, 256, 256))
ahead = Ahead(Samples(), np.stack, Order(64, 1, 8, None), 8)
ahead.use(2)
ahead.__getitems__(list(ahead.order)[:8])
print(*(each.pid for each in psutil.Process().children()), flush=True)
sys.stdin.readline()
"""


def test_workers_end_when_the_training_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STAYS], cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as training:
        assert training.stdout is not None
        pids = [int(each) for each in training.stdout.readline().split()]
        assert len(pids) == 2
        training.kill()
        until(lambda: not any(is_running(pid) for pid in pids), timeout_s=60)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.an_image_project()


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Has the runs of this test use so many workers, in this process with one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def use(workers: int) -> None:
        def choose(_trainer: Any, ahead: Ahead, *_: Any) -> dict[str, Any]:
            ahead.use(workers)
            return {"augmentation": {"workers": workers}}

        monkeypatch.setattr(pace, "choose", choose)

    yield use
    torch.set_num_threads(threads)


def a_varied_run(project: Project) -> Run:
    with writing() as session:
        recipe_id = shelf.save(session, "Medium", presets.steps("medium")).id
    return a_run(project, method="full", epochs=3, batch_size=8, recipe_id=recipe_id, patience=0)


def test_a_run_learns_the_same_with_workers_and_leaves_none(project: Project, forced: Callable[[int], None]) -> None:
    processes, losses = pids(), []
    for workers in (0, 2):
        forced(workers)
        run = a_varied_run(project)
        job.run(Handle(job_of(run)))
        losses.append([point["value"] for point in curves_of(run)["train/loss"]])
        told = again(run).environment["augmentation"]
        assert told["workers"] == workers
        assert 0 < told["share_waited"] < 1
    assert losses[0] == losses[1]
    assert pids() <= processes


def test_a_stop_leaves_no_worker_behind(
    project: Project, forced: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    processes, seen = pids(), []
    forced(2)
    run = a_varied_run(project)

    def stops_at_step_3(_handle: Handle, done: int, *_: object, **__: object) -> None:
        if done == 3:
            seen.append(len(pids() - processes))
            raise Stopped("nothing")

    monkeypatch.setattr(Handle, "report", stops_at_step_3)
    with pytest.raises(Stopped):
        job.run(Handle(job_of(run)))
    assert seen == [2]
    assert pids() <= processes


class Tiny(torch.nn.Module):
    """With what a step can leave behind: weights, running statistics, dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.drop = torch.nn.BatchNorm2d(3), torch.nn.Dropout(0.5)
        self.last = torch.nn.Linear(3 * SIDE * SIDE, 2)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.last(self.drop(self.norm(pixel_values.float())).flatten(1))


def a_trainer(model: Tiny) -> Any:
    """As much of a Trainer as a trial asks for."""

    def compute_loss(model: Tiny, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return functional.cross_entropy(model(inputs["pixel_values"]), inputs["labels"])

    args = SimpleNamespace(world_size=1, bf16=False, fp16=False)
    return SimpleNamespace(model=model, args=args, compute_loss=compute_loss, _prepare_inputs=dict)


def test_the_trials_leave_no_trace(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "TRIAL_S", 0.05)
    model = Tiny().eval()
    before, random = {name: each.clone() for name, each in model.state_dict().items()}, torch.get_rng_state()
    processes = pids()
    said: list[str] = []
    found = pace.choose(a_trainer(model), ahead, 10**6, said.append)["augmentation"]
    assert {pace.HERE, pace.name_of(1)} <= set(found["steps_per_second"])
    assert all(rate > 0 for rate in found["steps_per_second"].values())
    assert found["workers"] == ahead.workers
    assert pace.name_of(2) in said[-1] or len(pace.candidates()) == 1
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())
    assert all(each.grad is None for each in model.parameters())
    assert not model.training
    assert torch.equal(torch.get_rng_state(), random)
    assert (ahead.epoch, ahead.order.epoch) == (0, 0)
    assert pids() <= processes


def test_a_short_run_is_not_measured(ahead: Ahead) -> None:
    found = pace.choose(a_trainer(Tiny()), ahead, pace.FEWEST_STEPS - 1, fail)["augmentation"]
    assert (found["place"], found["workers"], found["steps_per_second"]) == (pace.HERE, 0, {})


def test_pictures_that_nothing_varies_are_not_measured(ahead: Ahead) -> None:
    assert isinstance(ahead.samples, pictures.Pictures)
    ahead.samples.compose = None
    assert pace.choose(a_trainer(Tiny()), ahead, 10**6, fail) == {}


def fail(message: str) -> None:
    raise AssertionError(message)


def test_a_stop_during_the_trials_ends_their_workers(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "TRIAL_S", 0.05)
    processes = pids()

    def stop(message: str) -> None:
        if pace.name_of(1) in message and pids() - processes:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        pace.choose(a_trainer(Tiny()), ahead, 10**6, stop)
    assert pids() <= processes
