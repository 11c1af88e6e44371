"""A run's settings in the words of transformers' Trainer."""

from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from backend.training import machine, several

MOST_POINTS = 1000
SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def arguments(spec: dict[str, Any], n: int, folder: Path) -> TrainingArguments:
    """n: training samples."""
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=spec["epochs"],
        learning_rate=spec["learning_rate"],
        lr_scheduler_type=SCHEDULES[spec["schedule"]],
        per_device_train_batch_size=spec["batch_size"],
        per_device_eval_batch_size=max(32, spec["batch_size"]),
        gradient_accumulation_steps=spec["accumulation"],
        weight_decay=spec["weight_decay"],
        # Below 1 it is a share of all steps; 1 would be one step.
        warmup_steps=min(spec["warmup"], 0.999),
        seed=spec["seed"],
        logging_strategy="steps",
        logging_steps=max(1, steps_of(spec, n) // MOST_POINTS),
        logging_nan_inf_filter=False,
        eval_strategy="epoch",
        save_strategy="epoch",
        # Which are kept is decided once a new one is whole: `checkpoints`.
        save_total_limit=None,
        load_best_model_at_end=True,
        metric_for_best_model="choice",
        greater_is_better=True,
        # Pickled optimizer states are Winnow's own, from its own folder.
        save_only_model=False,
        remove_unused_columns=False,
        label_names=["labels"],
        disable_tqdm=True,
        report_to="none",
        use_cpu=not machine.has_accelerator(),
        # Pinned memory serves transfers to CUDA only, and warns elsewhere.
        dataloader_pin_memory=torch.cuda.is_available(),
        **machine.half_precision(spec["precision"]),
    )


def batches_of(spec: dict[str, Any], n: int) -> int:
    """In an epoch."""
    return -(-n // (int(spec["batch_size"]) * several.count()))


def steps_of(spec: dict[str, Any], n: int) -> int:
    """Of the optimizer, in the whole run: the last one of an epoch may see fewer batches."""
    return -(-batches_of(spec, n) // int(spec["accumulation"])) * int(spec["epochs"])
