"""Kernels that give torchvision's very pixels in less time, by torchvision's own way of adding kernels."""

from typing import Any

import torch
from torchvision import tv_tensors
from torchvision.transforms import v2

# By sector of the colour circle, how far each channel stands from its highest: see `turned`.
CENTRES = torch.tensor([2.5, 4.5, 0.5]).reshape(3, 1, 1)
# Smaller than any difference of two whole-number colours, and not zero.
TINY = 1e-6


class Picture(tv_tensors.Image):
    """An image as torchvision knows it, with the kernels below in place of its own."""


@v2.functional.register_kernel(v2.functional.adjust_hue, Picture)
def adjust_hue(image: Picture, hue_factor: float) -> Any:
    return tv_tensors.wrap(turned(image.as_subclass(torch.Tensor), hue_factor), like=image)


def turned(image: torch.Tensor, hue_factor: float) -> torch.Tensor:
    """`image` (…, 3, h, w) uint8 with its hue turned by `hue_factor` of the circle: v2's pixels, to the last bit.

    Three quarters of v2's time go into tables of indices, by which each pixel picks its sector's formula. Here each
    formula is weighted by 0 or 1 instead, which is exact; what is rounded is computed in v2's order.
    Equal for each of the 16.7 million colours: see tests/augmenting/test_kernels.py.
    """
    if image.shape[-3] != 3 or image.dtype != torch.uint8 or image.numel() == 0:
        return v2.functional.adjust_hue_image(image, hue_factor)
    pixels = v2.functional.to_dtype_image(image, torch.float32, scale=True)
    sector, *tones = sector_and_tones(pixels, hue_factor)
    # Cut to whole numbers as v2 does at its end, and from here on exact.
    low, middle, high = torch.stack(tones).mul_(255.999).floor_().unbind(0)
    # 0.5 where the channel is the highest one, 1.5 where the middle one, 2.5 where the lowest.
    distance = torch.sub(sector.unsqueeze(-3), CENTRES.to(image.device), out=pixels).abs_().sub_(3.0).abs_()
    is_high = torch.rsub(distance, 1.5).clamp_(0, 1)
    is_raised = distance.neg_().add_(2.5).clamp_(0, 1)
    low, middle, high = (each.unsqueeze(-3) for each in (low, middle, high))
    return is_raised.mul_(middle - low).add_(low).addcmul_(is_high, high - middle).to(torch.uint8)


def sector_and_tones(pixels: torch.Tensor, hue_factor: float) -> tuple[torch.Tensor, ...]:
    """The sector (0 to 6) of the turned hue, and the lowest, middle and highest channel there. `pixels` is used up."""
    red, green, blue = pixels.unbind(-3)
    high = torch.maximum(red, green)
    torch.maximum(high, blue, out=high)
    span = torch.minimum(red, green)
    torch.minimum(span, blue, out=span)
    torch.sub(high, span, out=span)
    saturation = span / high.clamp(min=TINY)
    below = torch.sub(high.unsqueeze(-3), pixels, out=pixels).div_(span.clamp_(min=TINY).unsqueeze(-3))
    hue = hue_of(*below.unbind(-3)).add_(hue_factor)
    hue.sub_(hue.floor())
    within = hue.mul_(6)
    sector = within.floor()
    within.sub_(sector).mul_(saturation)
    rest = saturation.neg_().add_(1.0)
    is_odd = sector.mul(0.5).frac_().mul_(2)
    rising = torch.add(within, rest)
    middle = within.neg_().add_(1.0).mul_(is_odd).addcmul_(rising, is_odd.neg_().add_(1))
    return sector, rest.mul_(high), middle.mul_(high), high


def hue_of(red: torch.Tensor, green: torch.Tensor, blue: torch.Tensor) -> torch.Tensor:
    """The hue in [0, 1) from how far each channel lies below the highest, in parts of the span. They are used up."""
    is_red = torch.eq(red, 0, out=torch.empty_like(red))
    is_blue = torch.ne(green, 0, out=torch.empty_like(red))
    of_red = (blue - green).mul_(is_red)
    of_green = red.add(2.0).sub_(blue)
    of_blue = green.add_(4.0).sub_(red).mul_(is_blue)
    others = of_green.mul_(is_blue.neg_().add_(1)).add_(of_blue).mul_(is_red.neg_().add_(1))
    return of_red.add_(others).mul_(1.0 / 6.0).add_(1.0).frac_()
