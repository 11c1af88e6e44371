"""What a transform of the catalogue is, and a setting of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Span = tuple[float, float]


class Widget(StrEnum):
    NUMBER = "number"
    # Two ends, [low, high]: a value is drawn between them for each picture.
    RANGE = "range"
    CHOICE = "choice"


@dataclass(frozen=True)
class Parameter:
    """One setting. `low`, `high` and `step` belong to numbers and ranges, `choices` to choices."""

    name: str
    title: str
    widget: Widget
    default: Any
    low: float = 0.0
    high: float = 1.0
    step: float = 0.05
    unit: str = ""
    choices: tuple[str, ...] = ()
    help: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers will do."""
        return self.widget != Widget.CHOICE and isinstance(self.step, int)


@dataclass(frozen=True)
class Transform:
    """`name` is the class in torchvision.transforms.v2; `takes_p` says whether it draws its own probability.

    kind: "image" or "text", what it changes. is_on_batch: it mixes the items of a batch, and their labels; such steps
    come after all others of a recipe.
    """

    name: str
    title: str
    group: str
    purpose: str
    parameters: tuple[Parameter, ...] = ()
    probability: float = 1.0
    takes_p: bool = False
    kind: str = "image"
    is_on_batch: bool = False


def number(name: str, title: str, default: float, span: Span, *, step: float, unit: str = "") -> Parameter:
    return Parameter(name, title, Widget.NUMBER, default, *span, step, unit)


def between(name: str, title: str, default: Span, span: Span, *, step: float, unit: str = "") -> Parameter:
    """Two ends; torchvision draws a value between them for each picture."""
    return Parameter(name, title, Widget.RANGE, default, *span, step, unit)
