"""What the loss costs where a batch was mixed, and its targets are shares of classes."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from backend.training import loop
from backend.training.snapshots import Rows
from db.models import Split


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", ["none", "balanced"])
def test_shares_of_classes_cost_what_the_classes_cost(smoothing: float, weighted: str) -> None:
    rows = Rows([1, 2, 3, 4], [(b"", None)] * 4, [[0], [0], [0], [1]])
    frozen = SimpleNamespace(multi_label=False, classes=["a", "b", "c"], parts={Split.TRAIN: rows})
    loss = loop.loss_function(frozen, {"class_weights": weighted, "label_smoothing": smoothing})  # type: ignore[arg-type]
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    whole = torch.tensor([0, 2, 1, 0])
    as_shares = functional.one_hot(whole, 3).float()
    expected = loss({"logits": logits}, whole, 4)
    assert torch.allclose(loss({"logits": logits}, as_shares, 4), expected)
    weight = loop.class_weights(frozen) if weighted == "balanced" else None  # type: ignore[arg-type]
    mixed = 0.3 * as_shares + 0.7 * as_shares.flip(0)
    torchs = functional.cross_entropy(logits, mixed, weight, reduction="sum", label_smoothing=smoothing) / 4
    assert torch.allclose(loss({"logits": logits}, mixed, 4), torchs)


def test_shares_of_several_classes_cost_as_torch_says() -> None:
    rows = Rows([1, 2], [(b"", None)] * 2, [[0], [0, 1]])
    frozen = SimpleNamespace(multi_label=True, classes=["a", "b"], parts={Split.TRAIN: rows})
    loss = loop.loss_function(frozen, {"class_weights": "balanced", "label_smoothing": 0.0})  # type: ignore[arg-type]
    logits, shares = torch.tensor([[1.0, -2.0], [0.5, 0.1]]), torch.tensor([[0.3, 1.0], [0.7, 0.0]])
    weight = loop.class_weights(frozen)  # type: ignore[arg-type]
    expected = functional.binary_cross_entropy_with_logits(logits, shares, pos_weight=weight)
    assert torch.allclose(loss({"logits": logits}, shares, shares.numel()), expected)
