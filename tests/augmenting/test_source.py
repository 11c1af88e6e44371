"""The Python shown, run where Winnow is not known: from files to the pixels of training."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backend import blobs
from backend.augmenting import batch, presets, recipes, sight, variants
from backend.models import catalogue
from tests.training import builders

STEPS = [
    *presets.steps("medium"),
    {"transform": "MixUp", "params": {"alpha": 1.0}, "probability": 0.9},
    {"transform": "CutMix", "params": {"alpha": 1.0}, "probability": 0.8},
]
EPOCHS = 4
# No path to Winnow: it runs elsewhere, and without its folder.
RUN = """
import hashlib, json, pathlib, sys
import numpy, torch
for number, source in enumerate(json.load(open("sources.json"))):
    names = {}
    exec(source, names)
    files = sorted(pathlib.Path("pictures").iterdir())
    hashes = [hashlib.sha256(file.read_bytes()).digest() for file in files]
    for epoch in range(EPOCHS):
        samples = [names["sample"](names["picture"](f), 3, h, epoch) for f, h in zip(files, hashes)]
        images, labels = names["mix"](torch.stack(samples), torch.eye(len(files)), 3, hashes, epoch)
        numpy.savez(f"{number}-{epoch}.npz", images=images.numpy(), labels=labels.numpy())
print("winnow" in str(sys.path), [name for name in sys.modules if name.startswith("backend")])
""".replace("EPOCHS", str(EPOCHS))


@pytest.fixture
def photos(home: Path, tmp_path: Path) -> list[bytes]:
    """Four pictures of different sizes, as files and as blobs; their hashes in the order of the files."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, (width, height) in enumerate([(40, 30), (30, 50), (64, 64), (7, 9)]):
        pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return [blobs.put(file.read_bytes()) for file in sorted(folder.iterdir())]


def test_the_python_shown_goes_from_files_to_the_pixels_of_training(photos, tmp_path):
    vit, mobilenet = builders.a_tiny_vit(tmp_path / "vit"), builders.a_tiny_mobilenet(tmp_path / "mobilenet")
    asked = [(catalogue.COMPACT_RESNET, 24), (vit, 32), (mobilenet, 224), (mobilenet, 32)]
    sources = [recipes.python_source(STEPS, size, base) for base, size in asked]
    (tmp_path / "sources.json").write_text(json.dumps(sources))
    told = subprocess.check_output([sys.executable, "-I", "-c", RUN], cwd=tmp_path, text=True)
    assert told.strip() == "False []"
    for number, (base, size) in enumerate(asked):
        for epoch in range(EPOCHS):
            ours = torch.stack(list(variants.of(photos, STEPS, base=base, size=size, seed=3, epoch=epoch)))
            theirs = np.load(tmp_path / f"{number}-{epoch}.npz")
            assert np.array_equal(theirs["images"], ours.numpy())
            _, labels = batch.mix(ours, torch.arange(4), STEPS, seed=3, content_hashes=photos, epoch=epoch, classes=4)
            assert np.array_equal(theirs["labels"], labels.numpy())


def test_what_the_recipe_has_not_is_not_in_the_python():
    source = recipes.python_source(presets.steps("light"), 64)
    assert "def mix" not in source
    assert "def picture" not in source
    assert "transformers" not in recipes.python_source([], 64, catalogue.COMPACT_RESNET)


def test_a_base_of_the_hub_is_named_as_transformers_names_it(home):
    source = recipes.python_source([], 224, "hub:google/vit-base-patch16-224-in21k@abc")
    assert "from_pretrained('google/vit-base-patch16-224-in21k', revision='abc', backend='torchvision')" in source
    # Not here, so that its own size is not known: the size is set in any case.
    assert "resize(processor, 224)" in source
    assert hashlib.sha256(compile(source, "shown", "exec").co_code).digest()


def test_a_processor_is_loaded_once(home, tmp_path):
    base = builders.a_tiny_vit(tmp_path / "vit")
    assert sight.processor_of(base, 32) is sight.processor_of(base, 32)
    assert sight.processor_of(base, 32) is not sight.processor_of(base, 16)
