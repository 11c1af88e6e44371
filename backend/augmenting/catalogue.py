"""Steps of a recipe, checked against the catalogue of transforms. Nothing here imports torch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from backend import errors
from backend.augmenting import transforms
from backend.augmenting.kinds import Parameter, Transform, Widget
from backend.augmenting.text_transforms import TEXT

__all__ = [
    "TRANSFORMS",
    "Parameter",
    "Transform",
    "Widget",
    "as_json",
    "check",
    "check_kind",
    "find",
    "kind_of",
    "validate",
]

TRANSFORMS = transforms.TRANSFORMS + TEXT
STEPS_MAX = 30


def as_json(transform: Transform) -> dict[str, Any]:
    """The transform as the API shows it."""
    return asdict(transform)


def find(name: str) -> Transform:
    """Raises Invalid for a name that is not in the catalogue."""
    for transform in TRANSFORMS:
        if transform.name == name:
            return transform
    raise errors.Invalid(f'There is no transform "{name}".', "GET /api/transforms lists those that there are.")


def validate(steps: Any) -> list[dict[str, Any]]:
    """The steps with everything that was left out filled in. Raises Invalid with a sentence.

    Steps on batches are put last, in their order: a batch is there only when each of its items is ready.
    """
    if not isinstance(steps, list):
        raise errors.Invalid("The steps of a recipe are a list.", 'Send [{"transform": "RandomHorizontalFlip"}].')
    if len(steps) > STEPS_MAX:
        raise errors.Invalid(f"A recipe may have {STEPS_MAX} steps; this one has {len(steps)}.", "Leave some out.")
    clean = [_clean_step(step, number) for number, step in enumerate(steps, start=1)]
    if len({find(step["transform"]).kind for step in clean}) > 1:
        raise errors.Invalid(
            "The recipe has transforms of pictures and of texts.", "Make two recipes: one for pictures, one for texts."
        )
    return sorted(clean, key=lambda step: find(step["transform"]).is_on_batch)


def kind_of(steps: Sequence[Mapping[str, Any]]) -> str | None:
    """What the steps change, "image" or "text"; none where there are no steps: that suits both."""
    return find(steps[0]["transform"]).kind if steps else None


def check_kind(steps: Sequence[Mapping[str, Any]], kind: str) -> None:
    """Raises Invalid when the steps are for the other kind."""
    if kind_of(steps) not in (kind, None):
        what = "pictures" if kind == "text" else "texts"
        raise errors.Invalid(f"This recipe is for {what}; the project has {kind}s.", f"Choose a recipe for {kind}s.")


def _clean_step(step: Any, number: int) -> dict[str, Any]:
    if not isinstance(step, dict) or not isinstance(step.get("transform"), str):
        raise errors.Invalid(f"Step {number} names no transform.", 'Write it as {"transform": "RandomHorizontalFlip"}.')
    if unknown := sorted(set(step) - {"transform", "params", "probability"}):
        raise errors.Invalid(f'Step {number} has "{unknown[0]}".', "A step has: transform, params, probability.")
    transform = find(step["transform"])
    given = step.get("params") or {}
    if not isinstance(given, dict):
        raise errors.Invalid(f"{transform.name}: params must name settings.", 'Write {"params": {"degrees": 15}}.')
    names = [each.name for each in transform.parameters]
    if unknown := sorted(set(given) - set(names)):
        hint = f"It has: {', '.join(names)}." if names else "It has no settings."
        raise errors.Invalid(f'{transform.name} has no setting "{unknown[0]}".', hint)
    params = {each.name: check(transform, each, given.get(each.name, each.default)) for each in transform.parameters}
    probability = step.get("probability", transform.probability)
    if not _is_number(probability) or not 0 <= probability <= 1:
        raise errors.Invalid(f"{transform.name}: the probability is {probability!r}.", "It must lie between 0 and 1.")
    return {"transform": transform.name, "params": params, "probability": float(probability)}


def check(transform: Transform, parameter: Parameter, value: Any) -> Any:
    """The value in its proper type. Raises Invalid when it is of another kind or out of range."""
    where = f"{transform.name}: {parameter.name}"
    if parameter.widget == Widget.CHOICE:
        if value not in parameter.choices:
            raise errors.Invalid(f"{where} is {value!r}.", f"Choose one of: {', '.join(parameter.choices)}.")
        return value
    if parameter.widget == Widget.RANGE:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise errors.Invalid(f"{where} is {value!r}.", "It must be [low, high].")
        low, high = (_check_number(where, parameter, end) for end in value)
        if low > high:
            raise errors.Invalid(f"{where} is [{low}, {high}].", "The low end must come first.")
        return [low, high]
    return _check_number(where, parameter, value)


def _check_number(where: str, parameter: Parameter, value: Any) -> float | int:
    unit = f" {parameter.unit}" if parameter.unit else ""
    bounds = f"It must lie between {parameter.low:g} and {parameter.high:g}{unit}."
    if not _is_number(value) or not parameter.low <= value <= parameter.high:
        raise errors.Invalid(f"{where} is {value!r}.", bounds)
    if parameter.is_whole:
        if value != int(value):
            raise errors.Invalid(f"{where} is {value!r}.", "It must be a whole number.")
        return int(value)
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
