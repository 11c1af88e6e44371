"""Steps as calls of torchvision v2: what runs and what is shown as Python come from here both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from backend.augmenting import catalogue
from backend.augmenting.geometry import FILLS

Size = tuple[int, int]


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
    apply_p: float = 1.0


def of_items(steps: Sequence[dict[str, Any]], size: int | Size) -> list[Call]:
    """What is done to each picture of `size` (height, width; one number is a square). Raises Invalid."""
    pair = as_pair(size)
    found = []
    for step in catalogue.validate(list(steps)):
        transform = catalogue.find(step["transform"])
        if transform.is_on_batch or (transform.name in NEEDS_AREA and min(pair) < 2):
            continue
        write = ARGUMENTS.get(transform.name, _as_they_are)
        arguments = write(step["params"], pair)
        if transform.takes_p:
            arguments["p"] = step["probability"]
        found.append(Call(transform.name, arguments, 1.0 if transform.takes_p else step["probability"]))
        if transform.name in GROWS:
            found.append(Call("Resize", {"size": pair}))
    return found


def of_batches(steps: Sequence[dict[str, Any]]) -> list[Call]:
    """What is done to each batch, after the items' own steps. Raises Invalid."""
    return [
        Call(step["transform"], step["params"], step["probability"])
        for step in catalogue.validate(list(steps))
        if catalogue.find(step["transform"]).is_on_batch
    ]


def composed(found: Sequence[Call]) -> Any:
    """The v2.Compose of these calls."""
    from torchvision.transforms import v2

    made = []
    for call in found:
        arguments = {
            name: getattr(getattr(v2, value.owner), value.name) if isinstance(value, V2Name) else value
            for name, value in call.arguments.items()
        }
        transform = getattr(v2, call.name)(**arguments)
        made.append(transform if call.apply_p == 1 else v2.RandomApply([transform], p=call.apply_p))
    return v2.Compose(made or [v2.Identity()])


def written(found: Sequence[Call]) -> str:
    """The lines inside the v2.Compose of these calls, as Python."""
    lines = []
    for call in found:
        arguments = ", ".join(f"{name}={_written(value)}" for name, value in call.arguments.items())
        line = f"v2.{call.name}({arguments})"
        lines.append(f"    {line if call.apply_p == 1 else f'v2.RandomApply([{line}], p={call.apply_p!r})'},")
    return "\n".join(lines or ["    v2.Identity(),"])


def as_pair(size: int | Size) -> Size:
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
        # Outside of a picture torchvision reads black: a fill of its own for that would cost a quarter more.
        arguments["fill"] = arguments["fill"] or None
        arguments.setdefault("interpolation", "bilinear")
    return arguments


def _affine(params: dict[str, Any], size: Size) -> dict[str, Any]:
    return _as_they_are(params, size) | {"translate": (params["translate"], params["translate"])}


def _zoom_out(params: dict[str, Any], _size: Size) -> dict[str, Any]:
    return {"fill": FILLS[params["fill"]], "side_range": tuple(params["side_range"])}


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


# They leave a larger picture behind; where nothing was done, coming back to the size costs nothing.
GROWS = ("RandomZoomOut",)
# torchvision fails on these where a side is a single pixel, and there is nothing to change there.
NEEDS_AREA = ("RandomPerspective", "RandomResizedCrop", "RandomZoomOut")
ARGUMENTS: dict[str, Callable[[dict[str, Any], Size], dict[str, Any]]] = {
    "RandomAffine": _affine,
    "RandomZoomOut": _zoom_out,
    "RandomResizedCrop": _resized_crop,
    "RandomCrop": _crop,
    "GaussianBlur": _blur,
    "ElasticTransform": _elastic,
    "AutoAugment": _auto_augment,
}
