"""From steps to pixels: every size, every end of every range, and the same pixels everywhere."""

import hashlib
import json
import pickle
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from backend.augmenting import presets, recipes
from tests.augmenting.steps import ENDS, PICTURES, at

HASH = bytes(range(32))
SIZES = [(32, 32), (1, 1), (1, 40), (2, 3), (17, 3000), (480, 640)]


def a_picture(size: tuple[int, int]) -> torch.Tensor:
    return torch.randint(0, 256, (3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))


def digest(image: torch.Tensor) -> str:
    return hashlib.sha256(image.numpy().tobytes()).hexdigest()


def one(image: torch.Tensor, steps: list[dict], epoch: int = 0, seed: int = 3) -> torch.Tensor:
    compose = recipes.to_compose(steps, tuple(image.shape[1:]))
    return recipes.augment(image, compose, seed=seed, content_hash=HASH, epoch=epoch)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("transform", PICTURES, ids=lambda each: each.name)
def test_every_transform_runs_at_both_ends_of_its_ranges_on_every_size(transform, size):
    image = a_picture(size)
    before = image.clone()
    for end in ENDS:
        changed = one(image, [at(transform, end)])
        assert changed.shape == image.shape
        assert changed.dtype == torch.uint8
        assert changed.is_contiguous()
    assert torch.equal(image, before)


@pytest.mark.parametrize("transform", PICTURES, ids=lambda each: each.name)
def test_every_transform_changes_a_photo_some_time(transform):
    # Without black and white, which full contrast adds, and with an edge, which sharpening needs.
    ramp = torch.linspace(30, 200, 64).to(torch.uint8).expand(3, 64, 64).clone()
    ramp[1] = ramp[0].T
    ramp[:, 20:30, 20:30] = 120
    step = at(transform, "default")
    assert any(not torch.equal(one(ramp, [step], epoch), ramp) for epoch in range(12))


def test_the_same_seed_item_and_epoch_give_the_same_pixels_whatever_ran_before():
    image, steps = a_picture((64, 64)), presets.steps("strong")
    first = [one(image, steps, epoch) for epoch in range(6)]
    torch.manual_seed(99)
    random.seed(99)
    np.random.seed(99)
    torch.rand(7)
    again = [one(image, steps, epoch) for epoch in reversed(range(6))][::-1]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({digest(each) for each in first}) == 6
    assert not torch.equal(one(image, steps, seed=4), first[0])


def test_augmenting_leaves_the_random_state_of_torch_as_it_was():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    one(a_picture((32, 32)), presets.steps("strong"))
    assert torch.equal(torch.rand(3), expected)


def test_a_failing_transform_leaves_the_random_state_as_it_was():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    compose = recipes.to_compose(presets.steps("medium"), 32)
    with pytest.raises(TypeError):
        recipes.augment("no picture", compose, seed=0, content_hash=HASH, epoch=0)
    assert torch.equal(torch.rand(3), expected)


def test_no_steps_change_nothing():
    image = a_picture((32, 32))
    assert torch.equal(one(image, []), image)


def test_a_compose_travels_to_loader_workers():
    image = a_picture((32, 32))
    for transform in PICTURES:
        compose = recipes.to_compose([at(transform, "default")], 32)
        copy = pickle.loads(pickle.dumps(compose))
        changed = [recipes.augment(image, each, seed=0, content_hash=HASH, epoch=0) for each in (compose, copy)]
        assert torch.equal(*changed)


def test_another_process_and_the_python_shown_give_the_same_pixels(tmp_path):
    """A fresh interpreter that knows nothing of Winnow runs the code shown for all of the catalogue and the presets."""
    recipes_shown = [[at(transform, end)] for transform in PICTURES for end in ENDS]
    recipes_shown += [presets.steps(preset.name) for preset in presets.PRESETS if preset.kind == "image"]
    image = a_picture((48, 60))
    np.save(tmp_path / "image.npy", image.numpy())
    sources = [recipes.python_source(steps, (48, 60)) for steps in recipes_shown]
    (tmp_path / "sources.json").write_text(json.dumps(sources))
    code = (
        "import hashlib, json, numpy, torch\n"
        "image = torch.from_numpy(numpy.load('image.npy'))\n"
        "for source in json.load(open('sources.json')):\n"
        "    names = {}\n"
        "    exec(source, names)\n"
        "    made = names['sample'](image, 3, bytes(range(32)), 2)\n"
        "    print(hashlib.sha256(made.contiguous().numpy().tobytes()).hexdigest())\n"
    )
    told = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True).split()
    assert told == [digest(one(image, steps, epoch=2)) for steps in recipes_shown]


def test_the_python_shown_names_every_transform_once():
    source = recipes.python_source(presets.steps("medium"), 224)
    assert "v2.RandomApply([v2.RandomRotation(degrees=10, fill=None, interpolation='bilinear')], p=0.5)" in source
    assert "v2.RandomHorizontalFlip(p=0.5)" in source
    assert "size=(224, 224)" in source
