"""The preview: a person's own images, through the real assistant."""

import base64
import io
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional
from transformers import AutoImageProcessor

from backend import blobs, errors
from backend.augmenting import images, presets, recipes, sight
from backend.augmenting.preview import preview
from backend.jobs import ask
from backend.models import catalogue
from db.session import writing
from tests.explore.builders import a_project, an_image

BASE = catalogue.COMPACT_RESNET


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
    wanted = {"item_ids": flowers, "steps": presets.steps("medium"), "samples": 5, "seed": 0, "size": 224, "base": BASE}
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
    wanted = {"item_ids": flowers[:2], "steps": presets.steps("strong"), "seed": 1, "size": 64, "base": BASE}
    six = preview(samples=6, **wanted)["rows"]
    last_three = preview(samples=3, epoch=3, **wanted)["rows"]
    assert [row["samples"][3:] for row in six] == [row["samples"] for row in last_three]


@pytest.mark.shared
def test_pictures_are_resized_and_cut_as_the_base_does(home, shared):
    """MobileNet looks at the middle of a picture, the network from scratch at all of it, stretched."""
    file = min((shared / "data/flower_photos/train/daisy").iterdir())
    content_hash, picture = blobs.put(file.read_bytes()), Image.open(file)
    whole = functional.pil_to_tensor(picture)
    assert torch.equal(images.load(content_hash, BASE, 96), functional.resize(whole, [96, 96], antialias=True))
    folder = shared / "weights" / "mobilenet_v2"
    expected = AutoImageProcessor.from_pretrained(folder)(picture, return_tensors="pt")["pixel_values"]
    base = f"path:{folder}"
    processor = sight.processor_of(base, 224)
    assert torch.allclose(sight.normalised(processor, images.load(content_hash, base, 224)[None]), expected, atol=1e-6)
    # Half the pixels show the same part.
    small = functional.resize(images.load(content_hash, base, 224), [112, 112], antialias=True)
    assert (small.float() - images.load(content_hash, base, 112).float()).abs().mean() < 4


def test_rows_are_the_batch_when_pictures_are_mixed(home):
    """Each with the row before it, the first with the last."""
    with writing() as session:
        project = a_project(session, "image")
        colours = {"red": (254, 0, 0), "lime": (0, 254, 0), "blue": (0, 0, 254)}
        ids = [
            an_image(session, project, png(Image.new("RGB", (9, 9), colour)), name).id
            for name, colour in colours.items()
        ]
    steps = [{"transform": "MixUp", "params": {"alpha": 4.0}, "probability": 1.0}]
    wanted = {"steps": steps, "samples": 1, "seed": 2, "size": 16, "base": BASE}
    rows = preview(ids, **wanted)["rows"]
    mixed = [as_pixels(row["samples"][0])[8, 8].astype(int) for row in rows]
    # JPEG is off by a few.
    assert np.abs(np.sum(mixed, axis=1) - 254).max() < 12
    for own, pixel in enumerate(mixed):
        assert pixel[own] > 20
        assert pixel[own - 1] > 20
        assert pixel[own - 2] < 12
    assert preview(ids, **wanted)["rows"] == rows
    assert preview(ids[:2], **wanted)["rows"][0]["samples"] != rows[0]["samples"]


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
    loaded = images.load(blobs.put(png(picture)), BASE, 32)
    assert loaded.shape == (3, 32, 32)
    assert tuple(loaded[:, 16, 16].tolist()) == middle


def test_an_image_that_lost_its_file_says_so_and_the_others_are_shown(home):
    with writing() as session:
        project = a_project(session, "image")
        lost = an_image(session, project, png(Image.new("RGB", (20, 20), "red")), "lost.png")
        there = an_image(session, project, png(Image.new("RGB", (20, 20), "blue")), "there.png")
    blobs.path_of(lost.content_hash).unlink()
    told = preview([lost.id, there.id], [], samples=1, seed=0, size=32, base=BASE)["rows"]
    assert told[0] == {"id": lost.id, "problem": "The file of this image is no longer there."}
    assert told[1]["original"] == told[1]["samples"][0]


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"samples": 13}, {"size": 7}, {"size": 4000}])
def test_a_preview_too_large_to_show_is_refused(home, wrong):
    with pytest.raises(errors.Invalid):
        preview(**({"item_ids": [1], "steps": [], "samples": 1, "seed": 0, "size": 32, "base": BASE} | wrong))


def test_a_wrong_step_comes_back_from_the_assistant_as_a_sentence(home):
    steps = [{"transform": "RandomRotation", "params": {"degrees": 500}}]
    with pytest.raises(errors.WinnowError) as raised:
        ask.now("preview", item_ids=[1], steps=steps, samples=1, seed=0, size=32, base=BASE)
    assert raised.value.code == "invalid"
    assert "degrees is 500" in raised.value.message


def test_the_random_state_is_known_to_the_last_bit():
    """Kept for ever: with another state, saved runs could not be shown again."""
    assert recipes.random_state(0, bytes(32), 0) == 0xD308E362
