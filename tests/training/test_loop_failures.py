"""What ends a training early: no numbers, no memory, no disk, a wish to stop; and how it goes on."""

import errno
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backend import errors
from backend.jobs import progress
from backend.jobs.progress import Handle
from backend.training import checkpoints, failures, watch
from db.models import Project, Split
from tests.training import builders
from tests.training.builders import a_run, curves_of
from tests.training.learning import BATCH, Spec, a_spec, learned

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.a_text_project()


@pytest.fixture(scope="module")
def spec(shared_home: None, tmp_path_factory: pytest.TempPathFactory) -> Spec:
    return a_spec(tmp_path_factory.mktemp("base") / "tiny")


def test_a_run_that_had_ended_early_does_not_go_on_when_it_is_resumed(
    project: Project, spec: Spec, tmp_path: Path
) -> None:
    run = a_run(project, **spec | {"epochs": 9, "patience": 1, "learning_rate": 1e-9})
    done = learned(run, tmp_path)
    points = {name: done.curve(name) for name in curves_of(run)}
    assert done.trained.trainer.state.global_step == 2 * 11
    resumed = learned(run, tmp_path)
    assert {name: resumed.curve(name) for name in curves_of(run)} == points
    assert np.allclose(resumed.trained.scores(Split.TEST), done.trained.scores(Split.TEST))


def test_a_fold_leaves_no_curve(project: Project, spec: Spec, tmp_path: Path) -> None:
    run = a_run(project, **spec)
    done = learned(run, tmp_path, run_id=None)
    assert curves_of(run) == {}
    assert builders.again(run).environment == {}
    assert done.trained.scores(Split.TEST).shape == (9, 3)


def after_step(steps: int, happens: Callable[[], Any]) -> Callable[[Any, Any], Any]:
    """Something that happens in a layer of the step after so many."""
    calls: list[None] = []

    def hook(module: Any, *_: Any) -> Any:
        if module.training:
            calls.append(None)
            if len(calls) > steps:
                return happens()
        return None

    def prepare(model: Any, prepared: Any) -> Any:
        model.classifier.register_forward_hook(hook)
        return prepared

    return prepare


def test_a_loss_that_falls_apart_is_told_with_the_points_before_it(
    project: Project, spec: Spec, tmp_path: Path
) -> None:
    run = a_run(project, **spec)
    with pytest.raises(errors.NotANumber, match="no longer a number after step 3"):
        learned(run, tmp_path, prepare=after_step(2, lambda: torch.full((BATCH, 3), math.nan, requires_grad=True)))
    assert len(curves_of(run)["train/loss"]) == 2


def on_the_gpu() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")


@pytest.mark.parametrize("asks", [lambda: torch.empty(2**60), lambda: [0] * 2**60, on_the_gpu])
def test_running_out_of_memory_names_the_batch_size(
    project: Project, spec: Spec, tmp_path: Path, asks: Callable[[], Any]
) -> None:
    with pytest.raises(errors.OutOfMemory, match="batch size of 4") as raised:
        learned(a_run(project, **spec), tmp_path, prepare=after_step(1, asks))
    assert raised.value.code == "memory"
    assert "batch size of 2 and an accumulation of 2" in raised.value.hint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_a_checkpoint_that_finds_no_room_ends_the_run_and_it_can_be_resumed(
    project: Project, spec: Spec, tmp_path: Path
) -> None:
    whole = learned(a_run(project, **spec, ema=0.9), tmp_path / "whole")
    run, folder = a_run(project, **spec, ema=0.9), tmp_path / "full" / "checkpoints"

    def fill() -> None:
        checkpoints.at(folder, 22).mkdir()
        (checkpoints.at(folder, 22) / "optimizer.pt").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left") as raised:
        learned(run, tmp_path / "full", prepare=after_step(21, fill))
    assert raised.value.errno == errno.ENOSPC
    assert [each.name for each in folder.iterdir()] == ["checkpoint-11"]
    resumed = learned(run, tmp_path / "full")
    assert resumed.curve("train/loss") == pytest.approx(whole.curve("train/loss"), rel=1e-5)


def test_a_full_disk_is_known_in_the_words_of_every_library() -> None:
    wrapped = RuntimeError("cannot write")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    full = (
        wrapped,
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
        RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos 576 vs 534"),
        RuntimeError("(sqlite3.OperationalError) database or disk is full"),
    )
    assert all(failures.is_out_of_disk(each) for each in full)
    assert not failures.is_out_of_disk(OSError(errno.ENOENT, "No such file or directory"))
    assert not failures.is_out_of_disk(RuntimeError("shapes do not fit"))


@pytest.mark.parametrize("where", ["forward", "backward", "validation"])
def test_a_wish_to_stop_is_obeyed_within_a_step(
    project: Project, spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """In the second step, or while the first epoch is judged: what comes after is not computed any more."""
    asked: list[str] = []
    monkeypatch.setattr(Handle, "stop_asked", lambda _handle: asked[0] if asked else None)
    forwards, after = [], []

    def ask(*_: Any) -> None:
        asked.append("best")
        monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.0)
        monkeypatch.setattr(progress, "WRITE_EVERY_S", 0.0)

    def prepare(model: Any, prepared: Any) -> Any:
        first, last = model.bert.embeddings, model.classifier
        if where == "validation":
            first.register_forward_hook(lambda *_: None if model.training else ask())
            last.register_forward_hook(lambda *_: None if model.training else after.append("last"))
        if where == "forward":
            first.register_forward_hook(lambda *_: ask() if len(forwards) == 1 else None)
            last.register_forward_hook(lambda *_: forwards.append("last"))
        if where == "backward":
            last.register_forward_hook(lambda *_: forwards.append("last"))
            last.weight.register_hook(lambda _: ask() if len(forwards) == 2 else None)
            first.word_embeddings.weight.register_hook(lambda _: after.append("first"))
        return prepared

    done = learned(a_run(project, **spec), tmp_path, prepare=prepare)
    assert done.trained.stopped is not None
    assert done.trained.stopped.keep == "best"
    assert done.trained.trainer.state.global_step == (11 if where == "validation" else 1)
    assert forwards == {"forward": ["last"], "backward": ["last", "last"], "validation": []}[where]
    assert after == (["first"] if where == "backward" else [])
    # The best there is can still be judged; only a wish to keep nothing ends that too.
    assert done.trained.scores(Split.TEST).shape == (9, 3)
    asked[:] = ["nothing"]
    with pytest.raises(Exception, match="nothing"):
        done.trained.scores(Split.TEST)
