"""Every method on images, in real worker processes."""

import base64
import errno
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from backend import blobs
from backend.api.app import create
from backend.augmenting import shelf, sight
from backend.encoding import vectors
from backend.models import catalogue
from backend.training import artifact, building, pictures
from backend.training.head import load_head
from backend.training.predict import predict
from backend.training.snapshots import Rows
from db import items
from db import runs as rows
from db.models import Item, Prediction, Project, Run, Split
from db.session import reading, writing
from tests.training import builders
from tests.training.builders import curves_of, trained

STEPS = [{"transform": "RandomHorizontalFlip", "params": {}, "probability": 0.5}]
# Knows nothing of Winnow: it is what a person would write.
LOAD = """
import json, sys, torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification
answers = []
for folder, paths in json.loads(sys.argv[1]):
    model = AutoModelForImageClassification.from_pretrained(folder)
    processor = AutoImageProcessor.from_pretrained(folder)
    pictures = [Image.open(path).convert("RGB") for path in paths]
    with torch.no_grad():
        answers.append(model(**processor(images=pictures, return_tensors="pt")).logits.softmax(1).tolist())
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.an_image_project()


@pytest.fixture(scope="module")
def done(project: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    vit = builders.a_tiny_vit(tmp_path_factory.mktemp("base") / "vit")
    with writing() as session:
        recipe_id = shelf.save(session, "Mirrored", STEPS).id
    return {
        "descriptor": trained(project, method="head"),
        "scratch": trained(project, method="full", epochs=8, recipe_id=recipe_id),
        "frozen vit": trained(project, method="head", base=vit),
        "lora": trained(project, method="lora", base=vit, epochs=2),
    }


@pytest.fixture(scope="module")
def api(project: Project) -> TestClient:
    return TestClient(create(), base_url="http://127.0.0.1")


def test_discs_and_squares_are_told_apart_from_scratch_and_by_the_descriptor(done: dict[str, Run]) -> None:
    assert done["descriptor"].metrics["test"]["accuracy"] >= 0.8
    assert done["scratch"].metrics["test"]["accuracy"] >= 0.8
    assert done["scratch"].spec["image_size"] == 32
    assert len(curves_of(done["scratch"])["validation/loss"]) <= 8


def test_image_models_load_without_winnow_and_give_the_same_scores(done: dict[str, Run], tmp_path: Path) -> None:
    asked, ours = [], []
    for name in ("scratch", "frozen vit", "lora"):
        with reading() as session:
            kept = rows.predictions(session, done[name].id, Split.TEST)
            tested = items.by_ids(session, [each.item_id for each in kept])
        asked.append(
            (str(artifact.model_folder(done[name])), [str(blobs.path_of(each.content_hash)) for each in tested])
        )
        ours.append(answered(done[name].id, tested) if name == "frozen vit" else stored(kept))
    command = [sys.executable, "-c", LOAD, json.dumps(asked)]
    answers = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout)
    for answer, scores in zip(answers, ours, strict=True):
        assert np.abs(np.array(answer) - scores).max() < 1e-3


@pytest.mark.parametrize("name", ["descriptor", "scratch"])
def test_an_uploaded_image_gets_the_scores_that_it_has_as_an_item(
    api: TestClient, done: dict[str, Run], name: str
) -> None:
    with reading() as session:
        kept = rows.predictions(session, done[name].id, Split.TEST)
        tested = items.by_ids(session, [each.item_id for each in kept])
    files = [("files", ("a.png", blobs.path_of(item.content_hash).read_bytes(), "image/png")) for item in tested]
    answer = api.post(f"/runs/{done[name].id}/predict", files=files).json()["predictions"]
    if name == "descriptor":
        known, is_there = vectors.get(catalogue.DESCRIPTOR, [item.content_hash for item in tested])
        assert is_there.all()
        expected = load_head(artifact.model_folder(done[name]))[0].scores(known)
    else:
        expected = stored(kept)
    assert np.abs(np.array([list(each["scores"].values()) for each in answer]) - expected).max() < 1e-3


def stored(kept: Sequence[Prediction]) -> NDArray[np.float32]:
    return np.stack([np.frombuffer(each.scores, np.float32) for each in kept])


def answered(run_id: int, tested: Sequence[Item]) -> NDArray[np.float64]:
    """What the app says. A saved head learned from the test items too, so it differs from what was stored."""
    images = [base64.b64encode(blobs.path_of(item.content_hash).read_bytes()).decode() for item in tested]
    return np.array([list(each["scores"].values()) for each in predict(run_id, images=images)["predictions"]])


def test_a_broken_upload_is_refused_with_a_sentence(api: TestClient, done: dict[str, Run]) -> None:
    answer = api.post(
        f"/runs/{done['scratch'].id}/predict", files=[("files", ("a.jpg", b"not an image", "image/jpeg"))]
    )
    assert answer.status_code == 422
    assert "no image" in answer.json()["error"]["message"]


def test_the_descriptors_head_is_safe_weights_and_says_how_to_load_them(done: dict[str, Run]) -> None:
    folder = artifact.model_folder(done["descriptor"])
    assert {each.name for each in folder.iterdir()} == {"head.safetensors", "winnow_head.json", "README.md"}
    assert "load_head" in (folder / "README.md").read_text("utf-8")


def test_the_decoded_pictures_are_removed_after_the_run(done: dict[str, Run]) -> None:
    for run in done.values():
        assert {each.name for each in artifact.folder_of_run(run.id).iterdir()} == {"model"}


def test_room_for_the_decoded_pictures_is_taken_before_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a file with holes on a full disk nothing can be written, and the system ends who tries."""
    path = tmp_path / "train.part"
    np.lib.format.open_memmap(path, "w+", np.uint8, (100, 3, 64, 64))
    assert path.stat().st_blocks * 512 < path.stat().st_size
    pictures.take_room(path)
    assert path.stat().st_blocks * 512 >= path.stat().st_size

    def is_full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", is_full)
    with pytest.raises(OSError, match="No space"):
        pictures.take_room(path)
    assert not path.exists()


