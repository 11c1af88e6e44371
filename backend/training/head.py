"""The method head: a linear classifier on vectors of a frozen encoder, in seconds.

On a transformers base it is written into the model's last layer, so that the artifact loads with `from_pretrained`
and gives the same scores. On Winnow's own descriptor of colour, edges and texture it is a file of weights.

The figures are those of a head that saw the training items only; the head that is saved then learned from all labels.
"""

import itertools
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from backend.encoding import encode, vectors
from backend.jobs.progress import Handle
from backend.models import catalogue, load
from backend.training import anatomy, building, fine_tune, frozen, linear, load_code, pictures, pooling, spreading, text
from backend.training.artifact import HEAD_FILE
from backend.training.linear import Floats, Linear
from backend.training.outcome import Outcome
from backend.training.snapshots import Frozen
from db import items
from db.models import Kind, Split
from db.session import reading

# Unlabeled items that the head may learn from, and how many vectors it waits for when they are not cached yet.
POOL = 4_000
POOL_TO_COMPUTE = 1_000
# Numbers times classes up to which four more heads, for scores out of fold, are made in a minute or so.
MOST_OUT_OF_FOLD = 300_000_000


def run(handle: Handle, _run_id: int | None, data: Frozen, spec: dict[str, Any], folder: Path) -> Outcome:
    """`folder` is the run's own: it keeps decoded pictures until the run is over."""
    model, prepares, seen = encoded(handle, data, spec, folder)
    pool = unlabeled(handle, data, spec["base"])
    handle.report(0, None, "Fitting the head")
    judged, strength = fitted(data, seen, [Split.TRAIN], pool, spec)
    # With few labels each counts: the head that is kept learns from those that judged the other one, too.
    kept, _ = fitted(data, seen, list(seen), pool, spec, strength=strength)
    facts = {"trained_weights": kept.weight.size + kept.bias.size, "strength": kept.strength, "unlabeled": len(pool)}
    if model is None:
        save, loads_with = partial(save_head, kept, data), load_code.of_head(multi_label=data.multi_label)
    else:
        frozen.put(model, kept.weight, kept.bias)
        save = partial(fine_tune.save_pretrained, model, prepares)
        loads_with = load_code.of_transformers(data.kind, multi_label=data.multi_label)
    return Outcome(
        save,
        lambda split: judged.scores(seen[split]),
        loads_with,
        None,
        facts,
        partial(held_out, data, seen, spec, strength) if is_quick(data, seen) else None,
    )


def is_quick(data: Frozen, seen: dict[Split, Floats]) -> bool:
    return sum(seen[split].size for split in (Split.TRAIN, Split.VALIDATION)) * len(data.classes) <= MOST_OUT_OF_FOLD


def held_out(
    data: Frozen, seen: dict[Split, Floats], spec: dict[str, Any], strength: float
) -> tuple[list[list[int]], Floats]:
    """Targets and scores of training and validation items, each by a head that did not learn from it.

    Several times as many as the validation items: where an item may have several classes, thresholds need them.
    """
    splits = (Split.TRAIN, Split.VALIDATION)
    targets = [target for split in splits for target in data.parts[split].targets]
    scores = linear.out_of_fold(
        np.concatenate([seen[split] for split in splits]),
        targets,
        len(data.classes),
        strength,
        multi_label=data.multi_label,
        balanced=spec["class_weights"] == "balanced",
    )
    return targets, scores


def fitted(
    data: Frozen,
    seen: dict[Split, Floats],
    splits: Sequence[Split],
    pool: Floats,
    spec: dict[str, Any],
    *,
    strength: float | None = None,
) -> tuple[Linear, float]:
    """A head that learned from the labels of these splits and, where that helps, from the unlabeled `pool`.

    Also the strength of the fit on the labels alone: chosen by cross-validation unless it is given.
    """
    features = np.concatenate([seen[split] for split in splits])
    targets = [target for split in splits for target in data.parts[split].targets]
    alone = linear.fit(
        features,
        targets,
        len(data.classes),
        multi_label=data.multi_label,
        balanced=spec["class_weights"] == "balanced",
        seed=spec["seed"],
        only_strength=strength,
    )
    return spreading.fit(features, targets, len(data.classes), pool, alone), alone.strength


