"""The validation figures of an epoch, and the one of them by which the best epoch is chosen."""

from collections.abc import Callable
from typing import Any

import numpy as np
from transformers import EvalPrediction

from backend.evaluating import metrics
from backend.training.linear import Floats, as_probabilities
from backend.training.prepared import Samples, by_row
from backend.training.snapshots import Frozen
from db.models import Split

TOLD = ("f1_macro", "f1_micro", "accuracy", "log_loss")
# Smaller than any step of macro-F1 that a validation set of a thousand items a class can take.
TIE_BREAK = 1e-4


def figures(frozen: Frozen, samples: Samples, best: str) -> Callable[[EvalPrediction], dict[str, float]]:
    """best: one of TOLD."""

    def compute(prediction: EvalPrediction) -> dict[str, float]:
        rows = frozen.parts[Split.VALIDATION]
        logits: Floats = by_row(samples, np.asarray(prediction.predictions, np.float64))
        found = metrics.evaluate(
            rows.targets, as_probabilities(logits, multi_label=frozen.multi_label), frozen.classes, frozen.multi_label
        )
        told = {name: found[name] for name in TOLD if found[name] is not None}
        return told | {"choice": choice(told, best)}

    return compute


def choice(told: dict[str, Any], best: str) -> float:
    """More is better: among equals of the others the lower loss wins. -inf where there is no such figure."""
    if best == "log_loss":
        return -told.get("log_loss", float("inf"))
    return float(told.get(best, float("-inf")) - TIE_BREAK * min(told.get("log_loss", 1.0), 1.0))
