"""One run on two devices that train together: two processes on the processor here, as they would be on two GPUs."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from backend import errors
from backend.jobs import control, places
from backend.jobs.progress import Interrupted, Stopped
from backend.jobs.supervisor import Supervisor
from backend.training import artifact, rank, several
from backend.training.prepared import Order
from backend.training.several import Rank
from backend.training.shares import Shares
from db.models import JobState, Project, Run
from db.session import writing
from tests.training import builders
from tests.training.builders import a_run, again, curves_of, job_of, steps_done, worker_of
from tests.waiting import until

Spec = dict[str, Any]
# 42 training texts in batches of 4 for each of two ranks.
STEPS_AN_EPOCH, EPOCHS = 6, 20


@pytest.fixture(scope="module", autouse=True)
def _two_places(shared_home: None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINNOW_DEVICES", "cpu,cpu")
        yield


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.a_text_project()


@pytest.fixture(scope="module")
def spec(shared_home: None, tmp_path_factory: pytest.TempPathFactory) -> Spec:
    base = builders.a_tiny_bert(tmp_path_factory.mktemp("base") / "tiny")
    return {
        "method": "full",
        "base": base,
        "epochs": EPOCHS,
        "batch_size": 4,
        "max_length": 32,
        "patience": 0,
        "devices": 2,
    }


@pytest.mark.parametrize(("n", "batch_size", "ranks"), [(42, 4, 2), (43, 8, 3), (16, 8, 2), (7, 2, 3), (5, 64, 2)])
def test_the_ranks_see_every_item_once_an_epoch_in_steps_of_like_size(n: int, batch_size: int, ranks: int) -> None:
    order = Order(n, 3, batch_size, None)
    shares = [list(Shares(order, batch_size, Rank(number, ranks))) for number in range(ranks)]
    assert sorted(position for share in shares for batch in share for position in batch) == list(range(n))
    assert {len(share) for share in shares} == {len(Shares(order, batch_size, Rank(0, ranks)))}
    sizes = {len(batch) for share in shares for batch in share}
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    assert shares == [list(Shares(order, batch_size, Rank(number, ranks))) for number in range(ranks)]
    order.epoch = 1
    assert shares[0] != list(Shares(order, batch_size, Rank(0, ranks)))


def test_with_fewer_items_than_ranks_each_still_has_one() -> None:
    shares = [list(Shares(Order(2, 3, 8, None), 8, Rank(number, 3))) for number in range(3)]
    assert [len(share) for share in shares] == [1, 1, 1]
    assert {position for share in shares for position in share[0]} == {0, 1}


def ranks_of(worker_pid: int) -> list[psutil.Process]:
    found = []
    for process in psutil.Process(worker_pid).children(recursive=True):
        command = process.cmdline()
        if "backend.training.rank" in command and "accelerate.commands.launch" not in command:
            found.append(process)
    return sorted(found, key=lambda each: int(each.environ()["RANK"]))


def test_a_run_whose_rank_or_worker_dies_or_that_is_stopped_ends_whole_and_goes_on_as_if_nothing_had_been(
    project: Project, spec: Spec
) -> None:
    whole = builders.trained(project, **spec)
    points = curves_of(whole)["train/loss"]
    assert [point["step"] for point in points] == list(range(1, EPOCHS * STEPS_AN_EPOCH + 1))
    assert whole.metrics["test"]["n"] == 9
    assert whole.environment["devices"] == 2
    assert job_of(whole).device == "cpu,cpu"
    assert (artifact.model_folder(whole) / "model.safetensors").exists()
    assert not (artifact.folder_of_run(whole.id) / "checkpoints").exists()

    run = a_run(project, **spec)
    # A rank dies: the others end with it, and the run is interrupted.
    worker, ranks = at_step(run, 2 * STEPS_AN_EPOCH)
    os.kill(ranks[1].pid, signal.SIGKILL)
    assert worker.wait(timeout=120) == 0
    assert not any(each.is_running() for each in ranks)
    job = job_of(run)
    assert job.state == JobState.INTERRUPTED
    assert "One of the processes" in job.message
    # The job's own process dies: its ranks do not go on without it.
    resume(run)
    worker, ranks = at_step(run, steps_done(run) + 2)
    worker.kill()
    worker.wait()
    until(lambda: not any(each.is_running() for each in ranks), timeout_s=10)
    Supervisor().tick()
    assert job_of(run).state == JobState.INTERRUPTED
    # Somebody stops it: all ranks end at the same step, and the best so far is kept.
    resume(run)
    worker, ranks = at_step(run, steps_done(run) + 2)
    with writing() as session:
        control.stop(session, run.job_id or 0)
    assert worker.wait(timeout=120) == 0
    assert not any(each.is_running() for each in ranks)
    assert job_of(run).state == JobState.STOPPED
    assert again(run).metrics["test"]["n"] == 9
    assert (artifact.model_folder(again(run)) / "model.safetensors").exists()
    assert steps_done(run) < EPOCHS * STEPS_AN_EPOCH

    # Both times it went on in the very same steps.
    found = curves_of(run)["train/loss"]
    assert [point["step"] for point in found] == [point["step"] for point in points[: len(found)]]
    values = [point["value"] for point in found]
    assert values == pytest.approx([point["value"] for point in points[: len(found)]], rel=1e-4, abs=1e-6)


def resume(run: Run) -> None:
    with writing() as session:
        control.resume(session, run.job_id or 0)


def at_step(run: Run, step: int) -> tuple[subprocess.Popen[bytes], list[psutil.Process]]:
    """The run's worker and its two ranks, once so many steps are in the database."""
    worker = worker_of(run)
    until(lambda: steps_done(run) >= step, timeout_s=240)
    ranks = ranks_of(worker.pid)
    assert len(ranks) == 2
    return worker, ranks


def test_what_a_rank_fails_with_is_what_the_run_fails_with_and_a_death_interrupts_it(tmp_path: Path) -> None:
    assert isinstance(several.problem(tmp_path), Interrupted)
    said = {"code": "memory", "message": "The machine ran out of memory.", "hint": "Use a smaller batch."}
    (tmp_path / "error-1.json").write_text(json.dumps(said), "utf-8")
    raised = several.problem(tmp_path)
    assert isinstance(raised, errors.WinnowError)
    assert raised.as_json() == said
    (tmp_path / "stopped-0.json").write_text('{"keep": "nothing", "message": ""}', "utf-8")
    assert isinstance(several.problem(tmp_path), Stopped)


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (RuntimeError("[/x/gloo/transport/tcp/pair.cc:545] Read error: Connection reset by peer"), True),
        (torch.distributed.DistBackendError("NCCL error: remote process exited"), True),
        (RuntimeError("CUDA error: device-side assert triggered"), False),
        (MemoryError(), False),
    ],
)
def test_a_rank_that_misses_another_one_does_not_speak_of_that_as_its_own_failure(
    error: Exception, is_lost: bool
) -> None:
    assert rank.has_lost_the_others(error) == is_lost


def test_a_run_that_wants_more_devices_than_there_are_says_so(
    project: Project, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(project, **spec)
    monkeypatch.setenv("WINNOW_DEVICES", "cpu")
    assert places.of_lane("compute") == ["cpu"]
    assert worker_of(run).wait(timeout=60) == 0
    job = job_of(run)
    assert job.state == JobState.FAILED
    assert job.error
    assert "2 devices together" in job.error["message"]
