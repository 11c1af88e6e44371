"""Every architecture that Winnow names: trained by each method, adapted, frozen in part, saved, loaded without it."""

import gc
import itertools
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from backend import errors
from backend.jobs.progress import Handle
from backend.models import catalogue, load
from backend.training import (
    adapting,
    anatomy,
    building,
    environment,
    fine_tune,
    head,
    runs,
    setting,
    snapshots,
    spec,
)
from backend.training.outcome import Outcome
from backend.training.snapshots import Frozen
from db.models import Kind, Project, Split
from db.session import reading, writing
from tests.training import bases, builders
from tests.training.bases import LOOP, NAMES, built, kind_of, makes, scores

ALL = [*bases.TEXTS, *bases.IMAGES]
# A network of convolutions that look around has nothing for LoRA.
ADAPTED = [name for name in ALL if name != "resnet"]


@pytest.fixture(scope="module")
def folder(shared_home: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    load.quiet(transformers)
    # Each training collects garbage, and of what the imports made there is none.
    gc.freeze()
    yield tmp_path_factory.mktemp("bases")
    gc.unfreeze()


@pytest.fixture(scope="module")
def projects(shared_home: None) -> dict[str, Project]:
    return {"text": builders.a_text_project(8), "image": builders.an_image_project(12)}


@pytest.fixture(scope="module")
def frozen(projects: dict[str, Project]) -> dict[str, tuple[Handle, Frozen]]:
    """Of each kind, what a worker holds in its hand, and the snapshot that it trains on."""
    found = {}
    for kind, project in projects.items():
        run = builders.a_run(project, method="head")
        snapshot = snapshots.freeze(project, allow_missing=False)
        found[kind] = Handle(builders.job_of(run)), snapshots.load(snapshot, project)
    return found


@pytest.fixture(scope="module")
def base(folder: Path) -> Any:
    return bases.kept(folder)


@pytest.fixture
def train(frozen: dict[str, tuple[Handle, Frozen]], base: Any, tmp_path: Path) -> Any:
    """What the worker calls, on this architecture."""
    number = itertools.count()

    def of(architecture: str, method: str, **told: Any) -> tuple[Outcome, Frozen]:
        handle, data = frozen[kind_of(architecture)]
        chosen = setting.filled(LOOP | {"method": method, "base": base(architecture)} | told)
        run = head.run if method == "head" else fine_tune.run
        return run(handle, None, data, chosen, tmp_path / f"run-{next(number)}"), data

    return of


def reads(architecture: str, folder: Path, data: Frozen) -> dict[str, Any]:
    """The test items as somebody prepares them who knows nothing of Winnow."""
    rows = data.parts[Split.TEST]
    if kind_of(architecture) == Kind.TEXT:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        texts = [text for _, text in rows.contents]
        told = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        return {name: told[name] for name in ("input_ids", "attention_mask")}
    from backend import blobs, thumbs

    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="torchvision")
    pictures = [thumbs.rgb(blobs.path_of(content_hash)) for content_hash, _ in rows.contents]
    return dict(processor(images=pictures, return_tensors="pt"))


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("architecture", ALL)
def test_a_trained_model_loads_by_itself_and_gives_the_same_scores(
    train: Any, architecture: str, method: str, tmp_path: Path
) -> None:
    if method == "lora" and architecture not in ADAPTED:
        with pytest.raises(errors.BadSpec, match="no layers that LoRA can adapt"):
            train(architecture, method)
        return
    outcome, data = train(architecture, method)
    ours = outcome.scores(Split.TEST)
    saved = tmp_path / "model"
    outcome.save(saved)
    model = makes(architecture).from_pretrained(saved)
    assert model.config.id2label == dict(enumerate(data.names))
    theirs = scores(model, reads(architecture, saved, data)).softmax(1).numpy()
    assert np.abs(theirs - ours).max() < 1e-4
    assert outcome.facts["weights"] == sum(each.numel() for each in model.parameters())
    assert outcome.facts["steps"] > 1


@pytest.mark.parametrize("architecture", ["bert", "vit"])
def test_lora_can_compute_twice_to_save_memory(train: Any, architecture: str) -> None:
    once, twice = (train(architecture, "lora", gradient_checkpointing=each)[0] for each in (False, True))
    assert twice.facts["gradient_checkpointing"] == "done"
    assert np.abs(once.scores(Split.TEST) - twice.scores(Split.TEST)).max() < 1e-4


@pytest.mark.parametrize("architecture", ALL)
def test_a_head_on_every_architecture_loads_by_itself(train: Any, architecture: str, tmp_path: Path) -> None:
    outcome, data = train(architecture, "head")
    outcome.save(tmp_path / "model")
    model = makes(architecture).from_pretrained(tmp_path / "model")
    found = scores(model, reads(architecture, tmp_path / "model", data)).softmax(1)
    assert found.shape == (len(data.parts[Split.TEST]), len(data.names))
    assert outcome.scores(Split.TEST).shape == found.shape


