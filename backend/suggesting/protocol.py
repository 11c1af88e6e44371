"""What every suggester is: a function from contents to scores.

    score(contents) -> (n, k) float32 probabilities in the order of the project's classes

A row sums to 1 unless the project is multi-label. Each suggester's file has a `suggester(…)` that makes one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.encoding.vectors import Vectors

Content = tuple[bytes, str | None]
Scores = NDArray[np.float32]
Score = Callable[[Sequence[Content]], Scores]


def softmax(logits: NDArray[Any]) -> Scores:
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True), np.float32)


def sigmoid(logits: NDArray[Any]) -> Scores:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32)


def unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float32)
