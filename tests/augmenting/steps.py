"""Steps at the ends of every range, for tests that go through the whole catalogue."""

from typing import Any

from backend.augmenting import catalogue
from backend.augmenting.catalogue import Transform, Widget

# Of pictures: those for each item, and those for a batch.
PICTURES = tuple(each for each in catalogue.TRANSFORMS if each.kind == "image" and not each.is_on_batch)
BATCHES = tuple(each for each in catalogue.TRANSFORMS if each.is_on_batch)
ENDS = ("default", "low", "high")


def new_step(name: str) -> dict[str, Any]:
    """A step with everything at its default."""
    return catalogue.validate([{"transform": name}])[0]


def at(transform: Transform, end: str) -> dict[str, Any]:
    """The transform always applied, with every setting at its default, lowest or highest."""
    step = new_step(transform.name) | {"probability": 1.0}
    for parameter in transform.parameters:
        if end == "default":
            continue
        if parameter.widget == Widget.CHOICE:
            step["params"][parameter.name] = parameter.choices[0 if end == "low" else -1]
        else:
            value = parameter.low if end == "low" else parameter.high
            step["params"][parameter.name] = [value, value] if parameter.widget == Widget.RANGE else value
    return step
