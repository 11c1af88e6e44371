"""Our kernels against torchvision's own."""

import pytest
import torch
from torchvision.transforms import v2

from backend.augmenting import kernels


@pytest.fixture(scope="module")
def every_colour() -> torch.Tensor:
    number = torch.arange(2**24, dtype=torch.int32).reshape(4096, 4096)
    return torch.stack([number >> 16, number >> 8 & 255, number & 255]).to(torch.uint8)


@pytest.mark.parametrize("factor", [-0.5, -0.02, 0.0, 0.013, 1 / 6, 0.31])
def test_a_turned_hue_has_torchvisions_pixels_for_every_colour(every_colour: torch.Tensor, factor: float) -> None:
    for rows in every_colour.split(256, dim=1):
        assert torch.equal(kernels.turned(rows, factor), v2.functional.adjust_hue(rows, factor))


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 5, 5), (2, 3, 7, 5), (3, 0, 4)])
def test_any_shape_of_picture_is_turned(shape: tuple[int, ...]) -> None:
    image = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    found = v2.functional.adjust_hue(kernels.Picture(image), 0.1)
    assert isinstance(found, kernels.Picture)
    assert torch.equal(found.as_subclass(torch.Tensor), v2.functional.adjust_hue(image, 0.1))
