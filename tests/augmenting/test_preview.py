"""The preview: a person's own images, through the real assistant."""

import base64
import io
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backend import blobs, errors
from backend.augmenting import images, presets, recipes
from backend.augmenting.preview import preview
from backend.jobs import ask
from db.session import writing
from tests.explore.builders import a_project, an_image


@pytest.fixture
def flowers(home: Path, shared: Path) -> list[int]:
    """Six photos as items; their ids."""
    files = [min(folder.iterdir()) for folder in sorted((shared / "data/flower_photos/train").iterdir())]
    files.append(sorted((shared / "data/flower_photos/train/tulips").iterdir())[1])
    with writing() as session:
        project = a_project(session, "image", ["flower"])
        return [an_image(session, project, file.read_bytes(), file.name).id for file in files]


def as_pixels(jpeg: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(jpeg))).convert("RGB"))


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.shared
def test_the_assistant_shows_real_photos_and_is_quick_once_warm(flowers):
    wanted = {"item_ids": flowers, "steps": presets.steps("medium"), "samples": 5, "seed": 0, "size": 224}
    first = ask.now("preview", **wanted)
    assert [row["id"] for row in first["rows"]] == flowers
    shown = as_pixels(first["rows"][0]["original"])
    assert shown.shape == (224, 224, 3)
    assert shown.std() > 10
    assert ask.now("preview", **wanted) == first
    fastest_s = min(timed(wanted) for _ in range(8))
    # 400 ms is the budget; the rest is for a machine that runs other tests at the same time.
    assert fastest_s < 0.8


def timed(wanted: dict) -> float:
    start = time.perf_counter()
    ask.now("preview", **wanted)
    return time.perf_counter() - start


@pytest.mark.shared
def test_a_later_epoch_goes_on_where_an_earlier_preview_ended(flowers):
    wanted = {"item_ids": flowers[:2], "steps": presets.steps("strong"), "seed": 1, "size": 64}
    six = preview(samples=6, **wanted)["rows"]
    last_three = preview(samples=3, epoch=3, **wanted)["rows"]
    assert [row["samples"][3:] for row in six] == [row["samples"] for row in last_three]


@pytest.mark.shared
def test_the_preview_is_what_training_is_fed(flowers, shared):
    """The image processor of the built-in network and the recipe, as the training loop applies them."""
    from transformers import ViTImageProcessor

    file = next(file for file in sorted((shared / "data/flower_photos/train/daisy").iterdir()))
    content_hash = blobs.put(file.read_bytes())
    processor = ViTImageProcessor(size={"height": 96, "width": 96}, do_convert_rgb=True)
    fed = processor(images=Image.open(file), do_rescale=False, do_normalize=False, return_tensors="pt")["pixel_values"]
    assert torch.equal(images.load(content_hash, 96), fed[0].to(torch.uint8))


@pytest.mark.parametrize(
    ("picture", "middle"),
    [
        (Image.new("L", (1, 1), 90), (90, 90, 90)),
        (Image.new("RGBA", (17, 300), (255, 0, 0, 0)), (255, 255, 255)),
        (Image.new("P", (30, 20), 0), (0, 0, 0)),
        (Image.fromarray(np.full((9, 9), 128 * 256, np.uint16)), (128, 128, 128)),
    ],
    ids=["grey", "transparent", "palette", "16 bits"],
)
def test_any_kind_of_picture_becomes_rgb(home, picture, middle):
    loaded = images.load(blobs.put(png(picture)), 32)
    assert loaded.shape == (3, 32, 32)
    assert tuple(loaded[:, 16, 16].tolist()) == middle


def test_an_image_that_lost_its_file_says_so_and_the_others_are_shown(home):
    with writing() as session:
        project = a_project(session, "image")
        lost = an_image(session, project, png(Image.new("RGB", (20, 20), "red")), "lost.png")
        there = an_image(session, project, png(Image.new("RGB", (20, 20), "blue")), "there.png")
    blobs.path_of(lost.content_hash).unlink()
    told = preview([lost.id, there.id], [], samples=1, seed=0, size=32)["rows"]
    assert told[0] == {"id": lost.id, "problem": "The file of this image is no longer there."}
    assert told[1]["original"] == told[1]["samples"][0]


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"samples": 13}, {"size": 8}, {"size": 4000}])
def test_a_preview_too_large_to_show_is_refused(home, wrong):
    with pytest.raises(errors.Invalid):
        preview(**({"item_ids": [1], "steps": [], "samples": 1, "seed": 0, "size": 32} | wrong))


def test_a_wrong_step_comes_back_from_the_assistant_as_a_sentence(home):
    steps = [{"transform": "RandomRotation", "params": {"degrees": 500}}]
    with pytest.raises(errors.WinnowError) as raised:
        ask.now("preview", item_ids=[1], steps=steps, samples=1, seed=0, size=32)
    assert raised.value.code == "invalid"
    assert "degrees is 500" in raised.value.message


def test_the_random_state_is_known_to_the_last_bit():
    """Kept for ever: with another state, saved runs could not be shown again."""
    assert recipes.random_state(0, bytes(32), 0) == 0xD308E362
