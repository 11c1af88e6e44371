"""Pictures for the training loop: decoded and resized once into one file of bytes, varied and normalised at each use.

What makes the bytes is the model's own image processor without its arithmetic (`sight`), so that a saved model sees in
use what it saw in training. Whole numbers travel up to the model's device; mixed and normalised they are there.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import blobs, thumbs
from backend.augmenting import batch as batches
from backend.augmenting import recipes, sight
from backend.training.prepared import Prepared, labels
from backend.training.snapshots import Frozen, Rows
from db.models import Split

Pixels = NDArray[np.uint8]
Sample = tuple[Any, list[int], bytes | None]
CHUNK = 64
# Beside the inputs of a batch that is to be mixed.
HASHES = "content_hashes"


class Pictures:
    """Of each item: (3, h, w) uint8, varied by the recipe when there is one, its targets, and what mixing asks for.

    That is its content hash when `mixing`, the steps of a recipe with some on batches, is there; otherwise none.
    """

    def __init__(
        self,
        pixels: Pixels,
        rows: Rows,
        compose: Any = None,
        seed: int = 0,
        mixing: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.pixels, self.rows, self.compose, self.seed, self.mixing = pixels, rows, compose, seed, mixing
        self.epoch = 0

    @property
    def is_varied(self) -> bool:
        return self.compose is not None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, position: int) -> Sample:
        import torch

        picture = torch.from_numpy(np.array(self.pixels[position]))
        content_hash = self.rows.contents[position][0]
        if self.compose is not None:
            picture = recipes.augment(
                picture, self.compose, seed=self.seed, content_hash=content_hash, epoch=self.epoch
            )
        return picture, self.rows.targets[position], content_hash if self.mixing else None


def prepare(
    processor: Any,
    frozen: Frozen,
    folder: Path,
    on_progress: Callable[[int, int], None],
    *,
    steps: list[dict[str, Any]] | None = None,
    seed: int = 0,
) -> Prepared:
    """Decode every picture of the snapshot into `folder`; only those for training are varied by the recipe's steps."""
    total = sum(len(rows) for rows in frozen.parts.values())
    done = 0
    parts: dict[Any, Pictures] = {}
    for split, rows in frozen.parts.items():
        pixels = decoded(processor, rows, folder / f"{split}.npy", partial(said, on_progress, done, total))
        done += len(rows)
        used = steps if steps and split == Split.TRAIN else []
        compose = recipes.to_compose(used, pixels.shape[2:4]) if used else None
        parts[split] = Pictures(pixels, rows, compose, seed, used if batches.reach(used) else [])

    def batch(samples: Sequence[Sample]) -> dict[str, Any]:
        import torch

        pictures, targets, content_hashes = zip(*samples, strict=True)
        inputs = {
            "pixel_values": torch.stack(pictures),
            "labels": labels(targets, len(frozen.classes), multi_label=frozen.multi_label),
        }
        return inputs if content_hashes[0] is None else inputs | {HASHES: list(content_hashes)}

    def finish(inputs: dict[str, Any]) -> dict[str, Any]:
        return finished(inputs, processor, parts[Split.TRAIN], len(frozen.classes))

    return Prepared(dict(parts), batch, finish)


def finished(inputs: dict[str, Any], processor: Any, training: Pictures, classes: int) -> dict[str, Any]:
    """What the model takes of a batch: mixed where that is asked for, normalised, on the device of the pictures."""
    import torch

    ready = {name: value for name, value in inputs.items() if name != HASHES}
    if HASHES in inputs:
        ready["pixel_values"], ready["labels"] = batches.mix(
            inputs["pixel_values"],
            inputs["labels"],
            training.mixing,
            seed=training.seed,
            content_hashes=inputs[HASHES],
            epoch=training.epoch,
            classes=classes,
        )
    # Colours innermost, as fast convolutions want them: they hand that on from layer to layer. Half the time on a CPU.
    pixels = ready["pixel_values"].contiguous(memory_format=torch.channels_last)
    return ready | {"pixel_values": sight.normalised(processor, pixels)}


def said(on_progress: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    on_progress(before + done, total)


def take_room(path: Path) -> None:
    """Of a file with holes: where the disk has no room, that is an OSError here, and later the end of the process."""
    if hasattr(os, "posix_fallocate"):
        try:
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError:
            path.unlink()
            raise


def decoded(processor: Any, rows: Rows, path: Path, on_progress: Callable[[int], None]) -> Pixels:
    """(n, 3, h, w) on the disk, not in memory: a hundred thousand pictures of 224 pixels are 15 GB.

    A whole file from the attempt before is used again.
    """
    if path.exists():
        return np.load(path, mmap_mode="r")
    if not len(rows):
        return np.zeros((0, 3, 1, 1), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    first = sight.seen(processor, thumbs.rgb(blobs.path_of(rows.contents[0][0])))
    unfinished = path.with_suffix(".part")
    pixels = np.lib.format.open_memmap(unfinished, "w+", np.uint8, (len(rows), *first.shape))
    take_room(unfinished)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), CHUNK):
            hashes = [content_hash for content_hash, _ in rows.contents[start : start + CHUNK]]
            made = pool.map(lambda each: sight.seen(processor, thumbs.rgb(blobs.path_of(each))).numpy(), hashes)
            for offset, picture in enumerate(made):
                pixels[start + offset] = picture
            on_progress(min(start + CHUNK, len(rows)))
    pixels.flush()
    unfinished.replace(path)
    return np.load(path, mmap_mode="r")
