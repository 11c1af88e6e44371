"""Pictures for the training loop: decoded and resized once into one file of bytes, varied and normalised at each use.

What makes the bytes is the model's own image processor without its arithmetic, so that a saved model sees in use what
it saw in training.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend import blobs, thumbs
from backend.augmenting import recipes
from backend.training.prepared import Prepared, labels
from backend.training.snapshots import Frozen, Rows
from db.models import Split

Pixels = NDArray[np.uint8]
CHUNK = 64


class Pictures:
    """(3, side, side) uint8 of each item, varied by the recipe when there is one."""

    def __init__(self, pixels: Pixels, rows: Rows, compose: Any = None, seed: int = 0) -> None:
        self.pixels, self.rows, self.compose, self.seed = pixels, rows, compose, seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, position: int) -> tuple[Any, list[int]]:
        import torch

        picture = torch.from_numpy(np.array(self.pixels[position]))
        if self.compose is not None:
            content_hash = self.rows.contents[position][0]
            picture = recipes.augment(
                picture, self.compose, seed=self.seed, content_hash=content_hash, epoch=self.epoch
            )
        return picture, self.rows.targets[position]


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
        compose = recipes.to_compose(steps, pixels.shape[2:4]) if steps and split == Split.TRAIN else None
        parts[split] = Pictures(pixels, rows, compose, seed)

    def batch(samples: Sequence[tuple[Any, list[int]]]) -> dict[str, Any]:
        import torch

        targets = [positions for _, positions in samples]
        return {
            "pixel_values": torch.stack([picture for picture, _ in samples]),
            "labels": labels(targets, len(frozen.classes), multi_label=frozen.multi_label),
        }

    def finish(inputs: dict[str, Any]) -> dict[str, Any]:
        return inputs | {"pixel_values": normalised(processor, inputs["pixel_values"])}

    return Prepared(dict(parts), batch, finish)


def said(on_progress: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    on_progress(before + done, total)


def decoded(processor: Any, rows: Rows, path: Path, on_progress: Callable[[int], None]) -> Pixels:
    """(n, 3, h, w) on the disk, not in memory: a hundred thousand pictures of 224 pixels are 15 GB.

    A whole file from the attempt before is used again.
    """
    if path.exists():
        return np.load(path, mmap_mode="r")
    if not len(rows):
        return np.zeros((0, 3, 1, 1), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    first = prepared(processor, thumbs.rgb(blobs.path_of(rows.contents[0][0])))
    unfinished = path.with_suffix(".part")
    pixels = np.lib.format.open_memmap(unfinished, "w+", np.uint8, (len(rows), *first.shape))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), CHUNK):
            hashes = [content_hash for content_hash, _ in rows.contents[start : start + CHUNK]]
            made = pool.map(lambda each: prepared(processor, thumbs.rgb(blobs.path_of(each))), hashes)
            for offset, picture in enumerate(made):
                pixels[start + offset] = picture
            on_progress(min(start + CHUNK, len(rows)))
    pixels.flush()
    unfinished.replace(path)
    return np.load(path, mmap_mode="r")


def prepared(processor: Any, image: Image.Image) -> Pixels:
    """The picture at the size of the model, before its values are scaled and normalised."""
    found = processor(images=image, do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"][0]
    return np.asarray(found, np.uint8)


def normalised(processor: Any, pixels: Any) -> Any:
    """(n, 3, h, w) uint8 tensor -> what the model takes, on the tensor's own device: a quarter of the traffic to it."""
    import torch

    scale = processor.rescale_factor if processor.do_rescale else 1.0
    middle, spread = (0.0, 1.0) if not processor.do_normalize else (processor.image_mean, processor.image_std)
    shape = (1, -1, 1, 1)
    return (pixels.float() * scale - torch.tensor(middle, device=pixels.device).reshape(shape)) / torch.tensor(
        spread, device=pixels.device
    ).reshape(shape)
