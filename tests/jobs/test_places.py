"""Devices: one job each, several side by side, and a job that needs several waits for them in its turn."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from backend.jobs import control, devices, kinds, places
from backend.jobs.supervisor import Supervisor
from backend.training import sweeps
from db import jobs, runs
from db import sweeps as sweep_rows
from db.models import Job, JobKind, JobState, Run, RunState, Sweep
from db.session import Session, reading, writing
from tests.training.builders import a_project
from tests.waiting import until

LISTED = """0, NVIDIA H200, 143771, 9.0, GPU-aaaa
1, NVIDIA H200, 143771, 9.0, GPU-bbbb
2, NVIDIA A10, 23028, 8.6, GPU-cccc
"""


def a_job(to: int = 3, pace_s: float = 0.0) -> int:
    with writing() as session:
        spec = {"to": to, "pace_s": pace_s}
        return control.add(session, JobKind.GROUP, None, spec, "Counting").id


def job(job_id: int) -> Job:
    with reading() as session:
        return control.get(session, job_id)


def state(job_id: int) -> JobState:
    return JobState(job(job_id).state)


def a_run_of(session: Session, count: int, sweep: Sweep | None = None) -> Run:
    """A queued run on so many devices, and its job."""
    project = a_project(session, ["a", "b"])
    spec = {"method": "full", "devices": count}
    run = runs.add(session, Run(project_id=project.id, name="R", spec=spec, state=RunState.QUEUED))
    run.sweep_id = sweep.id if sweep else None
    run.job_id = control.add(session, JobKind.TRAIN, project.id, {"run_id": run.id}, "Train").id
    session.flush()
    return run


def test_as_many_jobs_compute_as_there_are_places_even_on_one_processor(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINNOW_DEVICES", "cpu,cpu")
    first, second, third = a_job(60, 0.05), a_job(60, 0.05), a_job()
    until(lambda: state(first) == state(second) == JobState.RUNNING)
    assert state(third) == JobState.QUEUED
    assert [job(each).device for each in (first, second)] == ["cpu", "cpu"]
    until(lambda: state(third) == JobState.DONE)
    begun = job(third).started_at
    ended = min(each for each in (job(first).finished_at, job(second).finished_at) if each)
    assert begun
    assert begun >= ended


@pytest.fixture
def three_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    devices._gpus.cache_clear()
    monkeypatch.setattr("backend.jobs.devices.shutil.which", lambda _: "nvidia-smi")
    told = subprocess.CompletedProcess([], 0, stdout=LISTED)
    monkeypatch.setattr("backend.jobs.devices.subprocess.run", lambda *_, **__: told)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("WINNOW_DEVICES", raising=False)
    monkeypatch.setattr(devices, "_gpus", devices._gpus.__wrapped__)


def test_places_are_the_gpus_that_the_machine_and_its_person_leave_us(
    three_gpus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert places.of_lane(kinds.COMPUTE) == ["0", "1", "2"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-bbbb")
    assert places.of_lane(kinds.COMPUTE) == ["2", "1"]
    monkeypatch.setenv("WINNOW_DEVICES", "1")
    assert places.of_lane(kinds.COMPUTE) == ["1"]
    monkeypatch.setenv("WINNOW_DEVICES", "cpu")
    assert places.of_lane(kinds.COMPUTE) == ["cpu"]


def test_a_worker_sees_only_the_gpus_that_it_has_claimed(three_gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = places.environment(("1",), {})
    assert (seen["CUDA_VISIBLE_DEVICES"], seen["CUDA_DEVICE_ORDER"]) == ("1", "PCI_BUS_ID")
    assert places.environment(("0", "2"), {})["CUDA_VISIBLE_DEVICES"] == "0,2"
    assert "OMP_NUM_THREADS" in seen
    assert "OMP_NUM_THREADS" not in places.environment(("1",), {"OMP_NUM_THREADS": "4"})
    assert "CUDA_VISIBLE_DEVICES" not in places.environment(("cpu",), {})
    monkeypatch.setenv("WINNOW_DEVICES", "cpu")
    assert places.environment(("cpu",), {}) == {"CUDA_VISIBLE_DEVICES": ""}


def test_a_run_on_several_devices_waits_in_its_turn_and_nobody_overtakes_it(session: Session, three_gpus: None) -> None:
    claim = {"pid": 1, "pid_started": 1.0, "boot_id": "this"}
    alone, pair, later = (a_run_of(session, count).job_id or 0 for count in (1, 3, 1))
    jobs.move(session, alone, JobState.RUNNING, of=[JobState.QUEUED], device="1", **claim)
    queued = jobs.in_states(session, [JobState.QUEUED])
    assert [each.id for each in queued] == [pair, later]
    assert places.free(session, kinds.COMPUTE) == ["0", "2"]
    assert places.claimable(session, queued[0]) is None
    assert Supervisor()._ready(session, queued) == []
    jobs.move(session, alone, JobState.DONE, of=[JobState.RUNNING])
    assert places.claimable(session, queued[0]) == ["0", "1", "2"]
    assert [each.id for each in Supervisor()._ready(session, queued)] == [pair]


def test_two_runs_on_two_gpus_each_have_their_own(session: Session, three_gpus: None) -> None:
    claim = {"pid": 1, "pid_started": 1.0, "boot_id": "this"}
    first = a_run_of(session, 2)
    jobs.move(session, first.job_id or 0, JobState.RUNNING, of=[JobState.QUEUED], device="0,1", **claim)
    second = jobs.get(session, a_run_of(session, 1).job_id or 0)
    assert second
    assert places.claimable(session, second) == ["2"]


def a_sweep(session: Session, minutes: float) -> Sweep:
    project = a_project(session, ["a", "b"])
    return sweep_rows.add(session, Sweep(project_id=project.id, name="S", minutes=minutes))


def test_a_run_of_a_sweep_without_minutes_left_is_stopped_and_not_started(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINNOW_DEVICES", "cpu")
    with writing() as session:
        run = a_run_of(session, 1, a_sweep(session, 0.0))
        assert sweeps.over_budget(session, run)
    until(lambda: state(run.job_id or 0) == JobState.STOPPED)
    ended: Any = job(run.job_id or 0)
    assert ended.message == "The sweep's minutes are used up."
    assert (ended.attempts, ended.pid) == (0, None)


def test_the_log_of_a_job_is_what_its_process_wrote(supervisor: Supervisor, home: Path) -> None:
    job_id = a_job()
    until(lambda: state(job_id) == JobState.DONE)
    text = (home / "logs" / f"job-{job_id}.log").read_text("utf-8")
    assert f"job {job_id} group starts, attempt 1, on cpu" in text
    assert f"job {job_id} is done" in text
