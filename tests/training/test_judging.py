"""The story of a run around its training: baselines, thresholds, and what a full disk or memory does to it."""

import errno
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backend import errors
from backend.encoding import encode
from backend.jobs import control
from backend.jobs.progress import Handle, Stopped
from backend.training import artifact, baselines, head, job, judging
from db import runs as rows
from db.models import Project, Run, Split
from db.session import reading, writing
from tests.training import builders
from tests.training.builders import WORDS, a_run, again, curves_of, job_of


@pytest.fixture(scope="module")
def pictures(shared_home: None) -> Project:
    return builders.an_image_project(8)


@pytest.fixture(scope="module")
def tagged(shared_home: None) -> Project:
    """Texts with one tag or two, and some with none."""
    with writing() as session:
        project = builders.a_project(session, list(WORDS), multi_label=True)
        names = list(WORDS)
        for number, (text, name) in enumerate(builders.texts_about_three_things(14)):
            other = names[(names.index(name) + 1) % 3]
            both = f"{text} {WORDS[other][number % 5]}." if number % 3 == 0 else text
            builders.a_labeled_item(session, project, both, name, *([other] if number % 3 == 0 else []))
        for number in range(4):
            builders.a_labeled_item(session, project, f"Nothing of that kind, number {number}")
        return project


def ending_with(error: Exception) -> Callable[..., Any]:
    def method(*_: Any) -> None:
        raise error

    return method


def failure(project: Project, error: Exception, monkeypatch: pytest.MonkeyPatch) -> errors.WinnowError:
    monkeypatch.setitem(job.METHODS, "head", ending_with(error))
    with pytest.raises(errors.WinnowError) as raised:
        job.run(Handle(job_of(a_run(project, method="head"))))
    return raised.value


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
        RuntimeError("[enforce fail at inline_container.cc:626] . unexpected pos 64 vs 0"),
    ],
)
def test_a_full_disk_is_told_with_what_is_free_and_what_to_do(
    pictures: Project, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = failure(pictures, error, monkeypatch)
    assert found.code == "disk_full"
    assert "are free" in found.message
    assert "needs about 1 MB" in found.message
    assert "resume" in found.hint


def test_a_head_without_memory_says_so(pictures: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    found = failure(pictures, MemoryError(), monkeypatch)
    assert (found.code, found.message) == ("memory", "The machine ran out of memory.")
    assert "smaller base" in found.hint


def test_an_error_that_nobody_foresaw_stays_what_it_is(pictures: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(job.METHODS, "head", ending_with(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        job.run(Handle(job_of(a_run(pictures, method="head"))))


def snapshot_baselines(run: Run) -> dict[str, Any]:
    with reading() as session:
        snapshot = rows.get_snapshot(session, again(run).snapshot_id or 0)
    assert snapshot
    return snapshot.baselines


def test_without_its_encoder_a_run_is_done_and_says_which_baseline_is_missing(
    shared_home: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(builders.an_image_project(6), method="head")
    ensure, data = encode.ensure, job.frozen_for(run)
    not_here = errors.ModelNotHere("MiniLM is not on this machine.", "Fetch it on the Models page.")
    monkeypatch.setattr(encode, "ensure", ending_with(not_here))
    said = baselines.ensure(Handle(job_of(run)), data)
    assert said.startswith("Not measured: logistic regression. MiniLM is not on this machine.")
    assert snapshot_baselines(run).keys() == {"majority"}
    monkeypatch.setattr(encode, "ensure", ensure)
    job.run(Handle(job_of(run)))
    assert snapshot_baselines(run).keys() == {"majority", "logistic_regression"}


def test_baselines_that_are_there_are_not_measured_again_and_two_runs_may_measure_at_once(
    pictures: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [a_run(pictures, method="head") for _ in range(2)]
    for each in runs:
        data = job.frozen_for(each)
    with writing() as session:
        rows.write_baselines(session, data.snapshot_id, {})
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda run: baselines.ensure(Handle(job_of(run)), data), runs)) == ["", ""]
    assert snapshot_baselines(runs[0]).keys() == {"majority", "logistic_regression"}
    monkeypatch.setattr(baselines, "of_regression", ending_with(AssertionError("measured again")))
    assert baselines.ensure(Handle(job_of(runs[0])), data) == ""


@pytest.fixture(scope="module")
def tested(tagged: Project) -> Run:
    run = a_run(tagged, method="head", folds=3)
    job.run(Handle(job_of(run)))
    return again(run)


def test_with_several_classes_an_item_run_and_baseline_answer_from_tuned_thresholds(
    tagged: Project, tested: Run
) -> None:
    limits = {each["class_id"]: each["threshold"] for each in tested.metrics["thresholds"]}
    assert limits.keys() == {each.id for each in tagged.classes}
    assert all(0 < each < 1 for each in limits.values())
    assert set(limits.values()) != {0.5}
    assert artifact.thresholds_of(artifact.model_folder(tested)) == list(limits.values())
    with reading() as session:
        tests = rows.predictions(session, tested.id, Split.TEST, limit=500)
    scores = np.stack([np.frombuffer(each.scores, "float32") for each in tests])
    truth = [set(each.target_ids) for each in tests]
    given = [
        {each for each, is_given in zip(limits, row, strict=True) if is_given}
        for row in scores >= list(limits.values())
    ]
    right = sum(one == other for one, other in zip(truth, given, strict=True)) / len(tests)
    assert tested.metrics["test"]["accuracy"] == pytest.approx(right)
    regression = snapshot_baselines(tested)["logistic_regression"]
    assert [each["class_id"] for each in regression["thresholds"]] == list(limits)
    assert tested.metrics["cross_validation"]["n"] == 46


def test_an_older_baseline_without_thresholds_is_measured_again(tested: Run) -> None:
    data = job.frozen_for(tested)
    known = snapshot_baselines(tested)
    regression = {name: value for name, value in known["logistic_regression"].items() if name != "thresholds"}
    with writing() as session:
        rows.write_baselines(session, data.snapshot_id, known | {"logistic_regression": regression})
    baselines.ensure(Handle(job_of(tested)), data)
    assert snapshot_baselines(tested) == known


def test_the_model_is_kept_whatever_happens_to_the_test(pictures: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "judge", ending_with(ZeroDivisionError()))
    run = a_run(pictures, method="head")
    with pytest.raises(ZeroDivisionError):
        job.run(Handle(job_of(run)))
    assert (artifact.model_folder(again(run)) / artifact.HEAD_FILE).exists()


def test_stop_and_keep_the_best_brings_home_what_was_trained_and_resuming_goes_on(
    pictures: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wish comes while the method is at its last step; nothing of the keeping may hear it."""
    run = a_run(pictures, method="head")

    def stopped_at_its_end(*args: Any) -> Any:
        outcome = head.run(*args)
        with writing() as session:
            control.get(session, run.job_id or 0).stop_keep = "best"
        return replace(outcome, stopped=Stopped("best"))

    monkeypatch.setitem(job.METHODS, "head", stopped_at_its_end)
    with pytest.raises(Stopped):
        job.run(Handle(job_of(run)))
    found = again(run)
    assert found.metrics["test"]["n"] == 2
    assert (artifact.model_folder(found) / "README.md").exists()
    monkeypatch.setitem(job.METHODS, "head", head.run)
    with writing() as session:
        control.get(session, run.job_id or 0).stop_keep = None
    job.run(Handle(job_of(run)))
    assert job_of(run).message.startswith("Accuracy")
    assert curves_of(run)["validation/accuracy"]
