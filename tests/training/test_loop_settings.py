"""Every setting of the loop does what it says, in this process with a tiny model."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from backend.jobs.progress import Handle
from backend.training import averaging, checkpoints, choosing, job, watch
from backend.training.prepared import Order, balanced
from db.models import Project, Split
from tests.training import builders
from tests.training.builders import a_run, curves_of
from tests.training.learning import BATCH, N, Spec, a_spec, learned

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.a_text_project()


@pytest.fixture(scope="module")
def spec(shared_home: None, tmp_path_factory: pytest.TempPathFactory) -> Spec:
    return a_spec(tmp_path_factory.mktemp("base") / "tiny")


def without_chance(model: Any, prepared: Any) -> Any:
    """No dropout, and an order that batches have no part in."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return replace(prepared, lengths=None)


def test_small_batches_together_learn_what_one_large_batch_does(project: Project, spec: Spec, tmp_path: Path) -> None:
    """Also the last step of an epoch, which has fewer of them."""
    large = learned(a_run(project, **spec | {"batch_size": 8}), tmp_path / "large", prepare=without_chance)
    small = learned(a_run(project, **spec, accumulation=2), tmp_path / "small", prepare=without_chance)
    assert len(small.curve("train/loss")) == 2 * math.ceil(N / 8)
    for name in ("train/loss", "train/grad_norm", "train/learning_rate", "validation/loss"):
        assert small.curve(name) == pytest.approx(large.curve(name), rel=1e-3), name
    assert small.trained.trainer.state.global_step == 12


def test_the_rate_rises_and_then_falls_as_the_schedule_says(project: Project, spec: Spec, tmp_path: Path) -> None:
    steps, warm, top = 2 * 11, 3, 1e-3
    shares = [each / (steps - warm) for each in range(steps - warm)]
    expected = {
        "linear": [1 - share for share in shares],
        "cosine": [(1 + math.cos(math.pi * share)) / 2 for share in shares],
        "constant": [1.0] * len(shares),
    }
    for schedule, falls in expected.items():
        run = a_run(project, **spec, schedule=schedule, learning_rate=top, warmup=0.1)
        rates = learned(run, tmp_path / schedule).curve("train/learning_rate")
        assert rates[:warm] == pytest.approx([0, top / 3, 2 * top / 3]), schedule
        assert rates[warm:] == pytest.approx([top * each for each in falls]), schedule


def test_the_best_epoch_is_that_of_the_chosen_figure() -> None:
    worse, better = {"f1_macro": 0.6, "accuracy": 0.7, "log_loss": 0.9}, {"f1_macro": 0.5, "accuracy": 0.8}
    better |= {"log_loss": 0.4}
    assert choosing.choice(worse, "f1_macro") > choosing.choice(better, "f1_macro")
    assert choosing.choice(worse, "accuracy") < choosing.choice(better, "accuracy")
    assert choosing.choice(worse, "log_loss") < choosing.choice(better, "log_loss")
    assert choosing.choice(better | {"log_loss": 0.5}, "accuracy") < choosing.choice(better, "accuracy")
    assert choosing.choice({}, "log_loss") == choosing.choice({}, "f1_micro") == -math.inf


