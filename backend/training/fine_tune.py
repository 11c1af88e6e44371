"""The methods full and lora: from a snapshot and a spec to a trained model."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from backend.augmenting import texts as varied
from backend.encoding import encode
from backend.jobs.progress import Handle
from backend.models import catalogue
from backend.training import anatomy, building, frozen, linear, loop, pictures, pooling, text
from backend.training.building import Built
from backend.training.outcome import Outcome
from backend.training.prepared import Prepared
from backend.training.snapshots import Frozen
from db import recipes
from db.models import Kind, Split
from db.session import reading


def run(handle: Handle, run_id: int, data: Frozen, spec: dict[str, Any], folder: Path) -> Outcome:
    """`folder` is the run's own: it keeps checkpoints and decoded pictures until the run is over."""
    import transformers

    transformers.set_seed(spec["seed"])
    checkpoints = folder / "checkpoints"
    built, prepared = (texts if data.kind == Kind.TEXT else images)(handle, data, spec, folder)
    if loop.newest_checkpoint(checkpoints) is None and starts_from_head(built):
        start_from_head(handle, built, prepared, data, spec)
    if spec["method"] == "lora":
        built = adapted(built, spec)
    trainable = sum(each.numel() for each in built.model.parameters() if each.requires_grad)
    trained = loop.train(handle, run_id, built.model, prepared, frozen=data, spec=spec, folder=checkpoints)
    trainer = trained.trainer
    if spec["method"] == "lora":
        targets = sorted(trainer.model.peft_config["default"].target_modules)
        trainer.model = trainer.model_wrapped = trainer.model.merge_and_unload()
    facts = trained.facts | {
        "trained_weights": trainable,
        "weights": sum(each.numel() for each in trainer.model.parameters()),
        "best_step": trainer.state.best_global_step,
        "steps": trainer.state.global_step,
        "precision": next((name for name in ("bf16", "fp16") if getattr(trainer.args, name)), "fp32"),
    }
    if spec["method"] == "lora":
        facts["adapted_layers"] = ", ".join(targets)
    save = partial(save_pretrained, trainer.model, built.prepares)
    return Outcome(save, trained.scores, loads_with(data.kind), trained.stopped, facts)


def texts(_handle: Handle, data: Frozen, spec: dict[str, Any], _folder: Path) -> tuple[Built, Prepared]:
    pool = pooling.TRAINABLE
    built = building.text_model(spec["base"], data.names, multi_label=data.multi_label, pool=pool)
    steps = recipe_steps(spec.get("recipe_id")) or []
    has_mask = built.prepares.mask_token_id is not None
    varied.check_mask(steps, catalogue.find(spec["base"]).title, has_mask=has_mask)
    return built, text.prepare(built.prepares, data, spec["max_length"], steps=steps, seed=spec["seed"])


def images(handle: Handle, data: Frozen, spec: dict[str, Any], folder: Path) -> tuple[Built, Prepared]:
    built = building.image_model(spec["base"], data.names, multi_label=data.multi_label, side=spec["image_size"])
    steps = recipe_steps(spec.get("recipe_id"))

    def on_progress(done: int, total: int) -> None:
        handle.report(0, None, f"Reading pictures: {done:,} of {total:,}", unit="steps")

    return built, pictures.prepare(
        built.prepares, data, folder / "pictures", on_progress, steps=steps, seed=spec["seed"]
    )


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
    last = building.last_linear(built.model)
    return [name for name, module in built.model.named_modules() if module is last] == built.fresh


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


def adapted(built: Built, spec: dict[str, Any]) -> Built:
    """With LoRA adapters (Hu et al. 2021) on the attention layers; the classifier is trained whole."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=spec["lora_rank"],
        lora_alpha=2 * spec["lora_rank"],
        lora_dropout=0.05,
        target_modules=anatomy.attention_layers(name for name, _ in built.model.named_modules()),
        modules_to_save=outermost(built.fresh),
    )
    return Built(get_peft_model(built.model, config), built.prepares, built.fresh)


def outermost(modules: Sequence[str]) -> list[str]:
    """Without those that lie inside another one of them."""
    return [name for name in modules if not any(name.startswith(f"{other}.") for other in modules)]


def save_pretrained(model: Any, prepares: Any, folder: Path) -> None:
    model.to("cpu").save_pretrained(folder)
    prepares.save_pretrained(folder)


def loads_with(kind: str) -> str:
    if kind == Kind.TEXT:
        return LOAD_TEXT
    return LOAD_IMAGE


LOAD_TEXT = """from transformers import pipeline

classify = pipeline("text-classification", model="FOLDER", truncation=True)
print(classify("Some text", top_k=None))"""
LOAD_IMAGE = """from transformers import pipeline

classify = pipeline("image-classification", model="FOLDER")
print(classify("picture.jpg"))"""