def test_batch_norm_keeps_what_it_learned_before(tmp_path: Path) -> None:
    """transformers gives this architecture a momentum that leaves nothing of it after one batch."""
    base = builders.a_tiny_mobilenet(tmp_path / "mobilenet")
    model = building.image_model(base, ["round", "square"], multi_label=False, side=32).model
    momenta = {module.momentum for module in model.modules() if type(module).__name__.startswith("BatchNorm")}
    assert momenta == {building.BATCH_NORM_MOMENTUM}


@pytest.mark.shared
def test_a_pretrained_network_beats_one_from_scratch_on_flowers(shared_home: None, shared: Path) -> None:
    folder = shared / "data" / "flower_photos" / "train"
    names = sorted(each.name for each in folder.iterdir() if each.is_dir())
    with writing() as session:
        flowers = builders.a_project(session, names, "image")
        for name in names:
            pictures = {path.read_bytes(): path for path in sorted((folder / name).glob("*.jpg"))[:24]}
            for data in pictures:
                builders.a_labeled_item(session, flowers, data, name)
    base = f"path:{shared / 'weights' / 'mobilenet_v2'}"
    pretrained = trained(flowers, method="full", base=base, epochs=1, image_size=96)
    scratch = trained(flowers, method="full", epochs=1, image_size=32)
    assert pretrained.metrics["test"]["accuracy"] >= 0.6
    assert pretrained.metrics["test"]["accuracy"] > scratch.metrics["test"]["accuracy"] + 0.1


def test_a_batch_reaches_the_model_with_its_colours_innermost_and_unchanged() -> None:
    """Convolutions are twice as fast on a CPU so."""
    processor = sight.processor_of(catalogue.COMPACT_RESNET, 32)
    pixels = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    training = pictures.Pictures(pixels.numpy(), Rows([], [], []))
    ready = pictures.finished({"pixel_values": pixels, "labels": torch.zeros(4)}, processor, training, 2)
    assert ready["pixel_values"].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(ready["pixel_values"], sight.normalised(processor, pixels))
