"""What the model was given in training, beside what the studio shows of the run: the same tensors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from backend import errors
from backend.augmenting import presets, replay, shelf, sight, variants
from backend.augmenting.preview import as_text, preview
from backend.jobs.progress import Handle
from backend.models import catalogue
from backend.training import fine_tune, job, loop, watch
from backend.training.prepared import Order
from backend.training.snapshots import Rows
from db.models import Project, Run, Split
from db.session import writing
from tests.training import builders
from tests.training.builders import a_run, job_of

BATCH, SIDE, SEED = 4, 24, 5
MIXING = [
    {"transform": "MixUp", "params": {"alpha": 1.0}, "probability": 0.7},
    {"transform": "CutMix", "params": {"alpha": 1.0}, "probability": 0.6},
]
DEMANDING = {"class_weights": "balanced", "label_smoothing": 0.1}


class KilledError(Exception):
    """In place of a power cut."""


@dataclass
class Received:
    """Of each training step: the pixels that the model was given."""

    batches: list[Tensor] = field(default_factory=list)


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.an_image_project(12)


def a_base(name: str, folder: Path) -> str:
    """The mobilenet's processor cuts the edges away, the other one stretches."""
    return catalogue.COMPACT_RESNET if name == "resnet" else builders.a_tiny_mobilenet(folder / name)


def started(project: Project, steps: list[dict[str, Any]] | None, base: str, **spec: Any) -> Run:
    if steps is not None:
        with writing() as session:
            spec["recipe_id"] = shelf.save(session, "Shown again", steps).id
    settings = {"method": "full", "base": base, "epochs": 2, "batch_size": BATCH, "image_size": SIDE, "seed": SEED}
    return a_run(project, **settings | spec)


def trained(run: Run, folder: Path, *, killed_at: int | None = None) -> Received:
    """Train in this process, from the newest checkpoint in `folder`; `killed_at` ends it in the middle of that step."""
    frozen = job.frozen_for(run)
    handle = Handle(job_of(run))
    built, prepared = fine_tune.images(handle, frozen, run.spec, folder)
    got = Received()

    def look(model: Any, _args: Any, inputs: dict[str, Any]) -> None:
        if model.training:
            if len(got.batches) == killed_at:
                raise KilledError
            got.batches.append(inputs["pixel_values"].detach().cpu().clone())

    built.model.register_forward_pre_hook(look, with_kwargs=True)
    loop.train(handle, run.id, built.model, prepared, frozen=frozen, spec=run.spec, folder=folder / "checkpoints")
    return got


def training_rows(run: Run) -> Rows:
    return job.frozen_for(run).parts[Split.TRAIN]


def positions(run: Run, epoch: int) -> list[list[int]]:
    """The batches of an epoch, as places in the training rows."""
    n = len(training_rows(run))
    order = Order(n, SEED, BATCH, None)
    order.epoch = epoch
    ordered = list(order)
    return [ordered[start : start + BATCH] for start in range(0, n, BATCH)]


def shown(run: Run, steps: Sequence[dict[str, Any]], places: Sequence[int], epoch: int) -> Tensor:
    """What the studio has of these items, normalised as the model takes it."""
    rows, base = training_rows(run), run.spec["base"]
    hashes = [rows.contents[place][0] for place in places]
    found = variants.of(hashes, steps, base=base, size=SIDE, seed=SEED, epoch=epoch, run=replay.of(run.id))
    return sight.normalised(sight.processor_of(base, SIDE), torch.stack(list(found)))


def assert_shown(run: Run, steps: Sequence[dict[str, Any]], received: Sequence[Tensor], first_step: int = 0) -> None:
    """Each batch that the model received is what the studio shows."""
    planned = [(epoch, places) for epoch in range(2) for places in positions(run, epoch)]
    assert len(received) == len(planned) - first_step
    for (epoch, places), got in zip(planned[first_step:], received, strict=True):
        assert torch.equal(shown(run, steps, places, epoch), got)


@pytest.mark.parametrize("base", ["resnet", "mobilenet"])
@pytest.mark.parametrize("mixing", [[], MIXING], ids=["plain", "mixed"])
def test_the_model_receives_what_the_studio_shows(
    project: Project, tmp_path: Path, base: str, mixing: list[dict[str, Any]]
) -> None:
    steps = presets.steps("medium") + mixing
    run = started(project, steps, a_base(base, tmp_path))
    received = trained(run, tmp_path / "run").batches
    assert received[0].shape == (BATCH, 3, SIDE, SIDE)
    assert_shown(run, steps, received)
    # No accident of pictures that are all alike.
    assert len({each[0].numpy().tobytes() for each in received}) == len(received)


