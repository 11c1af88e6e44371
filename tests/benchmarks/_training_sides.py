"""The two sides of `training`, each in a process of its own: Winnow's training, and a script as tutorials have it.

Run: python -m tests.benchmarks._training_sides winnow RUN_ID FOLDER, or plain CASE.json FOLDER. Prints what it took as
JSON. Neither side counts its imports. Winnow's has from the snapshot to the test scores and the saved model; the
script from the texts and files to the same.
"""

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

# Multiplications and additions a second that the maker names, dense, in 16 bits.
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12, "A10": 125e12, "T4": 65e12}

# What either side loads while it works, so that the clock has none of it.
IMPORTED = ("datasets", "torchvision.transforms.v2", "transformers.trainer", "sklearn.linear_model", "accelerate")


def main(side: str, what: str, folder: str) -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    made = winnow(int(what), Path(folder)) if side == "winnow" else plain(json.loads(Path(what).read_text()), folder)
    print(json.dumps(made))


def measured(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the work tells, and its seconds: on the clock, and of all cores, ended child processes included."""
    clock, cores = time.perf_counter(), sum(os.times()[:4])
    told = work()
    return told | {
        "seconds": time.perf_counter() - clock,
        "core_seconds": sum(os.times()[:4]) - cores,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def winnow(run_id: int, folder: Path) -> dict[str, Any]:
    """A queued run, trained by its method. What the baselines compute is there before, as are its vectors."""
    from backend import settings
    from backend.evaluating import metrics
    from backend.jobs import control, process
    from backend.jobs.progress import Handle
    from backend.training import baselines, fine_tune, job, loading, runs, setting
    from db.models import Split
    from db.session import open_database, reading

    seen: list[loading.Ahead] = []

    class Ahead(loading.Ahead):
        def __init__(self, *how: Any) -> None:
            super().__init__(*how)
            seen.append(self)

    loading.Ahead = Ahead  # type: ignore[misc, assignment]
    # As a worker begins.
    process.keep_freed_memory()
    open_database(settings.database_url())
    with reading() as session:
        run = runs.get(session, run_id)
        handle = Handle(control.get(session, run.job_id or 0))
    data = job.frozen_for(run)
    began = time.perf_counter()
    baselines.ensure(handle, data)
    before = time.perf_counter() - began

    def work() -> dict[str, Any]:
        outcome = fine_tune.run(handle, run_id, data, setting.filled(run.spec), folder)
        (folder / "model").mkdir(parents=True)
        rows = data.parts[Split.TEST]
        found = metrics.evaluate(rows.targets, outcome.scores(Split.TEST), data.classes, data.multi_label)
        outcome.save(folder / "model")
        return {"accuracy": found["accuracy"], "steps": outcome.facts["steps"]}

    told = measured(work) | {"before": before} | seen[-1].told()
    if torch.cuda.is_available():
        told |= on_device(seen[-1], folder / "model", data.kind)
    return told


def on_device(ahead: Any, model_folder: Path, kind: str) -> dict[str, Any]:
    """Floating-point operations an item, counted over some batches, and the device's peak where it is known."""
    import transformers
    from torch.utils.flop_counter import FlopCounterMode

    makes = transformers.AutoModelForSequenceClassification
    if kind == "image":
        makes = transformers.AutoModelForImageClassification
    model = makes.from_pretrained(model_folder).train()
    order = list(ahead.order)
    counter, items = FlopCounterMode(display=False), 0
    for start in range(0, len(order), max(ahead.batch_size, len(order) // 8)):
        batch = ahead.made_here(order[start : start + ahead.batch_size])
        inputs = {name: each for name, each in batch.items() if torch.is_tensor(each) and name != "labels"}
        if kind == "image":
            inputs["pixel_values"] = inputs["pixel_values"].float()
        with counter:
            model(**inputs).logits.sum().backward()
        items += len(batch["labels"])
    name = torch.cuda.get_device_name()
    peak = next((PEAKS[each] for each in sorted(PEAKS, key=len, reverse=True) if each in name), None)
    return {"flops": counter.get_total_flops() / items, "peak": peak, "device": name}


def plain(case: dict[str, Any], folder: str) -> dict[str, Any]:
    """As in transformers' own guides to text and image classification, with their settings where the case has none."""
    import torch
    import transformers
    from transformers import Trainer, TrainingArguments

    transformers.set_seed(case["seed"])
    makes, data_of = transformers.AutoModelForSequenceClassification, texts
    if case["kind"] == "image":
        makes, data_of = transformers.AutoModelForImageClassification, images
    args = TrainingArguments(
        output_dir=folder,
        learning_rate=case["learning_rate"],
        per_device_train_batch_size=case["batch_size"],
        per_device_eval_batch_size=case["batch_size"],
        num_train_epochs=case["epochs"],
        weight_decay=case["weight_decay"],
        warmup_steps=case["warmup"],
        seed=case["seed"],
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        remove_unused_columns=case["kind"] == "text",
        disable_tqdm=True,
        report_to="none",
        # On a GPU as Winnow; on a processor the guides leave it at 32 bits.
        bf16=case["precision"] == "bf16" and torch.cuda.is_available(),
        fp16=case["precision"] == "fp16",
    )

    def work() -> dict[str, Any]:
        model = makes.from_pretrained(case["model"])
        data, how = data_of(case)
        trainer = Trainer(
            model=model,
            args=args,
            train_dataset=data["train"],
            eval_dataset=data["validation"],
            compute_metrics=accuracy,
            **how,
        )
        trainer.train()
        tested = trainer.predict(data["test"])
        trainer.save_model(f"{folder}/model")
        return {"accuracy": float(tested.metrics["test_accuracy"]), "steps": trainer.state.global_step}

    return measured(work)


def accuracy(found: Any) -> dict[str, float]:
    return {"accuracy": float((np.argmax(found.predictions, axis=1) == found.label_ids).mean())}


def texts(case: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """`map` with truncation, and DataCollatorWithPadding: batches in any order, padded to their longest."""
    from datasets import Dataset
    from transformers import AutoTokenizer, DataCollatorWithPadding

    tokenizer = AutoTokenizer.from_pretrained(case["model"])

    def tokenised(examples: dict[str, Any]) -> Any:
        return tokenizer(examples["text"], truncation=True, max_length=case["max_length"])

    data = {
        part: Dataset.from_dict({"text": contents, "label": targets}).map(tokenised, batched=True)
        for part, (contents, targets) in case["parts"].items()
    }
    return data, {"processing_class": tokenizer, "data_collator": DataCollatorWithPadding(tokenizer)}


def images(case: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """`set_transform` with PIL pictures and v2 transforms, those of the preset "medium" in the guides' order."""
    from datasets import Dataset
    from datasets import Image as Decoded
    from torchvision.transforms import v2
    from transformers import AutoImageProcessor, DefaultDataCollator

    from backend.augmenting import presets, recipes

    side, processor = case["image_size"], AutoImageProcessor.from_pretrained(case["model"], backend="torchvision")
    flip, rotation, crop, colour, erasing = recipes.to_compose(presets.steps("medium"), side).transforms
    number, normal = (
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(processor.image_mean, processor.image_std),
    )
    varied = v2.Compose([crop, flip, rotation, colour, v2.ToImage(), erasing, number, normal])
    same = v2.Compose([v2.Resize((side, side)), v2.ToImage(), number, normal])
    data = {}
    for part, (contents, targets) in case["parts"].items():
        of_part = Dataset.from_dict({"image": contents, "label": targets}).cast_column("image", Decoded())
        of_part.set_transform(transform_with(varied if part == "train" else same))
        data[part] = of_part
    return data, {"processing_class": processor, "data_collator": DefaultDataCollator()}


def transform_with(compose: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def transform(examples: dict[str, Any]) -> dict[str, Any]:
        return {
            "pixel_values": [compose(each.convert("RGB")) for each in examples["image"]],
            "label": examples["label"],
        }

    return transform


if __name__ == "__main__":
    main(*sys.argv[1:])