def encoded(handle: Handle, data: Frozen, spec: dict[str, Any], folder: Path) -> tuple[Any, Any, dict[Split, Floats]]:
    """The model with an empty classifier (None for the descriptor), what prepares its input, and features by split."""
    base, total, before = spec["base"], sum(len(rows) for rows in data.parts.values()), 0

    def on_progress(done: int, _total: int = 0) -> None:
        handle.report(before + done, total, "Turning items into vectors")

    if base == catalogue.DESCRIPTOR:
        return None, None, {s: encode.ensure(base, rows.contents, on_progress) for s, rows in data.parts.items()}
    if data.kind == Kind.TEXT:
        built = building.text_model(base, data.names, multi_label=data.multi_label, pool=pooling.EXACT)
        # As many tokens as the encoder reads: the saved model must cut texts where the vectors' did.
        prepared = text.prepare(built.prepares, data, load.encoder(base).max_tokens)
        if anatomy.is_mean_pooled(catalogue.folder_of(base)):
            known = {s: encode.ensure(base, rows.contents, on_progress) for s, rows in data.parts.items()}
            return built.model, built.prepares, {s: pooling.seen(v, pooling.EXACT) for s, v in known.items()}
    else:
        side = anatomy.image_size(catalogue.folder_of(base))
        built = building.image_model(base, data.names, multi_label=data.multi_label, side=side)
        prepared = pictures.prepare(built.prepares, data, folder / "pictures", on_progress)
    seen = {}
    for split, samples in prepared.parts.items():
        seen[split] = frozen.features(built.model, prepared, samples, on_progress)
        before += len(samples)
    return built.model, built.prepares, seen


def unlabeled(handle: Handle, data: Frozen, base: str) -> Floats:
    """(m, d) features of items without a decision, alike those the head is fitted on; none for other kinds of base."""
    is_text = data.kind == Kind.TEXT
    has_vectors = base == catalogue.DESCRIPTOR or (is_text and anatomy.is_mean_pooled(catalogue.folder_of(base)))
    if data.multi_label or not has_vectors:
        return np.zeros((0, 1), np.float32)

    def on_progress(done: int, total: int) -> None:
        handle.report(done, total, "Looking at unlabeled items")

    with reading() as session:
        found = items.todo_contents(session, handle.project_id or 0, POOL)
    _, is_there = vectors.get(base, [item.content_hash for item in found])
    missing = [item for item, there in zip(found, is_there, strict=True) if not there][:POOL_TO_COMPUTE]
    used = [*itertools.compress(found, is_there), *missing]
    pool = encode.ensure(base, [(item.content_hash, item.text) for item in used], on_progress)
    return pooling.seen(pool, pooling.EXACT) if is_text else pool


def save_head(head: Linear, data: Frozen, folder: Path) -> None:
    from safetensors.numpy import save_file

    weights = {"weight": head.weight.astype(np.float32), "bias": head.bias.astype(np.float32)}
    save_file(weights, folder / "head.safetensors")
    told = {
        "format": "winnow linear head",
        "version": 1,
        "encoder": catalogue.DESCRIPTOR,
        "id2label": {str(position): name for position, name in enumerate(data.names)},
        "problem_type": "multi_label_classification" if data.multi_label else "single_label_classification",
    }
    (folder / HEAD_FILE).write_text(json.dumps(told, indent=2, ensure_ascii=False), "utf-8")


def load_head(folder: Path) -> tuple[Linear, list[str]]:
    """The head and the names of its classes, in the order of its scores."""
    from safetensors.numpy import load_file

    told = json.loads((folder / HEAD_FILE).read_text("utf-8"))
    weights = load_file(folder / "head.safetensors")
    head = Linear(weights["weight"], weights["bias"], 0.0, told["problem_type"].startswith("multi"))
    return head, [told["id2label"][str(position)] for position in range(len(told["id2label"]))]