@pytest.mark.parametrize("mixing", [[], MIXING], ids=["plain", "mixed"])
def test_a_resumed_run_goes_on_with_the_same_pictures(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mixing: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(watch, "CHECKPOINT_EVERY_S", 0.0)
    steps = presets.steps("light") + mixing
    run = started(project, steps, catalogue.COMPACT_RESNET)
    of_an_epoch = len(positions(run, 0))
    killed_at = of_an_epoch + 2
    with pytest.raises(KilledError):
        trained(run, tmp_path, killed_at=killed_at)
    assert_shown(run, steps, trained(run, tmp_path).batches, first_step=killed_at)


def test_the_page_is_sent_the_very_pictures(project: Project, tmp_path: Path) -> None:
    steps = presets.steps("medium") + MIXING
    run = started(project, steps, catalogue.COMPACT_RESNET)
    rows = training_rows(run)
    asked = {"steps": steps, "samples": 2, "seed": SEED, "size": SIDE, "base": run.spec["base"], "epoch": 1}
    told = preview(rows.item_ids[:3], run_id=run.id, **asked)["rows"]
    for number, epoch in enumerate((1, 2)):
        hashes = [content_hash for content_hash, _ in rows.contents[:3]]
        expected = variants.of(
            hashes, steps, base=run.spec["base"], size=SIDE, seed=SEED, epoch=epoch, run=replay.of(run.id)
        )
        assert [row["samples"][number] for row in told] == [as_text(each) for each in expected]


def test_what_the_run_did_not_train_on_is_not_shown_as_if_it_had(project: Project) -> None:
    run = started(project, presets.steps("light"), catalogue.COMPACT_RESNET)
    judged = job.frozen_for(run).parts[Split.TEST].item_ids[0]
    [row] = preview([judged], [], samples=1, seed=0, size=SIDE, base=run.spec["base"], run_id=run.id)["rows"]
    assert "did not train on this image" in row["problem"]


def test_a_run_that_has_not_begun_says_so(project: Project) -> None:
    run = started(project, None, catalogue.COMPACT_RESNET)
    with pytest.raises(errors.Conflict):
        replay.of(run.id)


def test_only_training_is_mixed(project: Project, tmp_path: Path) -> None:
    """Judging and looking at features take each picture by itself."""
    run = started(project, MIXING, catalogue.COMPACT_RESNET)
    _, prepared = fine_tune.images(Handle(job_of(run)), job.frozen_for(run), run.spec, tmp_path)
    train, judged = prepared.parts[Split.TRAIN], prepared.parts[Split.VALIDATION]
    trained_on = prepared.finish(prepared.batch([train[place] for place in range(BATCH)]))
    assert trained_on["labels"].shape == (BATCH, 2)
    assert trained_on["labels"].sum(1).tolist() == pytest.approx([1.0] * BATCH)
    assert set(trained_on) == {"pixel_values", "labels"}
    validated = prepared.finish(prepared.batch([judged[place] for place in range(2)]))
    assert validated["labels"].shape == (2,)
    processor = sight.processor_of(run.spec["base"], SIDE)
    assert torch.equal(
        validated["pixel_values"], sight.normalised(processor, torch.stack([judged[0][0], judged[1][0]]))
    )


def test_a_mixed_run_learns_and_is_judged_with_weights_and_smoothing_too(project: Project) -> None:
    with writing() as session:
        recipe_id = shelf.save(session, "Mixed", MIXING).id
    run = builders.trained(project, method="full", epochs=1, recipe_id=recipe_id, batch_size=BATCH, **DEMANDING)
    assert run.metrics["test"]["n"] > 0
    assert all(np.isfinite(point["value"]) for point in builders.curves_of(run)["train/loss"])


def test_the_pixels_shown_survive_being_normalised(project: Project) -> None:
    """Normalised, taken back and rounded, a picture of whole numbers is what it was: the screen shows what is seen."""
    pixels = torch.arange(256, dtype=torch.uint8).expand(1, 3, 4, 256)
    processor = sight.processor_of(catalogue.COMPACT_RESNET, SIDE)
    middle, spread = (torch.tensor(each).reshape(1, 3, 1, 1) for each in (processor.image_mean, processor.image_std))
    back = (sight.normalised(processor, pixels) * spread + middle) / processor.rescale_factor
    assert torch.equal(back.round().to(torch.uint8), pixels)
