"""Recipes to start from, each with the sentence that says when to take it."""

from dataclasses import dataclass
from typing import Any

from backend import errors
from backend.augmenting import catalogue


@dataclass(frozen=True)
class Preset:
    name: str
    title: str
    purpose: str
    steps: tuple[tuple[str, dict[str, Any], float], ...]
    # Of what: "image" or "text".
    kind: str = "image"


PRESETS = (
    Preset("none", "None", "Every picture as it is.", ()),
    Preset(
        "light",
        "Light",
        "Small changes that rarely hurt.",
        (
            ("RandomHorizontalFlip", {}, 0.5),
            ("RandomResizedCrop", {"scale": [0.85, 1.0], "ratio": [0.9, 1.1]}, 1.0),
            ("ColorJitter", {"brightness": 0.1, "contrast": 0.1, "saturation": 0.1, "hue": 0.0}, 1.0),
        ),
    ),
    Preset(
        "medium",
        "Medium",
        "The usual amount for photos and a few hundred items.",
        (
            ("RandomHorizontalFlip", {}, 0.5),
            ("RandomRotation", {"degrees": 10}, 0.5),
            ("RandomResizedCrop", {"scale": [0.6, 1.0]}, 1.0),
            ("ColorJitter", {"brightness": 0.25, "contrast": 0.25, "saturation": 0.25, "hue": 0.02}, 1.0),
            ("RandomErasing", {"scale": [0.02, 0.1]}, 0.2),
        ),
    ),
    Preset(
        "strong",
        "Strong",
        "For long training on little data. Look closely: some pictures may lose their class.",
        (
            ("RandomHorizontalFlip", {}, 0.5),
            ("RandomResizedCrop", {"scale": [0.35, 1.0]}, 1.0),
            ("RandAugment", {"num_ops": 2, "magnitude": 12, "fill": "grey"}, 1.0),
            ("GaussianBlur", {"sigma": [0.1, 1.5]}, 0.2),
            ("RandomErasing", {"scale": [0.02, 0.25]}, 0.4),
        ),
    ),
    Preset(
        "photos",
        "Photos",
        "Things and scenes taken with different cameras, in different light.",
        (
            ("RandomHorizontalFlip", {}, 0.5),
            ("RandomResizedCrop", {"scale": [0.5, 1.0]}, 1.0),
            ("ColorJitter", {"brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.03}, 0.8),
            ("GaussianBlur", {"sigma": [0.1, 1.2]}, 0.1),
            ("JPEG", {"quality": [40, 95]}, 0.2),
        ),
    ),
    Preset(
        "documents",
        "Documents",
        "Pages, forms and handwriting: never mirrored, hardly turned.",
        (
            ("RandomAffine", {"degrees": 3, "translate": 0.03, "scale": [0.9, 1.05], "shear": 3, "fill": "white"}, 0.8),
            ("RandomPerspective", {"distortion_scale": 0.1, "fill": "white"}, 0.3),
            ("ColorJitter", {"brightness": 0.2, "contrast": 0.3, "saturation": 0.1, "hue": 0.0}, 0.8),
            ("GaussianBlur", {"sigma": [0.1, 1.0]}, 0.2),
            ("GaussianNoise", {"sigma": 0.04}, 0.3),
            ("JPEG", {"quality": [30, 90]}, 0.3),
        ),
    ),
    Preset(
        "microscopy",
        "Microscopy and aerial",
        "No up or down: every direction is as good as another.",
        (
            ("RandomHorizontalFlip", {}, 0.5),
            ("RandomVerticalFlip", {}, 0.5),
            ("RandomAffine", {"degrees": 180, "translate": 0.05, "scale": [0.9, 1.2], "fill": "grey"}, 0.8),
            ("ColorJitter", {"brightness": 0.15, "contrast": 0.2, "saturation": 0.15, "hue": 0.03}, 0.8),
            ("GaussianBlur", {"sigma": [0.1, 1.0]}, 0.15),
            ("GaussianNoise", {"sigma": 0.02}, 0.2),
        ),
    ),
    Preset("texts-none", "None", "Every text as it is.", (), "text"),
    Preset(
        "texts-light",
        "Light",
        "A few typing errors and covered words, in some of the texts.",
        (
            ("Typos", {"share": 0.02}, 0.3),
            ("MaskTokens", {"share": 0.1}, 0.5),
        ),
        "text",
    ),
    Preset(
        "texts-strong",
        "Strong",
        "Much at once. Compare with a run without it: a text that lost the wrong word has lost its class.",
        (
            ("ChangeCase", {"to": "any"}, 0.2),
            ("Typos", {"share": 0.05}, 0.5),
            ("DropWords", {"share": 0.1}, 0.5),
            ("MaskTokens", {"share": 0.15}, 1.0),
        ),
        "text",
    ),
)  # fmt: skip


def find(name: str) -> Preset:
    for preset in PRESETS:
        if preset.name == name:
            return preset
    names = ", ".join(each.name for each in PRESETS)
    raise errors.Invalid(f'There is no preset "{name}".', f"Choose one of: {names}.")


def steps(name: str) -> list[dict[str, Any]]:
    """The steps of a preset, complete. Raises Invalid for an unknown name."""
    written = [
        {"transform": transform, "params": params, "probability": probability}
        for transform, params, probability in find(name).steps
    ]
    return catalogue.validate(written)
