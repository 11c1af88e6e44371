"""Runs that die at any moment, of anything: the state shown is the truth, and a resumed run is as if nothing had been.

The workers are real processes of their own, forked from one that has torch imported (`zygote`): twenty that import it
themselves would take minutes. The one beside the killed app is started as the app starts it.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from backend.jobs import control, process
from backend.jobs.supervisor import ROOT, Supervisor, identity
from backend.training import artifact, checkpoints, watch
from db import jobs
from db import runs as rows
from db.models import Job, JobState, Project, Run
from db.session import reading, writing
from tests.training import builders
from tests.training.builders import a_run, again, curves_of, job_of, steps_done
from tests.training.zygote import Zygote
from tests.waiting import until

Spec = dict[str, Any]
# 42 training texts: six steps an epoch.
STEPS = 120


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.a_text_project()


@pytest.fixture(scope="module")
def spec(shared_home: None, tmp_path_factory: pytest.TempPathFactory) -> Spec:
    base = builders.a_tiny_bert(tmp_path_factory.mktemp("base") / "tiny")
    return {"method": "full", "base": base, "epochs": 20, "batch_size": 8, "max_length": 32, "patience": 0}


@pytest.fixture(scope="module")
def zygote(shared_home: None) -> Iterator[Zygote]:
    with Zygote() as zygote:
        yield zygote


@pytest.fixture(scope="module")
def whole(project: Project, spec: Spec, zygote: Zygote) -> Run:
    """The same run, uninterrupted."""
    run = a_run(project, **spec)
    zygote.work_on(run)
    return ended(run, JobState.DONE)


def ended(run: Run, *states: JobState, within_s: float = 120) -> Run:
    until(lambda: job_of(run).state in jobs.ENDED, timeout_s=within_s)
    assert job_of(run).state in states, job_of(run).error
    return again(run)


def resume(run: Run) -> None:
    with writing() as session:
        assert control.resume(session, run.job_id or 0).state == JobState.QUEUED


def is_at_work(run: Run) -> bool:
    job = job_of(run)
    return job.state == JobState.RUNNING and process.is_alive(identity(job))


def send(run: Run, number: signal.Signals) -> None:
    """To its process, and wait for the end of that."""
    pid = job_of(run).pid
    assert pid
    os.kill(pid, number)
    until(lambda: not psutil.pid_exists(pid))


def dies(run: Run) -> Job:
    """SIGKILL now, and what a supervisor then makes of the job."""
    send(run, signal.SIGKILL)
    Supervisor().tick()
    return job_of(run)


def learned(run: Run) -> dict[str, list[tuple[int, float]]]:
    """The curves without those of the machine: (step, value)."""
    curves = {name: points for name, points in curves_of(run).items() if name not in watch.GAUGES}
    return {name: [(point["step"], point["value"]) for point in points] for name, points in curves.items()}


def assert_no_hole_and_no_double(run: Run) -> None:
    for name, points in learned(run).items():
        steps = [step for step, _ in points]
        stride = 6 if name.startswith("validation") else 1
        assert steps == list(range(stride, steps[-1] + 1, stride)), name


def assert_as_if_nothing_had_been(run: Run, whole: Run) -> None:
    expected, found = learned(whole), learned(run)
    assert {name: len(points) for name, points in found.items()} == {name: len(each) for name, each in expected.items()}
    for name, points in expected.items():
        assert [step for step, _ in found[name]] == [step for step, _ in points]
        values = [value for _, value in found[name]]
        assert values == pytest.approx([value for _, value in points], rel=1e-4, abs=1e-6), name
    for split in ("validation", "test"):
        assert run.metrics[split]["accuracy"] == whole.metrics[split]["accuracy"]
    with reading() as session:
        assert len(rows.predictions(session, run.id)) == 18
    assert (artifact.model_folder(run) / "README.md").exists()
    assert not (artifact.folder_of_run(run.id) / "checkpoints").exists()


def has_come(moment: str, run: Run, before: int, more: int) -> bool:
    """Whether it is time: before and more are steps."""
    if moment == "step":
        return job_of(run).done > before + more
    if moment == "checkpoint":
        return job_of(run).done > before and is_writing_a_checkpoint(run)
    if moment == "saving":
        return (artifact.folder_of_run(run.id) / ".model-new").exists()
    if moment == "testing":
        return again(run).artifact is not None
    return True


def is_writing_a_checkpoint(run: Run) -> bool:
    folders = (artifact.folder_of_run(run.id) / "checkpoints").glob("checkpoint-*")
    return any(not (each / checkpoints.WHOLE).exists() for each in folders)


def test_twenty_kills_at_any_moment_leave_a_run_as_if_nothing_had_been(
    project: Project, spec: Spec, zygote: Zygote, whole: Run
) -> None:
    """Before the training, in a step, while a checkpoint is written, while the model is saved, while it is tested."""
    chance = random.Random(7)
    moments = ["start"] * 5 + ["step"] * 7 + ["checkpoint"] * 4
    chance.shuffle(moments)
    run = a_run(project, **spec)
    for moment in [*moments, "saving", "testing", "saving", "testing"]:
        zygote.work_on(run)
        until(lambda: is_at_work(run), every_s=0.005)
        until(partial(has_come, moment, run, steps_done(run), chance.randint(1, 5)), every_s=0.001)
        # Anywhere in the milliseconds after it.
        time.sleep(chance.uniform(0, 0.4 if moment == "start" else 0.01))
        assert is_at_work(run), moment
        job = dies(run)
        assert job.state == JobState.INTERRUPTED
        assert again(run).state == JobState.INTERRUPTED
        assert "Resume" in job.message
        assert_no_hole_and_no_double(run)
        resume(run)
    zygote.work_on(run)
    done = ended(run, JobState.DONE)
    assert job_of(run).attempts == 21
    assert_as_if_nothing_had_been(done, whole)


def test_a_run_outlives_the_killed_app_and_when_both_die_it_resumes(
    project: Project, spec: Spec, zygote: Zygote, whole: Run
) -> None:
    app = subprocess.Popen([sys.executable, "-c", APP], cwd=ROOT)
    run = a_run(project, **spec)
    until(lambda: steps_done(run) >= 3, timeout_s=120)
    app.kill()
    app.wait()
    seen = steps_done(run)
    until(lambda: steps_done(run) > seen + 6)
    assert is_at_work(run)
    assert dies(run).state == JobState.INTERRUPTED
    assert_no_hole_and_no_double(run)
    resume(run)
    zygote.work_on(run)
    assert_as_if_nothing_had_been(ended(run, JobState.DONE), whole)


APP = """
import time
from backend import settings
from backend.jobs.supervisor import Supervisor
from db.session import open_database

