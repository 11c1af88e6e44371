"""The methods full and lora: from a snapshot and a spec to a trained model."""

from functools import partial
from pathlib import Path
from typing import Any

from backend.augmenting import texts as varied
from backend.encoding import encode
from backend.jobs.progress import Handle
from backend.models import catalogue
from backend.training import (
    adapting,
    anatomy,
    building,
    few_bits,
    freezing,
    frozen,
    linear,
    load_code,
    loop,
    pictures,
    pooling,
    several,
    text,
)
from backend.training.adapting import Adapter
from backend.training.building import Built
from backend.training.checkpoints import newest
from backend.training.outcome import Outcome
from backend.training.prepared import Prepared
from backend.training.snapshots import Frozen
from db import recipes
from db.models import Kind, Split
from db.session import reading


def run(handle: Handle, run_id: int | None, data: Frozen, spec: dict[str, Any], folder: Path) -> Outcome:
    """`folder` is the run's own: it keeps checkpoints and decoded pictures until the run is over."""
    import transformers

    transformers.set_seed(spec["seed"])
    checkpoints = folder / "checkpoints"
    built, prepared = (texts if data.kind == Kind.TEXT else images)(handle, data, spec, folder)
    if newest(checkpoints) is None and several.starts(checkpoints) and starts_from_head(built):
        start_from_head(handle, built, prepared, data, spec)
    freezing.freeze(built, spec["frozen_layers"])
    if spec["method"] == "lora":
        built, places = adapting.adapted(built, spec)
    facts: dict[str, Any] = weights_of(built.model)
    trained = loop.train(handle, run_id, built.model, prepared, frozen=data, spec=spec, folder=checkpoints)
    trainer = trained.trainer
    save = partial(save_pretrained, trainer.model, built.prepares)
    if spec["method"] == "lora":
        adapter = adapting.taken(trainer.model, built.written, spec["base"])
        trainer.model = trainer.model_wrapped = merged(trainer.model, adapter, data, spec)
        save = partial(save_adapted, trainer.model, built.prepares, adapter)
        facts |= {"adapted_layers": adapting.said(places), "adapter_bytes": adapter.size_bytes}
    facts |= trained.facts | {
        "weights": sum(each.numel() for each in trainer.model.parameters()),
        "best_step": trainer.state.best_global_step,
        "steps": trainer.state.global_step,
        "precision": trainer.precision,
    }
    loads_with = load_code.of_transformers(data.kind, multi_label=data.multi_label, long_texts=spec["long_texts"])
    return Outcome(save, trained.scores, loads_with, trained.stopped, facts)


def weights_of(model: Any) -> dict[str, int]:
    """How many weights are trained and how many stay as they are, those of the adapters among them."""
    trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
    return {"trained_weights": trained, "frozen_weights": freezing.frozen_weights(model)}


def texts(_handle: Handle, data: Frozen, spec: dict[str, Any], _folder: Path) -> tuple[Built, Prepared]:
    built = built_for(data, spec, rounding_of(spec))
    steps = recipe_steps(spec.get("recipe_id")) or []
    has_mask = built.prepares.mask_token_id is not None
    varied.check_mask(steps, catalogue.find(spec["base"]).title, has_mask=has_mask)
    how = {"steps": steps, "seed": spec["seed"], "long_texts": spec["long_texts"]}
    return built, text.prepare(built.prepares, data, spec["max_length"], **how)


def images(handle: Handle, data: Frozen, spec: dict[str, Any], folder: Path) -> tuple[Built, Prepared]:
    built = built_for(data, spec, rounding_of(spec))
    steps = recipe_steps(spec.get("recipe_id"))

    def on_progress(done: int, total: int) -> None:
        handle.report(0, None, f"Reading pictures: {done:,} of {total:,}", unit="steps")

    return built, pictures.prepare(
        built.prepares, data, folder / "pictures", on_progress, steps=steps, seed=spec["seed"]
    )


def built_for(data: Frozen, spec: dict[str, Any], quantization: str = "none") -> Built:
    """The base of the spec with a classifier for these classes."""
    told: dict[str, Any] = {"multi_label": data.multi_label, "quantization": quantization}
    if data.kind == Kind.TEXT:
        built = building.text_model(spec["base"], data.names, pool=pooling.TRAINABLE, **told)
        # Whatever reads with the saved model must know it.
        built.model.config.winnow_long_texts = spec["long_texts"]
        return built
    return building.image_model(spec["base"], data.names, side=spec["image_size"], **told)


def rounding_of(spec: dict[str, Any]) -> str:
    """To how many bits the base is rounded: for LoRA only."""
    return str(spec.get("quantization", "none"))


def recipe_steps(recipe_id: int | None) -> list[dict[str, Any]] | None:
    if recipe_id is None:
        return None
    with reading() as session:
        recipe = recipes.get(session, recipe_id)
    return recipe.steps if recipe else None


def starts_from_head(built: Built) -> bool:
    """Where nothing but the last layer is new, it is fitted first: Kumar et al. 2022, linear probing then fine-tuning.

    A random last layer would send its noise back through the pretrained ones.
    """
    return [building.name_of_last_linear(built.model)] == built.fresh


def start_from_head(handle: Handle, built: Built, prepared: Prepared, data: Frozen, spec: dict[str, Any]) -> None:
    rows = data.parts[Split.TRAIN]
    total = len(rows)

    def on_progress(done: int, _total: int = 0) -> None:
        handle.report(0, None, f"A first classifier on the frozen base: {done:,} of {total:,}", unit="steps")

    if data.kind == Kind.TEXT and anatomy.is_mean_pooled(catalogue.folder_of(spec["base"])):
        vectors = encode.ensure(spec["base"], rows.contents, on_progress)
        seen = pooling.seen(vectors, pooling.TRAINABLE)
    else:
        seen = frozen.features(built.model, prepared, prepared.parts[Split.TRAIN], on_progress)
    head = linear.fit(
        seen,
        rows.targets,
        len(data.classes),
        multi_label=data.multi_label,
        balanced=spec["class_weights"] == "balanced",
        seed=spec["seed"],
    )
    frozen.put(built.model, head.weight, head.bias)


def merged(model: Any, adapter: Adapter, data: Frozen, spec: dict[str, Any]) -> Any:
    """The plain model with the adapter in its weights, which are those of the base in full precision."""
    if not few_bits.is_rounded(model.get_base_model()):
        return adapting.merged(model)
    place = model.device
    return adapting.merged_into(built_for(data, spec).model, adapter).to(place)


def save_pretrained(model: Any, prepares: Any, folder: Path) -> None:
    model.to("cpu").save_pretrained(folder)
    prepares.save_pretrained(folder)


def save_adapted(model: Any, prepares: Any, adapter: Adapter, folder: Path) -> None:
    """The merged model, and in a folder of its own the adapter by itself."""
    save_pretrained(model, prepares, folder)
    adapter.save(folder)
