"""How jobs end: when they are asked to, when they hang, when the machine ends them, when their time is used up."""

import os
import signal
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend.jobs import control, progress
from backend.jobs import supervisor as supervising
from backend.jobs.progress import Handle, Stopped
from backend.jobs.supervisor import Supervisor
from backend.training import sweeps
from db import jobs, runs
from db import sweeps as sweep_rows
from db.models import Job, JobKind, JobState, Run, RunState, Sweep
from db.session import reading, writing
from tests.training.builders import a_project
from tests.waiting import until


def a_job(**spec: Any) -> int:
    with writing() as session:
        return control.add(session, JobKind.EXPORT, None, {"to": 3, **spec}, "Counting").id


def job(job_id: int) -> Job:
    with reading() as session:
        return control.get(session, job_id)


def at_rest(job_id: int, timeout_s: float = 30) -> Job:
    return until(lambda: found if (found := job(job_id)).state in jobs.ENDED else None, timeout_s)


def begun(job_id: int) -> Job:
    return until(lambda: found if (found := job(job_id)).cursor else None)


def stop(job_id: int, keep: str = "best") -> None:
    with writing() as session:
        assert control.stop(session, job_id, keep).state == JobState.STOPPING


def test_a_job_that_is_asked_to_stop_may_take_its_time_while_it_lives(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that saves and tests its best model: it used to be ended in the middle of that."""
    monkeypatch.setattr(supervising, "STOP_PATIENCE_S", 1.5)
    job_id = a_job(computes_s=4.0)
    begun(job_id)
    stop(job_id)
    ended = at_rest(job_id)
    assert (ended.state, ended.message) == (JobState.STOPPED, "Stopped.")


def test_a_job_that_hangs_is_ended_when_it_was_asked_to_stop(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "STOP_PATIENCE_S", 1.5)
    job_id = a_job(hangs=True)
    begun(job_id)
    stop(job_id)
    ended = at_rest(job_id)
    assert (ended.state, ended.message) == (JobState.STOPPED, "It did not answer and was ended.")


def test_a_job_that_is_to_leave_nothing_is_ended_soon_also_when_it_was_to_keep_the_best_first(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "NOTHING_PATIENCE_S", 0.5)
    job_id = a_job(computes_s=60.0)
    begun(job_id)
    stop(job_id)
    stop(job_id, "nothing")
    stop(job_id, "best")
    assert job(job_id).stop_keep == "nothing"
    assert at_rest(job_id).state == JobState.STOPPED


def test_a_job_beats_while_it_works_and_not_while_it_hangs(supervisor: Supervisor) -> None:
    hanging = a_job(hangs=True)
    begun(hanging)
    working = at_rest(a_job(computes_s=3.0))
    silent = job(hanging)
    assert silent.state == JobState.RUNNING
    assert working.beat_at
    assert silent.beat_at
    # The last beat of the one fell into its work, and that of the other before the work of the first.
    assert working.started_at
    assert working.beat_at - working.started_at > timedelta(seconds=1.5)
    assert working.beat_at - silent.beat_at > timedelta(seconds=1.5)


def test_sigterm_ends_a_job_at_once_as_interrupted_whatever_it_is_at(supervisor: Supervisor) -> None:
    for spec in ({"hangs": True}, {"computes_s": 60.0}):
        job_id = a_job(**spec)
        pid = begun(job_id).pid
        assert pid
        os.kill(pid, signal.SIGTERM)
        ended = at_rest(job_id, timeout_s=5)
        assert ended.state == JobState.INTERRUPTED
        assert "machine shuts down" in ended.message


def test_a_child_that_was_killed_from_outside_may_have_been_too_large(supervisor: Supervisor) -> None:
    """As the kernel does when memory runs out."""
    job_id = a_job(hangs=True)
    pid = begun(job_id).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    ended = at_rest(job_id)
    assert ended.state == JobState.INTERRUPTED
    assert "run out of memory" in ended.message


@pytest.fixture
def run_of_sweep(home: Path) -> Run:
    with writing() as session:
        project = a_project(session, ["a", "b"])
        sweep = sweep_rows.add(session, Sweep(project_id=project.id, name="S", minutes=5.0))
        run = runs.add(session, Run(project_id=project.id, name="R", spec={}, state=RunState.QUEUED))
        run.sweep_id = sweep.id
        run.job_id = control.add(session, JobKind.TRAIN, project.id, {"run_id": run.id}, "Train").id
        jobs.move(session, run.job_id, JobState.RUNNING, of=[JobState.QUEUED])
        return run


def test_a_run_of_a_sweep_ends_with_its_best_when_the_minutes_are_used_up(
    run_of_sweep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "ASK_BUDGET_EVERY_S", -1.0)
    job_id = run_of_sweep.job_id or 0
    handle = Handle(job(job_id))
    handle.report(1, 10)
    asked: list[int] = []

    def over(_session: Any, run: Run) -> bool:
        asked.append(run.id)
        return True

    monkeypatch.setattr(sweeps, "over_budget", over)
    with pytest.raises(Stopped) as raised:
        handle.report(10, 10)
    assert (raised.value.keep, raised.value.message) == ("best", "The sweep's minutes are used up.")
    assert asked == [run_of_sweep.id]
    assert job(job_id).state == JobState.STOPPING
    with writing() as session:
        control.stop(session, job_id, "nothing")
    with pytest.raises(Stopped) as raised:
        handle.report(10, 10)
    assert raised.value.keep == "nothing"


def test_the_budget_is_not_asked_for_at_every_step(run_of_sweep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Handle(job(run_of_sweep.job_id or 0))
    monkeypatch.setattr(sweeps, "over_budget", lambda *_: pytest.fail("asked at once"))
    for _ in range(5):
        handle.report(10, 10)
    assert SimpleNamespace(**vars(handle)).has_begun
