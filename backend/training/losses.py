"""What a wrong answer costs: cross entropy, or binary cross entropy over all classes when an item may have several.

Rare classes may weigh more, targets may be smoothed or be shares of classes where a batch was mixed, and what is
answered surely may count less (focal loss: Lin et al. 2017).
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional

from backend.evaluating import metrics
from backend.training.snapshots import Frozen
from db.models import Split

# Its power would have no slope where an answer is quite sure.
SMALLEST = 1e-6


def loss_function(frozen: Frozen, spec: Mapping[str, Any]) -> Callable[..., Any]:
    """For the Trainer: (outputs with "logits" (n, k), targets, number of targets in the whole step) -> loss.

    Targets are (n,) positions of classes or (n, k) shares of them.
    """
    weights = class_weights(frozen) if spec["class_weights"] == "balanced" else None
    smoothing, gamma = spec["label_smoothing"], spec.get("focal_gamma", 0.0)

    def loss(outputs: Any, targets: Any, num_items_in_batch: Any = None) -> Any:
        logits = outputs["logits"].float()
        weight = None if weights is None else weights.to(logits.device)
        # Summed and divided by the count of the whole step, so that accumulated batches weigh alike.
        how = "mean" if num_items_in_batch is None else "sum"
        if gamma and frozen.multi_label:
            total = focal_of_several(logits, targets, gamma, weight, reduction=how)
        elif gamma:
            total = focal(logits, smoothed(targets, logits, smoothing), gamma, weight, reduction=how)
        elif frozen.multi_label:
            total = functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=weight, reduction=how)
        else:
            # torch's sums of positions and of shares agree.
            total = functional.cross_entropy(logits, targets, weight, reduction=how, label_smoothing=smoothing)
        return total if num_items_in_batch is None else total / num_items_in_batch

    return loss


def focal(logits: Any, shares: Any, gamma: float, weight: Any, *, reduction: str) -> Any:
    """Cross entropy with each class's part times (1 - p)^gamma. shares: (n, k). The mean is over the items."""
    log_p = logits.log_softmax(-1)
    costs = -shares * (1 - log_p.exp()).clamp(min=SMALLEST) ** gamma * log_p
    costs = (costs if weight is None else costs * weight).sum(-1)
    return costs.mean() if reduction == "mean" else costs.sum()


def focal_of_several(logits: Any, shares: Any, gamma: float, weight: Any, *, reduction: str) -> Any:
    """Binary cross entropy with (1 - p)^gamma for a class that is there and p^gamma for one that is not."""
    yes, no = functional.logsigmoid(logits), functional.logsigmoid(-logits)
    there = -shares * (gamma * no).exp() * yes
    costs = (there if weight is None else there * weight) - (1 - shares) * (gamma * yes).exp() * no
    return costs.mean() if reduction == "mean" else costs.sum()


def smoothed(targets: Any, logits: Any, smoothing: float) -> Any:
    """(n, k) shares, of which each class gets its part of `smoothing`, as in torch's cross entropy."""
    k = logits.shape[-1]
    shares = functional.one_hot(targets, k).to(logits.dtype) if targets.ndim == 1 else targets.to(logits.dtype)
    return shares * (1 - smoothing) + smoothing / k


def class_weights(frozen: Frozen) -> Any:
    """As scikit-learn balances: n / (k * count); for several classes an item, negatives to positives."""
    targets = frozen.parts[Split.TRAIN].targets
    counts = metrics.as_table(targets, len(frozen.classes)).sum(axis=0).clip(min=1)
    n = len(targets)
    balanced = (n - counts) / counts if frozen.multi_label else n / (len(counts) * counts)
    return torch.tensor(balanced.clip(0.05, 20), dtype=torch.float32)