open_database(settings.database_url())
Supervisor().start()
time.sleep(600)
"""


def test_after_a_reboot_or_with_a_reused_pid_a_run_is_interrupted_and_resumes(
    project: Project, spec: Spec, zygote: Zygote, whole: Run
) -> None:
    """The pid in the database belongs to somebody else who lives: to this test."""
    run, me = a_run(project, **spec), process.me()
    # The supervisor compares with the boot id of now: an older one in the job is what a reboot leaves.
    for named in ({"boot_id": "an older boot", "pid_started": me.started}, {"pid_started": me.started - 60}):
        zygote.work_on(run)
        until(lambda: is_at_work(run) and job_of(run).done > 3)
        send(run, signal.SIGKILL)
        with writing() as session:
            jobs.write(session, run.job_id or 0, pid=me.pid, **named)
        Supervisor().tick()
        assert job_of(run).state == JobState.INTERRUPTED
        resume(run)
    zygote.work_on(run)
    assert_as_if_nothing_had_been(ended(run, JobState.DONE), whole)


@pytest.fixture
def small_disk(project: Project, spec: Spec) -> Iterator[tuple[Run, Path]]:
    """A run whose folder is a disk of its own, with room for two checkpoints and a half."""
    run = a_run(project, **spec)
    folder = artifact.folder_of_run(run.id)
    folder.mkdir(parents=True)
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mount.stderr.strip()}")
    yield run, folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_fails_with_its_own_code_and_the_run_resumes_when_there_is_room(
    small_disk: tuple[Run, Path], zygote: Zygote, whole: Run
) -> None:
    run, folder = small_disk
    zygote.work_on(run)
    ended(run, JobState.FAILED)
    error = job_of(run).error
    assert error
    assert error["code"] == "disk_full"
    assert "resume" in error["hint"]
    assert steps_done(run) >= 1
    assert_no_hole_and_no_double(run)
    subprocess.run(["mount", "-o", "remount,size=200m", folder], check=True)
    resume(run)
    zygote.work_on(run)
    assert_as_if_nothing_had_been(ended(run, JobState.DONE), whole)


def test_a_run_that_is_told_to_end_with_the_machine_is_interrupted_at_once_and_resumes(
    project: Project, spec: Spec, zygote: Zygote, whole: Run
) -> None:
    run = a_run(project, **spec)
    zygote.work_on(run)
    until(lambda: is_at_work(run) and job_of(run).done > 3)
    asked = time.monotonic()
    send(run, signal.SIGTERM)
    assert time.monotonic() - asked < 5
    assert job_of(run).state == JobState.INTERRUPTED
    resume(run)
    zygote.work_on(run)
    assert_as_if_nothing_had_been(ended(run, JobState.DONE), whole)


class Quick(Supervisor):
    """One whose workers come from the zygote."""

    def __init__(self, zygote: Zygote) -> None:
        super().__init__()
        self.zygote = zygote

    def _launch(self, job: Job) -> None:
        self.zygote.start(job.id)
        until(lambda: is_claimed(job), timeout_s=10)


def is_claimed(job: Job) -> bool:
    with reading() as session:
        return control.get(session, job.id).state != JobState.QUEUED


def test_of_two_queued_runs_one_is_stopped_while_it_waits_and_one_within_seconds_while_it_trains(
    project: Project, spec: Spec, zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINNOW_DEVICES", "cpu")
    first, second = (a_run(project, **spec | {"epochs": 900}) for _ in range(2))
    supervisor = Quick(zygote)
    supervisor.start()
    try:
        until(lambda: steps_done(first) >= 8)
        assert job_of(second).state == JobState.QUEUED
        with writing() as session:
            assert control.stop(session, second.job_id or 0).state == JobState.STOPPED
        assert job_of(second).attempts == 0
        assert is_at_work(first)
        asked = time.monotonic()
        with writing() as session:
            assert control.stop(session, first.job_id or 0).state == JobState.STOPPING
        assert again(first).state == JobState.STOPPING
        stopped = ended(first, JobState.STOPPED)
        assert time.monotonic() - asked < 5
        assert stopped.metrics["test"]["n"] == 9
        assert (artifact.model_folder(stopped) / "model.safetensors").exists()
        assert again(second).state == JobState.STOPPED
    finally:
        supervisor.end()
