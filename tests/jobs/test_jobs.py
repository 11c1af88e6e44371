"""Jobs with real worker processes: started, stopped, killed, resumed."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend import errors
from backend.jobs import control, kinds, process
from backend.jobs.supervisor import ROOT, Supervisor, identity
from db import jobs
from db.models import Job, JobKind, JobState
from db.session import reading, writing
from tests.waiting import until


def a_job(**spec: Any) -> int:
    with writing() as session:
        return control.add(session, JobKind.EXPORT, None, {"to": 3, **spec}, "Counting").id


def state_of(job_id: int) -> Job:
    with reading() as session:
        return control.get(session, job_id)


def wait_for(job_id: int, *states: JobState) -> Job:
    return until(lambda: job if (job := state_of(job_id)).state in states else None)


def kill(job: Job) -> None:
    assert job.pid
    os.kill(job.pid, signal.SIGKILL)


def test_a_job_runs_in_a_process_of_its_own_and_ends_with_its_report(supervisor: Supervisor) -> None:
    job = wait_for(a_job(), JobState.DONE)
    assert job.report == {"counted": 3, "started_at": 0}
    assert job.pid != os.getpid()
    assert job.started_at
    assert job.finished_at
    assert job.finished_at >= job.started_at


def test_a_job_goes_on_when_its_supervisor_ends_and_the_next_one_sees_it_end(supervisor: Supervisor) -> None:
    job_id = a_job(to=40, pace_s=0.02)
    wait_for(job_id, JobState.RUNNING)
    supervisor.end()
    assert wait_for(job_id, JobState.DONE).report == {"counted": 40, "started_at": 0}


def test_a_killed_job_is_interrupted_and_resumes_where_it_was(supervisor: Supervisor) -> None:
    job_id = a_job(to=60, pace_s=0.05)
    until(lambda: (state_of(job_id).cursor or {}).get("at", 0) > 5)
    kill(state_of(job_id))
    assert "Resume" in wait_for(job_id, JobState.INTERRUPTED).message
    with writing() as session:
        control.resume(session, job_id)
    job = wait_for(job_id, JobState.DONE)
    assert job.attempts == 2
    assert job.report
    assert job.report["started_at"] > 5


def test_a_running_job_stops_soon_after_it_is_asked(supervisor: Supervisor) -> None:
    job_id = a_job(to=10_000, pace_s=0.01)
    wait_for(job_id, JobState.RUNNING)
    with writing() as session:
        assert control.stop(session, job_id).state == JobState.STOPPING
    assert wait_for(job_id, JobState.STOPPED).message == "Stopped."


def test_a_queued_job_stops_without_ever_starting(home: Path) -> None:
    job_id = a_job()
    with writing() as session:
        assert control.stop(session, job_id).state == JobState.STOPPED
    assert state_of(job_id).pid is None


def test_an_error_for_a_person_is_kept_as_such_and_a_bug_points_to_the_log(supervisor: Supervisor) -> None:
    failed = wait_for(a_job(fails=True), JobState.FAILED)
    assert failed.error == {"code": "invalid", "message": "It cannot be counted.", "hint": "Count something else."}
    broken = wait_for(a_job(breaks=True), JobState.FAILED)
    assert broken.error
    assert "a bug" in broken.error["message"]
    assert "winnow.log" in broken.error["hint"]


def test_a_process_that_dies_by_itself_leaves_an_interrupted_job(supervisor: Supervisor) -> None:
    assert wait_for(a_job(dies=True), JobState.INTERRUPTED).pid


def test_jobs_of_one_lane_wait_for_each_other(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinds.LANES, "files", 1)
    first, second = a_job(to=20, pace_s=0.05), a_job()
    wait_for(first, JobState.RUNNING)
    assert state_of(second).state == JobState.QUEUED
    done_first, done_second = wait_for(first, JobState.DONE), wait_for(second, JobState.DONE)
    assert done_first.finished_at
    assert done_second.started_at
    assert done_second.started_at >= done_first.finished_at


def test_two_workers_on_one_job_are_one_worker(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'tests' / 'jobs' / 'site'}{os.pathsep}{ROOT}")
    job_id = a_job(to=20, pace_s=0.02)
    command = [sys.executable, "-m", "backend.jobs.worker", str(job_id)]
    workers = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [worker.wait() for worker in workers] == [0, 0]
    job = state_of(job_id)
    assert (job.state, job.attempts) == (JobState.DONE, 1)


@pytest.mark.parametrize("change", ["boot", "start time"])
def test_a_pid_that_was_given_to_another_process_is_not_our_job(home: Path, change: str) -> None:
    """A reboot, or a pid that is reused: the process named in the database is not the one that has the pid now."""
    job_id = a_job()
    me = process.me()
    claimed = {"pid": me.pid, "pid_started": me.started, "boot_id": me.boot_id}
    claimed |= {"boot_id": "an older boot"} if change == "boot" else {"pid_started": me.started - 60}
    with writing() as session:
        jobs.move(session, job_id, JobState.RUNNING, of=[JobState.QUEUED], **claimed)
    Supervisor().tick()
    assert state_of(job_id).state == JobState.INTERRUPTED


def test_a_job_resumed_before_its_dead_process_was_noticed_runs_again(supervisor: Supervisor) -> None:
    """The supervisor learns of the death from the table of processes, and only later from its child's exit code."""
    supervisor.end()
    job_id = a_job(to=60, pace_s=0.05)
    supervisor.tick()
    job = wait_for(job_id, JobState.RUNNING)
    kill(job)
    until(lambda: not process.is_alive(identity(job)))
    with writing() as session:
        jobs.move(session, job_id, JobState.INTERRUPTED, of=jobs.ALIVE)
        control.resume(session, job_id)
    supervisor.tick()
    assert state_of(job_id).state in (JobState.QUEUED, JobState.RUNNING)


def test_a_worker_that_cannot_start_is_a_failed_job_and_not_tried_for_ever(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.jobs.supervisor.ROOT", Path("/"))
    monkeypatch.delenv("PYTHONPATH")
    assert wait_for(a_job(), JobState.FAILED).error["code"] == "worker_did_not_start"


def test_a_finished_job_cannot_be_resumed(supervisor: Supervisor) -> None:
    job_id = a_job()
    wait_for(job_id, JobState.DONE)
    with writing() as session, pytest.raises(errors.Conflict, match="nothing to resume"):
        control.resume(session, job_id)
