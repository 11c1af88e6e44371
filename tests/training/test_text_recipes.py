"""Recipes of texts in training: the model is given the very tokens that the studio shows."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from backend import errors
from backend.augmenting import presets, readers, shelf, text_preview
from backend.jobs.progress import Handle
from backend.models import catalogue
from backend.training import artifact, fine_tune, job, loop
from backend.training.loading import Ahead
from backend.training.prepared import Order
from db import items
from db.models import Project, Run, Split
from db.session import reading, writing
from tests.training import builders
from tests.training.builders import a_run, job_of

BATCH, LENGTH, SEED = 4, 24, 7
TOKENS_ONLY = [{"transform": "MaskTokens", "params": {"share": 0.3}}, {"transform": "DropTokens"}]
RECIPES = {"strong": presets.steps("texts-strong"), "tokens": TOKENS_ONLY, "none": None}


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.a_text_project(8)


@pytest.fixture(scope="module")
def base(shared_home: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    return builders.a_tiny_bert(tmp_path_factory.mktemp("bases") / "tiny")


def started(project: Project, base: str, steps: list[dict[str, Any]] | None, **spec: Any) -> Run:
    if steps is not None:
        with writing() as session:
            spec["recipe_id"] = shelf.save(session, "Texts shown again", steps).id
    settings = {"method": "full", "base": base, "epochs": 2, "batch_size": BATCH, "max_length": LENGTH, "seed": SEED}
    return a_run(project, **settings | spec)


def given_in_training(run: Run, folder: Path) -> list[list[list[int]]]:
    """Train in this process; of each step the ids that the model was given, without the padding."""
    frozen = job.frozen_for(run)
    handle = Handle(job_of(run))
    built, prepared = fine_tune.texts(handle, frozen, run.spec, folder)
    got: list[list[list[int]]] = []

    def look(model: Any, _args: Any, inputs: dict[str, Any]) -> None:
        if model.training:
            lengths = inputs["attention_mask"].sum(1).tolist()
            got.append([ids[:n] for ids, n in zip(inputs["input_ids"].tolist(), lengths, strict=True)])

    built.model.register_forward_pre_hook(look, with_kwargs=True)
    loop.train(handle, run.id, built.model, prepared, frozen=frozen, spec=run.spec, folder=folder / "checkpoints")
    return got


def shown(run: Run, steps: Sequence[dict[str, Any]] | None) -> list[list[list[int]]]:
    """The same by the reader of the preview, in the order of the run's batches."""
    reader = readers.reader_of(run.spec["base"], steps or [], LENGTH, SEED)
    rows = job.frozen_for(run).parts[Split.TRAIN]
    plain = readers.reader_of(run.spec["base"], [], LENGTH, SEED)
    lengths = [len(plain.read(text or "", content_hash, 0).fed) for content_hash, text in rows.contents]
    order, found = Order(len(rows), SEED, BATCH, lengths), []
    for order.epoch in range(run.spec["epochs"]):
        content = [rows.contents[position] for position in order]
        ids = [reader.read(text or "", content_hash, order.epoch).fed for content_hash, text in content]
        found += [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_the_model_is_given_the_tokens_that_the_preview_shows(
    project: Project, base: str, name: str, tmp_path: Path
) -> None:
    run = started(project, base, RECIPES[name])
    given = given_in_training(run, tmp_path)
    assert len(given) > 4
    assert given == shown(run, RECIPES[name])
    every = sorted(ids for batch in given[: len(given) // 2] for ids in batch)
    again = sorted(ids for batch in given[len(given) // 2 :] for ids in batch)
    assert (every == again) == (name == "none")


def test_only_what_is_trained_on_is_varied(project: Project, base: str, tmp_path: Path) -> None:
    run = started(project, base, RECIPES["strong"])
    frozen = job.frozen_for(run)
    _, prepared = fine_tune.texts(Handle(job_of(run)), frozen, run.spec, tmp_path)
    plain = readers.reader_of(base, [], LENGTH, SEED)
    for split, rows in frozen.parts.items():
        prepared.parts[split].epoch = 1
        asked = [prepared.parts[split][position][0] for position in range(len(rows))]
        unvaried = [plain.read(text or "", content_hash, 1).fed for content_hash, text in rows.contents]
        assert (asked == unvaried) == (split != Split.TRAIN)


def test_worker_processes_make_the_same_batches(project: Project, base: str, tmp_path: Path) -> None:
    run = started(project, base, RECIPES["strong"])
    frozen = job.frozen_for(run)
    _, prepared = fine_tune.texts(Handle(job_of(run)), frozen, run.spec, tmp_path)
    part = prepared.parts[Split.TRAIN]
    order = Order(len(part), SEED, BATCH, prepared.lengths)
    ahead = Ahead(part, prepared.batch, order, BATCH)
    assert ahead.is_varied
    made = []
    for workers in (0, 1):
        ahead.use(workers)
        for ahead.epoch in (0, 1):
            order.epoch = ahead.epoch
            positions = list(order)
            starts = range(0, len(part), BATCH)
            made.append(
                [ahead.__getitems__(positions[start : start + BATCH])["input_ids"].tolist() for start in starts]
            )
    ahead.close()
    assert made[:2] == made[2:]
    assert made[0] != made[1]
    assert ahead.problem is None


def test_a_run_shows_its_own_samples_and_says_what_it_did_not_train_on(project: Project, base: str) -> None:
    run = started(project, base, RECIPES["strong"])
    frozen = job.frozen_for(run)
    ids = [frozen.parts[split].item_ids[0] for split in (Split.TRAIN, Split.TEST)]
    told = text_preview.preview(
        ids, RECIPES["strong"] or [], samples=2, seed=SEED, size=LENGTH, base=base, run_id=run.id
    )["rows"]
    assert len(told[0]["samples"]) == 2
    assert "did not train on this text" in told[1]["problem"]
    with reading() as session:
        [item] = items.by_ids(session, ids[:1])
    assert told[0]["original"] == [{"text": item.text, "change": None}]


def test_a_run_with_a_recipe_trains_to_its_end_and_says_so_on_its_card(project: Project, base: str) -> None:
    recipe_id = started(project, base, TOKENS_ONLY).spec["recipe_id"]
    run = builders.trained(project, method="lora", base=base, epochs=1, recipe_id=recipe_id)
    card = (artifact.model_folder(run) / "README.md").read_text("utf-8")
    assert "The training items were varied by the recipe Texts shown again, version" in card
    assert "| MaskTokens | 1 | share 0.3 |" in card


def test_what_a_recipe_cannot_do_is_refused_before_there_is_a_run(project: Project, tmp_path: Path) -> None:

    folder = tmp_path / "maskless"
    base = builders.a_tiny_bert(folder)
    told = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    (folder / "tokenizer_config.json").write_text(json.dumps({**told, "mask_token": None}))
    words = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    words["added_tokens"] = [each for each in words["added_tokens"] if each["content"] != "[MASK]"]
    (folder / "tokenizer.json").write_text(json.dumps(words))
    with pytest.raises(errors.BadSpec, match="maskless has no mask token"):
        started(project, base, TOKENS_ONLY)
    assert started(project, base, [{"transform": "DropTokens"}])
    minilm = catalogue.MINILM
    with pytest.raises(errors.BadSpec, match="for pictures; the project has texts"):
        started(project, minilm, [{"transform": "RandomInvert"}])
    with pytest.raises(errors.BadSpec, match="MiniLM reads everything in lower case; this recipe would change nothing"):
        started(project, minilm, [{"transform": "MixCase"}])
    with pytest.raises(errors.BadSpec, match="A head learns from vectors of the texts as they are"):
        started(project, minilm, TOKENS_ONLY, method="head", epochs=None, batch_size=None, max_length=None)
