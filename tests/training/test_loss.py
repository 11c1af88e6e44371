"""What the loss costs where a batch was mixed, and its targets are shares of classes."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.nn import functional

from backend.training import losses
from backend.training.snapshots import Rows
from db.models import Split


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", ["none", "balanced"])
def test_shares_of_classes_cost_what_the_classes_cost(smoothing: float, weighted: str) -> None:
    rows = Rows([1, 2, 3, 4], [(b"", None)] * 4, [[0], [0], [0], [1]])
    frozen = SimpleNamespace(multi_label=False, classes=["a", "b", "c"], parts={Split.TRAIN: rows})
    loss = losses.loss_function(frozen, {"class_weights": weighted, "label_smoothing": smoothing})  # type: ignore[arg-type]
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    whole = torch.tensor([0, 2, 1, 0])
    as_shares = functional.one_hot(whole, 3).float()
    expected = loss({"logits": logits}, whole, 4)
    assert torch.allclose(loss({"logits": logits}, as_shares, 4), expected)
    weight = losses.class_weights(frozen) if weighted == "balanced" else None  # type: ignore[arg-type]
    mixed = 0.3 * as_shares + 0.7 * as_shares.flip(0)
    torchs = functional.cross_entropy(logits, mixed, weight, reduction="sum", label_smoothing=smoothing) / 4
    assert torch.allclose(loss({"logits": logits}, mixed, 4), torchs)


def test_shares_of_several_classes_cost_as_torch_says() -> None:
    rows = Rows([1, 2], [(b"", None)] * 2, [[0], [0, 1]])
    frozen = SimpleNamespace(multi_label=True, classes=["a", "b"], parts={Split.TRAIN: rows})
    loss = losses.loss_function(frozen, {"class_weights": "balanced", "label_smoothing": 0.0})  # type: ignore[arg-type]
    logits, shares = torch.tensor([[1.0, -2.0], [0.5, 0.1]]), torch.tensor([[0.3, 1.0], [0.7, 0.0]])
    weight = losses.class_weights(frozen)  # type: ignore[arg-type]
    expected = functional.binary_cross_entropy_with_logits(logits, shares, pos_weight=weight)
    assert torch.allclose(loss({"logits": logits}, shares, shares.numel()), expected)


GAMMA = 2.0


def a_loss(*, multi_label: bool = False, gamma: float = GAMMA, weighted: str = "none", smoothing: float = 0.0) -> Any:
    targets = [[0], [0], [0, 1], [1]] if multi_label else [[0], [0], [0], [1]]
    rows = Rows([1, 2, 3, 4], [(b"", None)] * 4, targets)
    frozen = SimpleNamespace(multi_label=multi_label, classes=["a", "b", "c"], parts={Split.TRAIN: rows})
    spec = {"class_weights": weighted, "label_smoothing": smoothing, "focal_gamma": gamma}
    return losses.loss_function(frozen, spec), losses.class_weights(frozen)  # type: ignore[arg-type]


def random_logits() -> Any:
    return torch.randn(4, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)


@pytest.mark.parametrize("weighted", ["none", "balanced"])
def test_focal_loss_is_that_of_the_paper(weighted: str) -> None:
    """Lin et al. 2017: -w (1 - p)^gamma log p, p being what the true class was given."""
    loss, weights = a_loss(weighted=weighted)
    logits, true = random_logits(), torch.tensor([0, 2, 1, 0])
    p = logits.softmax(-1)[range(4), true]
    weight = weights[true] if weighted == "balanced" else 1.0
    assert torch.allclose(loss({"logits": logits}, true, 4), (-weight * (1 - p) ** GAMMA * p.log()).sum() / 4)


@pytest.mark.parametrize("weighted", ["none", "balanced"])
def test_focal_loss_of_several_classes_is_that_of_the_paper(weighted: str) -> None:
    loss, weights = a_loss(multi_label=True, weighted=weighted)
    logits, true = random_logits(), torch.tensor([[1.0, 0, 1], [0, 0, 0], [1, 1, 0], [0, 1, 0]])
    p = logits.sigmoid()
    there = weights if weighted == "balanced" else torch.ones(3)
    costs = torch.where(true == 1, -there * (1 - p) ** GAMMA * p.log(), -(p**GAMMA) * (1 - p).log())
    assert torch.allclose(loss({"logits": logits}, true, 12), costs.sum() / 12)


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_focal_loss_with_little_focus_is_cross_entropy(multi_label: bool, smoothing: float) -> None:
    """Also with weights, smoothed targets, and shares of classes where a batch was mixed."""
    logits = random_logits()
    shares = torch.tensor([[0.3, 0.7, 0], [1, 0, 0], [0, 0, 1], [0.5, 0.25, 0.25]])
    told = {"multi_label": multi_label, "weighted": "balanced", "smoothing": smoothing}
    plain, focal = a_loss(gamma=0.0, **told)[0], a_loss(gamma=1e-9, **told)[0]
    for targets in [shares] if multi_label else [shares, torch.tensor([0, 2, 1, 0])]:
        assert torch.allclose(focal({"logits": logits}, targets, 4), plain({"logits": logits}, targets, 4))


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_focal_loss_has_a_slope_where_the_answer_is_quite_sure(multi_label: bool, gamma: float) -> None:
    loss, _ = a_loss(multi_label=multi_label, gamma=gamma)
    logits = torch.tensor([[200.0, -200.0, -200.0], [-200.0, 200.0, -200.0]], requires_grad=True)
    loss({"logits": logits}, torch.tensor([[1.0, 0, 0], [1, 0, 0]]), 2).backward()
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[1].abs().sum() > 0


def test_what_is_answered_surely_counts_less_with_focus() -> None:
    sure, unsure = torch.tensor([[4.0, 0.0, 0.0]]), torch.tensor([[0.5, 0.0, 0.0]])
    true = torch.tensor([0])
    shares = []
    for gamma in (0.0, GAMMA):
        loss, _ = a_loss(gamma=gamma)
        shares.append(float(loss({"logits": sure}, true, 1) / loss({"logits": unsure}, true, 1)))
    assert shares[1] < shares[0] / 10