@pytest.mark.parametrize("architecture", ALL)
def test_what_the_file_tells_is_what_the_loaded_model_has(base: Any, architecture: str) -> None:
    loaded = built(base(architecture), architecture)
    names = [name for name, _ in loaded.model.named_parameters()]
    folder = catalogue.folder_of(base(architecture))
    assert anatomy.layers(folder) == len(anatomy.blocks(names)) > 1
    told = anatomy.adapted_layers(folder)
    assert bool(told) == (architecture in ADAPTED)
    if told:
        found = adapting.layers_of(loaded.model)
        assert len(told) == len(found) >= anatomy.layers(folder)
    new = [name for name in names if any(name.startswith(each) for each in loaded.fresh)]
    kept = sum(each.numel() for name, each in loaded.model.named_parameters() if name not in new)
    # What the file has beside it: a pooler or a head for masked words.
    assert kept <= anatomy.parameters(folder) < 1.2 * kept + 31_000


def test_a_run_with_frozen_layers_says_how_many_weights_they_have(train: Any, base: Any) -> None:
    outcome, _ = train("bert", "full", frozen_layers=1)
    loaded = built(base("bert"), "bert").model
    # One of two blocks, and all words and positions.
    frozen = sum(each.numel() for name, each in loaded.named_parameters() if "embeddings" in name or "layer.0." in name)
    assert outcome.facts["frozen_weights"] == frozen
    assert outcome.facts["trained_weights"] == outcome.facts["weights"] - frozen


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"method": "full", "frozen_layers": 3}, "has 2 layers"),
        ({"method": "lora", "frozen_layers": 2}, "LoRA adapts none"),
        ({"method": "full", "max_length": 8000}, "reads at most 512 tokens"),
    ],
)
def test_more_layers_or_tokens_than_the_base_has_are_refused_before_the_start(
    projects: dict[str, Project], base: Any, told: dict[str, Any], words: str
) -> None:
    with reading() as session, pytest.raises(errors.BadSpec, match=words):
        spec.complete(session, projects["text"], {"base": base("bert")} | told)


def test_lora_is_started_on_every_base_that_has_layers_for_it(projects: dict[str, Project], base: Any) -> None:
    for architecture in ADAPTED:
        with writing() as session:
            run = runs.start(
                session, projects[kind_of(architecture)], {"method": "lora", "base": base(architecture), "folds": 0}
            )
        assert run.spec["method"] == "lora", architecture
    with writing() as session, pytest.raises(errors.BadSpec, match="no attention layers"):
        runs.start(session, projects["image"], {"method": "lora", "base": base("resnet")})


@pytest.mark.parametrize(
    ("architecture", "takes_any"),
    [("vit", False), ("clip", False), ("swin", True), ("dinov2", True), ("convnext", True), ("mobilenet", True)],
)
def test_only_some_bases_take_pictures_of_another_size(base: Any, architecture: str, takes_any: bool) -> None:
    folder = catalogue.folder_of(base(architecture))
    assert anatomy.image_size(folder) == bases.SIDE
    assert anatomy.takes_any_size(folder) == takes_any
    larger = building.image_model(base(architecture), NAMES, multi_label=False, side=48)
    picture = np.zeros((50, 70, 3), np.uint8)
    inputs = dict(larger.prepares(images=picture, return_tensors="pt"))
    assert inputs["pixel_values"].shape[2:] == (48, 48)
    if takes_any:
        assert scores(larger.model, inputs).shape == (1, 2)
    else:
        with pytest.raises(ValueError, match="size"):
            scores(larger.model, inputs)


def test_texts_may_be_as_long_as_the_positions_allow(base: Any) -> None:
    longest = {name: anatomy.longest_text(catalogue.folder_of(base(name))) for name in bases.TEXTS}
    assert longest == {
        "bert": 512,
        "roberta": 32,
        "distilbert": 512,
        "deberta": 512,
        "deberta-v3": 512,
        "modernbert": 8192,
    }
    model = built(base("roberta"), "roberta").model
    ids = torch.full((1, 32), 2000)
    assert scores(model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}).shape == (1, 2)
    with pytest.raises((IndexError, RuntimeError)):
        scores(model, {"input_ids": torch.full((1, 33), 2000), "attention_mask": torch.ones(1, 33)})


def test_the_environment_says_with_what_a_run_was_made(shared_home: None) -> None:
    told = environment.describe(catalogue.MINILM)
    for package in ("torch", "transformers", "tokenizers", "safetensors", "datasets", "accelerate", "peft"):
        assert told[package] == version(package)
    assert told["threads"] == torch.get_num_threads()
    assert told["memory_bytes"] > 1_000_000_000
    assert told["processor"]
    assert told["is_deterministic"] == (told["device"] == "cpu")
    assert {"git", "cores", "device", "python", "system", "base_revision"} <= set(told)
