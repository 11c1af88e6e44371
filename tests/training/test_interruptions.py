"""Runs that are killed, stopped and resumed, in real worker processes."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend import errors
from backend.jobs import control
from backend.jobs.progress import Handle
from backend.training import artifact, checkpoints, job, watch
from backend.training.prepared import Order
from db import runs as rows
from db.models import JobState, Project, Run
from db.session import reading, writing
from tests.training import builders
from tests.training.builders import a_run, again, curves_of, job_of, killed_after, resumed, steps_done, worker_of
from tests.waiting import until

# 42 training texts: six steps an epoch, 120 in all.
STEPS = 120
Spec = dict[str, Any]


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.a_text_project()


@pytest.fixture(scope="module")
def spec(shared_home: None, tmp_path_factory: pytest.TempPathFactory) -> Spec:
    base = builders.a_tiny_bert(tmp_path_factory.mktemp("base") / "tiny")
    return {"method": "full", "base": base, "epochs": 20, "batch_size": 8, "max_length": 32, "patience": 0}


@pytest.fixture(scope="module")
def whole(project: Project, spec: Spec) -> Run:
    return builders.trained(project, **spec)


def test_a_killed_run_is_interrupted_and_its_curve_goes_on_as_if_nothing_had_been(
    project: Project, spec: Spec, whole: Run
) -> None:
    run = a_run(project, **spec)
    killed_after(run, steps=8)
    assert again(run).state == JobState.INTERRUPTED
    assert steps_done(run) < STEPS
    assert resumed(run).state == JobState.DONE
    assert job_of(run).attempts == 2
    expected, found = curves_of(whole), curves_of(run)
    # How busy the machine was is measured about once a second, wherever the training is then.
    for name in watch.GAUGES:
        assert expected.pop(name, []) or name in {"system/gpu", "system/gpu_memory"}
        steps = [point["step"] for point in found.pop(name, [])]
        assert steps == sorted(set(steps))
    assert {name: len(points) for name, points in found.items()} == {name: len(p) for name, p in expected.items()}
    for name, points in expected.items():
        values = [point["value"] for point in found[name]]
        assert values == pytest.approx([point["value"] for point in points], rel=1e-4, abs=1e-6), name
    assert again(run).metrics["test"]["accuracy"] == whole.metrics["test"]["accuracy"]


def test_a_run_that_dies_within_an_epoch_goes_on_at_its_step(
    project: Project, spec: Spec, whole: Run, one_thread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, with a checkpoint at every step, failing at one that ends no epoch."""
    monkeypatch.setattr(watch, "CHECKPOINT_EVERY_S", -1.0)
    run = a_run(project, **spec)
    report = Handle.report

    def dies_at_step_33(handle: Handle, done: int, *args: object, **more: object) -> None:
        if done == 33:
            raise RuntimeError("as if the machine had lost power")
        report(handle, done, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Handle, "report", dies_at_step_33)
    with pytest.raises(RuntimeError, match="power"):
        job.run(Handle(job_of(run)))
    monkeypatch.setattr(Handle, "report", report)
    assert steps_done(run) == 32
    job.run(Handle(job_of(run)))
    losses = [[point["value"] for point in curves_of(each)["train/loss"]] for each in (run, whole)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4, abs=1e-6)


def test_a_checkpoint_that_was_cut_short_is_not_used(tmp_path: Path) -> None:
    for step in (6, 12):
        (tmp_path / f"checkpoint-{step}").mkdir()
    (tmp_path / "checkpoint-6" / checkpoints.WHOLE).touch()
    assert checkpoints.newest(tmp_path) == tmp_path / "checkpoint-6"
    assert not (tmp_path / "checkpoint-12").exists()


def stopped(run: Run, keep: str, steps: int) -> Run:
    worker = worker_of(run)
    until(lambda: steps_done(run) >= steps, timeout_s=240)
    with writing() as session:
        control.stop(session, run.job_id or 0, keep)
    assert worker.wait(timeout=60) == 0
    return again(run)


def test_stopping_can_keep_the_best_model_so_far_and_be_taken_back(project: Project, spec: Spec, whole: Run) -> None:
    run = stopped(a_run(project, **spec | {"epochs": 900}), "best", steps=8)
    assert run.state == JobState.STOPPED
    assert run.metrics["test"]["n"] == 9
    assert (artifact.model_folder(run) / "README.md").exists()
    points = steps_done(run)
    with writing() as session:
        control.resume(session, run.job_id or 0)
        control.stop(session, run.job_id or 0)
    assert job_of(run).state == JobState.STOPPED
    assert steps_done(run) == points
    assert (artifact.folder_of_run(run.id) / "checkpoints").is_dir()


def test_stopping_can_leave_nothing_behind(project: Project, spec: Spec) -> None:
    run = stopped(a_run(project, **spec | {"epochs": 900}), "nothing", steps=2)
    assert (run.state, run.artifact, run.metrics) == (JobState.STOPPED, None, {})
    assert not artifact.folder_of_run(run.id).exists()
    with reading() as session:
        assert not rows.predictions(session, run.id)


@pytest.mark.parametrize(
    ("logs", "precision", "hint"),
    [
        ({"loss": float("nan")}, "fp32", "ten times lower"),
        ({"loss": 1.0, "grad_norm": float("inf")}, "bf16", "fp32"),
        ({"loss": float("inf"), "grad_norm": float("nan")}, "fp16", "fp32"),
    ],
)
def test_what_is_no_number_fails_with_what_to_do(
    project: Project, spec: Spec, logs: dict[str, float], precision: str, hint: str
) -> None:
    looks_on = a_watch(a_run(project, **spec), precision)
    with pytest.raises(errors.NotANumber, match="no longer a number after step 3") as raised:
        looks_on.on_log(None, AT_STEP_3, None, logs)
    assert hint in raised.value.hint
    assert raised.value.code == "not_a_number"


def test_a_gradient_too_large_for_fp16_is_left_out_and_no_failure(project: Project, spec: Spec) -> None:
    """The steps in which the scale of the loss is found; too many are a failure all the same."""
    run = a_run(project, **spec)
    looks_on = a_watch(run, "fp16")
    logs = {"loss": 1.0, "grad_norm": float("inf")}
    looks_on.on_log(None, AT_STEP_3, None, logs)
    looks_on.write()
    assert set(curves_of(run)) - set(watch.GAUGES) == {"train/loss"}
    for step in range(watch.MOST_LEFT_OUT - 2):
        looks_on.on_log(None, SimpleNamespace(global_step=4 + step, epoch=0.5), None, logs)
    with pytest.raises(errors.NotANumber, match="The gradient"):
        looks_on.on_log(None, AT_STEP_3, None, logs)


AT_STEP_3 = SimpleNamespace(global_step=3, epoch=0.5)


def a_watch(run: Run, precision: str) -> watch.Watch:
    told = {"patience": 0, "precision": precision}
    return watch.Watch(Handle(job_of(run)), run.id, Order(1, 0, 1, None), NoSamples(), told)


class NoSamples:
    epoch = 0

    def __len__(self) -> int:
        return 0

    def __getitem__(self, position: int) -> None: ...