@pytest.mark.parametrize(("name", "best"), [("log_loss", min), ("f1_micro", max)])
def test_the_model_of_the_best_epoch_is_kept(
    project: Project, spec: Spec, tmp_path: Path, name: str, best: Callable[[list[float]], float]
) -> None:
    # So high a rate that the last epoch is not always the best.
    run = a_run(project, **spec | {"epochs": 6, "learning_rate": 0.02}, best_metric=name)
    done = learned(run, tmp_path)
    curve = done.curve("validation/loss" if name == "log_loss" else f"validation/{name}")
    step = done.trained.trainer.state.best_global_step
    assert curve[step // 11 - 1] == best(curve)
    assert {each.name for each in (tmp_path / "checkpoints").iterdir()} == {f"checkpoint-{each}" for each in (step, 66)}


def test_the_average_of_the_weights_follows_them_with_its_decay() -> None:
    model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    model[0].bias.requires_grad = False
    average = averaging.Average(model, 0.2)
    assert set(average.kept) == {"0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"}
    expected = model[0].weight.item()
    for step in range(1, 4):
        with torch.no_grad():
            model[0].weight.fill_(step)
        # It starts lower than asked: (1 + step) / (10 + step).
        decay = min(0.2, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
        average.update(step)
    with average.in_place():
        assert model[0].weight.item() == pytest.approx(expected)
    assert model[0].weight.item() == 3


def test_the_average_is_judged_kept_and_saved(project: Project, spec: Spec, tmp_path: Path) -> None:
    done = learned(a_run(project, **spec, ema=0.9), tmp_path)
    trainer = done.trained.trainer
    best = checkpoints.at(tmp_path / "checkpoints", trainer.state.best_global_step)
    averaged = safetensors.torch.load_file(best / "model.safetensors")
    trained = safetensors.torch.load_file(best / averaging.TRAINED)
    assert not torch.equal(averaged["classifier.weight"], trained["classifier.weight"])
    assert torch.equal(trainer.model.classifier.weight, averaged["classifier.weight"])
    # What was judged in that epoch is what is there now.
    rows, scores = job.frozen_for(done.run).parts[Split.VALIDATION], done.trained.scores(Split.VALIDATION)
    cost = -np.mean([np.log(scores[row, positions[0]]) for row, positions in enumerate(rows.targets)])
    assert cost == pytest.approx(done.curve("validation/loss")[trainer.state.best_global_step // 11 - 1], rel=1e-6)


def drawn(weights: list[float], epochs: int, lengths: list[int] | None = None) -> list[list[int]]:
    order, found = Order(len(weights), 1, BATCH, lengths, weights=weights), []
    for epoch in range(epochs):
        order.epoch = epoch
        found.append(list(order))
    return found


def test_balanced_sampling_shows_every_class_as_often() -> None:
    targets = [[0]] * 80 + [[1]] * 15 + [[2]] * 5
    epochs = drawn(balanced(targets), 50)
    assert {len(epoch) for epoch in epochs} == {100}
    assert epochs == drawn(balanced(targets), 50)
    assert epochs[0] != epochs[1]
    counts = Counter(targets[position][0] for epoch in epochs for position in epoch)
    assert [counts[position] / 5000 for position in range(3)] == pytest.approx([1 / 3] * 3, abs=0.03)


def test_an_item_of_several_classes_is_drawn_by_its_rarest_one() -> None:
    targets = [[0]] * 6 + [[0, 1]] * 2 + [[]] * 4
    assert balanced(targets) == pytest.approx([1 / 8] * 6 + [1 / 2] * 2 + [1 / 4] * 4)


def test_balanced_sampling_still_brings_texts_of_like_length_together() -> None:
    lengths = np.random.default_rng(1).integers(5, 200, 400).tolist()
    [order] = drawn(balanced([[number % 20 == 0] for number in range(400)]), 1, lengths)
    read = [lengths[position] for position in order]
    paid = sum(BATCH * max(read[start : start + BATCH]) for start in range(0, 400, BATCH))
    shuffled = np.random.default_rng(2).permutation(read)
    assert paid < sum(BATCH * max(shuffled[start : start + BATCH]) for start in range(0, 400, BATCH)) * 0.8


class KilledError(Exception):
    """In place of a power cut."""


EVERYTHING = {
    "accumulation": 3,
    "ema": 0.9,
    "sampling": "balanced",
    "schedule": "cosine",
    "focal_gamma": 2.0,
    "label_smoothing": 0.1,
    "class_weights": "balanced",
}


def dies_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    report = Handle.report

    def dies(handle: Handle, done: int, *args: Any, **more: Any) -> None:
        if done == step:
            raise KilledError
        report(handle, done, *args, **more)

    monkeypatch.setattr(Handle, "report", dies)


def test_a_run_with_everything_is_the_same_again_and_after_it_was_killed(
    project: Project, spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With dropout. 11 batches of which three make a step, the last of an epoch two: four steps an epoch."""
    monkeypatch.setattr(watch, "CHECKPOINT_EVERY_S", -1.0)
    told = spec | EVERYTHING | {"epochs": 3, "learning_rate": 1e-3}
    whole = learned(a_run(project, **told), tmp_path / "whole")
    again = learned(a_run(project, **told), tmp_path / "again")
    killed = a_run(project, **told)
    with monkeypatch.context() as patch:
        dies_at(7, patch)
        with pytest.raises(KilledError):
            learned(killed, tmp_path / "killed")
    assert checkpoints.newest(tmp_path / "killed" / "checkpoints") == tmp_path / "killed/checkpoints/checkpoint-6"
    resumed = learned(killed, tmp_path / "killed")
    assert len(whole.curve("train/loss")) == 12
    for name in set(curves_of(whole.run)) - set(watch.GAUGES):
        assert again.curve(name) == whole.curve(name), name
        assert resumed.curve(name) == pytest.approx(whole.curve(name), rel=1e-5), name
    scores = [each.trained.scores(Split.TEST) for each in (whole, again, resumed)]
    assert np.array_equal(scores[0], scores[1])
    assert np.allclose(scores[0], scores[2], atol=1e-6)
