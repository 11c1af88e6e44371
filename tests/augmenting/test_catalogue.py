"""The catalogue and what is refused of a recipe. No torch here."""

import json
import subprocess
import sys

import pytest

from backend import errors
from backend.augmenting import catalogue, presets, transforms
from backend.augmenting.catalogue import TRANSFORMS
from tests.augmenting.steps import ENDS, at, new_step

# Of the same input they make the same output, or they are for boxes and videos.
NOT_RANDOM = """
    Resize CenterCrop Pad Grayscale RGB Normalize LinearTransformation Lambda Identity Compose ToTensor ToImage ToDtype
    ToPILImage ToPureTensor PILToTensor ConvertImageDtype ConvertBoundingBoxFormat ClampBoundingBoxes ClampKeyPoints
    SetClampingMode SanitizeBoundingBoxes SanitizeKeyPoints UniformTemporalSubsample RandomIoUCrop
"""


@pytest.mark.parametrize("end", ENDS)
def test_every_transform_comes_back_the_same_from_json(end):
    for transform in TRANSFORMS:
        steps = catalogue.validate([at(transform, end)])
        assert catalogue.validate(json.loads(json.dumps(steps))) == steps == [at(transform, end)]


def test_steps_on_batches_are_put_last_in_their_order():
    names = ["CutMix", "RandomInvert", "MixUp", "RandomRotation"]
    steps = catalogue.validate([{"transform": name} for name in names])
    assert [step["transform"] for step in steps] == ["RandomInvert", "RandomRotation", "CutMix", "MixUp"]


def test_what_torchvision_has_is_in_the_catalogue_or_left_out_for_a_reason():
    """The docstring names what is left out, so that a new torchvision is looked at."""
    from torchvision.transforms import v2

    makes = {name for name, value in vars(v2).items() if isinstance(value, type) and issubclass(value, v2.Transform)}
    left_out = makes - {each.name for each in TRANSFORMS} - {"Transform"} - set(NOT_RANDOM.split())
    assert {name for name in left_out if name not in transforms.__doc__} == set()


def test_what_is_left_out_of_a_step_gets_its_default():
    assert catalogue.validate([{"transform": "RandomRotation"}]) == [
        {"transform": "RandomRotation", "params": {"degrees": 15, "fill": "black"}, "probability": 1.0}
    ]


def test_every_transform_says_what_it_is_for_and_every_default_is_allowed():
    for transform in TRANSFORMS:
        assert transform.purpose.endswith(".")
        assert catalogue.validate([new_step(transform.name)])


@pytest.mark.parametrize("preset", presets.PRESETS, ids=lambda preset: preset.name)
def test_every_preset_is_a_sound_recipe(preset):
    assert len(presets.steps(preset.name)) == len(preset.steps)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("flip", "The steps of a recipe are a list"),
        ([{}], "Step 1 names no transform"),
        (["flip"], "Step 1 names no transform"),
        ([{"transform": "RandomHorizontalFlip", "p": 1}], 'Step 1 has "p"'),
        ([{"transform": "Flip"}], 'There is no transform "Flip"'),
        ([{"transform": "RandomRotation", "params": {"angle": 3}}], 'RandomRotation has no setting "angle"'),
        ([{"transform": "RandomRotation", "params": [3]}], "params must name settings"),
        ([{"transform": "RandomRotation", "params": {"degrees": 181}}], "RandomRotation: degrees is 181"),
        ([{"transform": "RandomRotation", "params": {"degrees": "15"}}], "RandomRotation: degrees is '15'"),
        ([{"transform": "RandomRotation", "params": {"degrees": True}}], "RandomRotation: degrees is True"),
        ([{"transform": "RandomRotation", "params": {"degrees": 1.5}}], "RandomRotation: degrees is 1.5"),
        ([{"transform": "RandomRotation", "params": {"degrees": float("nan")}}], "RandomRotation: degrees is nan"),
        ([{"transform": "RandomRotation", "params": {"fill": "pink"}}], "RandomRotation: fill is 'pink'"),
        ([{"transform": "RandomRotation", "params": {"fill": ["black"]}}], "RandomRotation: fill is ['black']"),
        ([{"transform": "RandomRotation", "probability": 1.1}], "the probability is 1.1"),
        ([{"transform": "RandomRotation", "probability": None}], "the probability is None"),
        ([{"transform": "GaussianBlur", "params": {"sigma": 1}}], "GaussianBlur: sigma is 1"),
        ([{"transform": "GaussianBlur", "params": {"sigma": [2, 1]}}], "GaussianBlur: sigma is [2.0, 1.0]"),
        ([{"transform": "GaussianBlur", "params": {"sigma": [0, 1]}}], "GaussianBlur: sigma is 0"),
        ([{"transform": "RandomInvert"}] * 31, "A recipe may have 30 steps; this one has 31"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(steps, words):
    with pytest.raises(errors.Invalid) as raised:
        catalogue.validate(steps)
    assert words in raised.value.message
    assert raised.value.hint


def test_the_catalogue_needs_no_torch():
    code = (
        "import sys, backend.augmenting.catalogue, backend.augmenting.presets, backend.augmenting.recipes as r, "
        "backend.api.recipes; r.python_source(backend.augmenting.presets.steps('strong'), 224); "
        "print([name for name in sys.modules if name in ('torch', 'torchvision')])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
