"""Recipes: from steps to pixels.

`augment` is the one function that preview and training call. What a recipe does to an item depends on the steps, the
size, the seed, the item and the epoch, and on nothing else: any training sample can be shown again.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from backend.augmenting import catalogue
from backend.augmenting.threads import one_thread
from backend.augmenting.transforms import FILLS

if TYPE_CHECKING:
    from torch import Tensor

Size = tuple[int, int]
# torch has one random state a process, and the assistant has several threads.
_random = threading.Lock()


@dataclass(frozen=True)
class V2Name:
    """A constant of torchvision.transforms.v2, such as AutoAugmentPolicy.IMAGENET."""

    owner: str
    name: str


@dataclass(frozen=True)
class Call:
    """One line of a v2.Compose: `v2.NAME(**arguments)`, inside a RandomApply when `apply_p` is not 1."""

    name: str
    arguments: dict[str, Any]
    apply_p: float


def random_state(seed: int, content_hash: bytes, epoch: int) -> int:
    """The seed of the random numbers for one item in one epoch (counted from 0). Fits torch's 32-bit CPU generator."""
    return int.from_bytes(hashlib.sha256(f"{seed} {epoch} ".encode() + content_hash).digest()[:4], "big")


def to_compose(steps: Sequence[dict[str, Any]], size: int | Size) -> Any:
    """The v2.Compose of these steps for images of `size` (height, width in pixels; one number is a square).

    The size is needed because a crop must come back to it and a blur must fit into it. Raises Invalid.
    """
    from torchvision.transforms import v2

    made = []
    for call in calls(steps, size):
        arguments = {
            name: getattr(getattr(v2, value.owner), value.name) if isinstance(value, V2Name) else value
            for name, value in call.arguments.items()
        }
        transform = getattr(v2, call.name)(**arguments)
        made.append(transform if call.apply_p == 1 else v2.RandomApply([transform], p=call.apply_p))
    return v2.Compose(made or [v2.Identity()])


def augment(image: "Tensor", compose: Any, *, seed: int, content_hash: bytes, epoch: int) -> "Tensor":
    """One random variant of an image.

    image: (3, height, width) uint8, of the size that `compose` was made for. Returns the same shape and type.
    The same seed, item and epoch give the same pixels in any process, whatever ran before; torch's random state is
    left as it was. v2 draws from torch alone, so numpy's and Python's states do not come into it.
    """
    import torch

    generator = torch.default_generator
    with _random, one_thread():
        before = generator.get_state()
        try:
            # Not torch.manual_seed: that queues a call for every accelerator, each time.
            generator.manual_seed(random_state(seed, content_hash, epoch))
            return compose(image).contiguous()
        finally:
            generator.set_state(before)


def python_source(steps: Sequence[dict[str, Any]], size: int | Size) -> str:
    """A module that makes the very same pixels without Winnow. Raises Invalid."""
    lines = []
    for call in calls(steps, size):
        arguments = ", ".join(f"{name}={_written(value)}" for name, value in call.arguments.items())
        line = f"v2.{call.name}({arguments})"
        lines.append(f"    {line if call.apply_p == 1 else f'v2.RandomApply([{line}], p={call.apply_p!r})'},")
    body = "\n".join(lines or ["    v2.Identity(),"])
    height, width = _as_pair(size)
    return SOURCE.format(body=body, height=height, width=width)


SOURCE = '''import hashlib

import torch
from torchvision.transforms import v2

augment = v2.Compose([
{body}
])


def sample(image, seed, content_hash, epoch):
    """image: uint8 tensor of 3 x {height} x {width}. content_hash: SHA-256 of the file. epoch: from 0."""
    digest = hashlib.sha256(f"{{seed}} {{epoch}} ".encode() + content_hash).digest()
    torch.manual_seed(int.from_bytes(digest[:4], "big"))
    return augment(image)
'''


def calls(steps: Sequence[dict[str, Any]], size: int | Size) -> list[Call]:
    """The steps as calls of torchvision v2: what runs and what is shown come from here both."""
    pair = _as_pair(size)
    found = []
    for step in catalogue.validate(list(steps)):
        transform = catalogue.find(step["transform"])
        if transform.name in NEEDS_AREA and min(pair) < 2:
            continue
        write = ARGUMENTS.get(transform.name, _as_they_are)
        arguments = write(step["params"], pair)
        if transform.takes_p:
            arguments["p"] = step["probability"]
        found.append(Call(transform.name, arguments, 1.0 if transform.takes_p else step["probability"]))
    return found


def _as_pair(size: int | Size) -> Size:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def _written(value: Any) -> str:
    return f"v2.{value.owner}.{value.name}" if isinstance(value, V2Name) else repr(value)


def _as_they_are(params: dict[str, Any], _size: Size) -> dict[str, Any]:
    """Settings whose names and meanings are those of torchvision."""
    arguments: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else FILLS.get(value, value) if isinstance(value, str) else value
        for name, value in params.items()
    }
    if "fill" in arguments:
        arguments.setdefault("interpolation", "bilinear")
    return arguments


def _affine(params: dict[str, Any], size: Size) -> dict[str, Any]:
    return _as_they_are(params, size) | {"translate": (params["translate"], params["translate"])}


def _resized_crop(params: dict[str, Any], size: Size) -> dict[str, Any]:
    return {"size": size} | _as_they_are(params, size)


def _crop(params: dict[str, Any], size: Size) -> dict[str, Any]:
    height, width = size
    padding = (round(width * params["padding"]), round(height * params["padding"]))
    return {"size": size, "padding": padding, "padding_mode": params["padding_mode"]}


def _blur(params: dict[str, Any], size: Size) -> dict[str, Any]:
    """A kernel of two sigmas either way; its mirrored border must be smaller than the picture."""
    height, width = size
    reach = ceil(2 * params["sigma"][1])
    kernel = (2 * min(reach, width - 1) + 1, 2 * min(reach, height - 1) + 1)
    return {"kernel_size": kernel, "sigma": tuple(params["sigma"])}


def _elastic(params: dict[str, Any], size: Size) -> dict[str, Any]:
    """torchvision blurs the displacement with a kernel of four sigmas either way, which must fit as in `_blur`."""
    return _as_they_are(params, size) | {"sigma": min(params["sigma"], max(0.0, (min(size) - 1.25) / 4))}


def _auto_augment(params: dict[str, Any], size: Size) -> dict[str, Any]:
    return _as_they_are(params, size) | {"policy": V2Name("AutoAugmentPolicy", params["policy"].upper())}


# torchvision fails on these where a side is a single pixel, and there is nothing to change there.
NEEDS_AREA = ("RandomPerspective", "RandomResizedCrop")
ARGUMENTS: dict[str, Callable[[dict[str, Any], Size], dict[str, Any]]] = {
    "RandomAffine": _affine,
    "RandomResizedCrop": _resized_crop,
    "RandomCrop": _crop,
    "GaussianBlur": _blur,
    "ElasticTransform": _elastic,
    "AutoAugment": _auto_augment,
}
