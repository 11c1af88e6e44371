"""Fine-tune one model with transformers' Trainer. Knows nothing of texts or images: see `prepared`."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import EvalPrediction, Trainer, TrainingArguments

from backend.evaluating import metrics
from backend.jobs.progress import Handle, Stopped
from backend.training import loading, pace
from backend.training.linear import Floats, as_probabilities
from backend.training.prepared import Order, Prepared, Samples, by_row
from backend.training.snapshots import Frozen
from backend.training.watch import WHOLE, Watch
from db.models import Split

MOST_POINTS = 1000
# Smaller than any step of macro-F1 that a validation set of a thousand items a class can take.
TIE_BREAK = 1e-4


class Loop(Trainer):
    """A Trainer with an order of its own: the library's is drawn from a random state that a resumed run lacks."""

    order: Order
    prepared: Prepared

    def _get_train_sampler(self, train_dataset: Any = None) -> Order:
        return self.order

    def _prepare_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return self.prepared.finish(super()._prepare_inputs(inputs))


class Trained:
    """A trainer whose model is the best one found; `stopped` when it was ended early.

    facts: figures for the run's environment.
    """

    def __init__(self, trainer: Loop, watch: Watch, prepared: Prepared, frozen: Frozen) -> None:
        self.trainer, self.watch, self.prepared, self.frozen = trainer, watch, prepared, frozen
        self.stopped: Stopped | None = None
        self.facts: dict[str, Any] = {}

    def scores(self, split: Split) -> Floats:
        samples = self.prepared.parts[split]
        if not len(samples):
            return np.zeros((0, len(self.frozen.classes)))
        logits = np.asarray(self.trainer.predict(samples).predictions, np.float64)
        return as_probabilities(by_row(samples, logits), multi_label=self.frozen.multi_label)


def train(
    handle: Handle, run_id: int, model: Any, prepared: Prepared, *, frozen: Frozen, spec: dict[str, Any], folder: Path
) -> Trained:
    """Train from the newest whole checkpoint in `folder`, or from the start, up to the end or a wish to stop."""
    part = prepared.parts[Split.TRAIN]
    order = Order(len(part), spec["seed"], spec["batch_size"], prepared.lengths)
    ahead = loading.Ahead(part, prepared.batch, order, spec["batch_size"])
    watch = Watch(handle, run_id, order, ahead, spec["patience"])
    trainer = Loop(
        model=model,
        args=arguments(spec, len(part), folder),
        train_dataset=ahead,
        eval_dataset=prepared.parts[Split.VALIDATION],
        data_collator=loading.collated(prepared.batch),
        compute_loss_func=loss_function(frozen, spec),
        compute_metrics=figures(frozen, prepared.parts[Split.VALIDATION]),
        callbacks=[watch],
    )
    trainer.order, trainer.prepared = order, prepared
    ahead.batch_size = trainer.args.train_batch_size
    trained = Trained(trainer, watch, prepared, frozen)
    try:
        trained.facts |= pace.choose(trainer, ahead, steps_of(spec, len(part)), watch.say_before)
        watch.keep(trained.facts)
        trainer.train(resume_from_checkpoint=newest_checkpoint(folder))
    except Stopped as stopped:
        trained.stopped = stopped
        if trainer.state.best_model_checkpoint:
            trainer._load_best_model()
    except torch.OutOfMemoryError as error:
        raise MemoryError from error
    finally:
        if "augmentation" in trained.facts:
            trained.facts["augmentation"] |= ahead.told()
        ahead.close()
    watch.is_over = True
    watch.write()
    return trained


def arguments(spec: dict[str, Any], n: int, folder: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=spec["epochs"],
        learning_rate=spec["learning_rate"],
        per_device_train_batch_size=spec["batch_size"],
        per_device_eval_batch_size=max(32, spec["batch_size"]),
        weight_decay=spec["weight_decay"],
        # Below 1 it is a share of all steps; 1 would be one step.
        warmup_steps=min(spec["warmup"], 0.999),
        seed=spec["seed"],
        logging_strategy="steps",
        logging_steps=max(1, steps_of(spec, n) // MOST_POINTS),
        logging_nan_inf_filter=False,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="choice",
        greater_is_better=True,
        # Pickled optimizer states are Winnow's own, from its own folder.
        save_only_model=False,
        remove_unused_columns=False,
        label_names=["labels"],
        disable_tqdm=True,
        report_to="none",
        **precision(),
    )


def steps_of(spec: dict[str, Any], n: int) -> int:
    """In the whole run."""
    return -(-n // spec["batch_size"]) * int(spec["epochs"])


def precision() -> dict[str, Any]:
    """Half precision where the hardware has it: bfloat16 first, for it needs no loss scaling."""
    if not torch.cuda.is_available():
        # Pinned memory serves transfers to CUDA only, and warns elsewhere.
        return {"dataloader_pin_memory": False}
    return {"bf16": True} if torch.cuda.is_bf16_supported() else {"fp16": True}


def loss_function(frozen: Frozen, spec: dict[str, Any]) -> Callable[..., Any]:
    """Cross entropy, or binary cross entropy over all classes when an item may have several."""
    weights = class_weights(frozen) if spec["class_weights"] == "balanced" else None
    smoothing = spec["label_smoothing"]

    def loss(outputs: Any, targets: Any, num_items_in_batch: Any = None) -> Any:
        logits = outputs["logits"].float()
        weight = None if weights is None else weights.to(logits.device)
        # Summed and divided by the count of the whole step, so that accumulated batches weigh alike.
        how = "mean" if num_items_in_batch is None else "sum"
        if frozen.multi_label:
            total = functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=weight, reduction=how)
        else:
            # Targets are class positions, or (n, k) shares where a batch was mixed: torch's sums of both agree.
            total = functional.cross_entropy(logits, targets, weight, reduction=how, label_smoothing=smoothing)
        return total if num_items_in_batch is None else total / num_items_in_batch

    return loss


def class_weights(frozen: Frozen) -> Any:
    """As scikit-learn balances: n / (k * count); for several classes an item, negatives to positives."""
    targets = frozen.parts[Split.TRAIN].targets
    counts = metrics.as_table(targets, len(frozen.classes)).sum(axis=0).clip(min=1)
    n = len(targets)
    balanced = (n - counts) / counts if frozen.multi_label else n / (len(counts) * counts)
    return torch.tensor(balanced.clip(0.05, 20), dtype=torch.float32)


def figures(frozen: Frozen, samples: Samples) -> Callable[[EvalPrediction], dict[str, float]]:
    """The validation figures of an epoch. "choice" is macro-F1, and among equals the lower loss."""

    def compute(prediction: EvalPrediction) -> dict[str, float]:
        rows = frozen.parts[Split.VALIDATION]
        logits: Floats = np.asarray(prediction.predictions, np.float64)
        if len(logits) != len(samples):
            return {}
        logits = by_row(samples, logits)
        found = metrics.evaluate(
            rows.targets, as_probabilities(logits, multi_label=frozen.multi_label), frozen.classes, frozen.multi_label
        )
        told = {name: found[name] for name in ("f1_macro", "accuracy", "log_loss") if found[name] is not None}
        return told | {"choice": told["f1_macro"] - TIE_BREAK * min(told.get("log_loss", 1.0), 1.0)}

    return compute


def newest_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint that was written to its end. What a killed process left half written is removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda each: int(each.name.rpartition("-")[2]))
    whole = [each for each in found if (each / WHOLE).exists()]
    for each in found:
        if each not in whole:
            shutil.rmtree(each)
    return str(whole[-1]) if whole else None
