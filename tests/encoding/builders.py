"""Contents and vectors to fill the cache with."""

import hashlib

import numpy as np

from backend.encoding.vectors import Vectors


def hashes_of(count: int, start: int = 0) -> list[bytes]:
    return [hashlib.sha256(str(number).encode()).digest() for number in range(start, start + count)]


def vectors_of(count: int, start: int = 0, dimensions: int = 8) -> Vectors:
    """Unit length, and the same for the same number in every process."""
    rows = [np.random.default_rng(number).normal(size=dimensions) for number in range(start, start + count)]
    found = np.array(rows, np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)
