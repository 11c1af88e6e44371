"""The bundled image descriptor is good enough to learn from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend.encoding import descriptor


def test_a_linear_head_reads_handwritten_digits() -> None:
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    pixels, digits = load_digits(return_X_y=True)
    # In the order of the data set the same hand writes many in a row.
    order = np.random.default_rng(0).permutation(len(digits))[:1000]
    drawn = [Image.fromarray(np.uint8(each.reshape(8, 8) * 255 / 16)).resize((64, 64)) for each in pixels[order]]
    found = np.stack([descriptor.describe(image.convert("RGB")) for image in drawn])
    head = LogisticRegression(C=100, max_iter=500).fit(found[:200], digits[order[:200]])
    assert head.score(found[200:], digits[order[200:]]) > 0.93


@pytest.mark.shared
def test_a_linear_head_tells_flowers_apart_far_above_chance(shared: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    def read(split: str) -> tuple[np.ndarray, list[str]]:
        files = sorted((shared / "data" / "flower_photos" / split).glob("*/*.jpg"))
        drawn = [Image.open(file).convert("RGB") for file in files]
        return np.stack([descriptor.describe(image) for image in drawn]), [file.parent.name for file in files]

    found, names = read("train")
    unseen, answers = read("val")
    assert len(set(answers)) == 5
    assert LogisticRegression(C=10, max_iter=500).fit(found, names).score(unseen, answers) > 0.6


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (2000, 2)])
def test_any_shape_has_a_vector_of_unit_length(size: tuple[int, int]) -> None:
    vector = descriptor.describe(Image.new("RGB", size, "gray"))
    assert vector.dtype == np.float32
    assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)
