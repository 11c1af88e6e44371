"""From files of every kind through the sight of both sorts of processors to every transform at its ends."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backend import blobs
from backend.augmenting import variants
from backend.models import catalogue
from tests.augmenting.steps import BATCHES, ENDS, PICTURES, at
from tests.training import builders

SIZE = 32
KINDS = {
    "colour": ("RGB", 60, 40),
    "grey": ("L", 60, 40),
    "transparent": ("RGBA", 60, 40),
    "one pixel": ("RGB", 1, 1),
    "tall": ("RGB", 17, 3000),
    "large": ("RGB", 4000, 3000),
}


def a_file(kind: str) -> bytes:
    mode, width, height = KINDS[kind]
    channels = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, channels), np.uint8)
    file = io.BytesIO()
    # Without compression, which would take seconds for noise of this size.
    Image.fromarray(pixels.squeeze(2) if channels == 1 else pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()


@pytest.mark.parametrize("sort", ["stretched", "cut"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_transform_takes_every_kind_of_file_at_both_ends_of_its_ranges(
    home: Path, tmp_path: Path, kind: str, sort: str
) -> None:
    base = catalogue.COMPACT_RESNET if sort == "stretched" else builders.a_tiny_mobilenet(tmp_path / "base")
    content_hash = blobs.put(a_file(kind))
    for transform in PICTURES + BATCHES:
        for end in ENDS:
            [made] = variants.of([content_hash], [at(transform, end)], base=base, size=SIZE, seed=1, epoch=2)
            assert made.shape == (3, SIZE, SIZE), transform.name
            assert made.dtype == (torch.float32 if transform.is_on_batch else torch.uint8)
            assert 0 <= made.min() <= made.max() <= 255
