"""Images a second of the training's input pipeline, against the idiom of the usual tutorial, side by side in one run.

Both decode JPEGs of 640 x 480 (flower photos at that size), bring them to the model's size, vary them as the preset
"medium" does, normalise them, and hand out batches of 32, with 0, 1 and 2 worker processes. The peer is a
`datasets.Dataset` with `set_transform`: PIL pictures, v2 transforms, ToImage, ToDtype, Normalize, a torch DataLoader.
`resized first` does what Winnow does in Winnow's order; `cropped first` crops out of the whole photo, as the tutorials
have it, which saves the peer one resize. The first epoch has the decoding in it; Winnow keeps the decoded pictures for
the others. `a run` is the mean over EPOCHS: as many as a run of 600 pictures has when nobody says. With CUDA there are
rows for the share of the time in which the GPU waits; a first step, slower than the others, is not counted in them.
"""

import io
import itertools
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from backend import blobs
from backend.augmenting import presets, recipes
from backend.training import loading, pace, pictures
from backend.training.prepared import Order, Prepared
from backend.training.snapshots import Frozen, Rows
from db.models import Kind, Split
from tests.benchmarks import _million
from tests.conftest import SHARED

IMAGES = int(os.environ.get("WINNOW_BENCH_IMAGES", "600"))
EPOCHS = 8
LATER = 2
BATCH, SIDES, WORKERS = 32, (224, 128), (0, 1, 2)
SIZE = (640, 480)


def main() -> None:
    print(f"{IMAGES} photos, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    with _million.a_home() as home:
        files = photos(home / "photos")
        rows = Rows(
            list(range(len(files))), [(blobs.put(file.read_bytes()), None) for file in files], [[0] for _ in files]
        )
        print(f"{'':30} {'workers':>7} {'first epoch':>12} {'later epochs':>13} {f'a run of {EPOCHS}':>12}")
        for side in SIDES:
            for workers in WORKERS:
                compare(side, workers, files, rows, home / f"{side} {workers}")
        if torch.cuda.is_available():
            on_device("cuda", rows, home / "device")


def on_device(device: str, rows: Rows, folder: Path, side: int = 224) -> None:
    """How long a ViT-B waits for its pictures, by the number of workers, and the recipe on either processor."""
    from transformers import ViTConfig, ViTForImageClassification

    prepared = prepare(rows, side, folder)
    samples = prepared.parts[Split.TRAIN]
    order = Order(len(rows), 1, BATCH, None)
    ahead = loading.Ahead(samples, prepared.batch, order, BATCH)
    whole = list(order)
    asked = [whole[start : start + BATCH] for start in range(0, len(whole) - BATCH + 1, BATCH)]
    model = ViTForImageClassification(ViTConfig(image_size=side, num_labels=5)).to(device).train()

    def steps(batches: Iterable[dict[str, Any]]) -> float:
        """Images a second."""
        times = []
        for inputs in batches:
            ready = prepared.finish({name: value.to(device, non_blocking=True) for name, value in inputs.items()})
            with torch.autocast(device, torch.bfloat16):
                model(**ready).loss.backward()
            model.zero_grad(set_to_none=True)
            synchronised(device)
            times.append(time.perf_counter())
        return (len(times) - 1) * BATCH / (times[-1] - times[0])

    resident = steps([ahead.made_here(asked[0])] * len(asked))
    print(f"ViT-B on {device}, its pictures there already: {resident:.0f}/s")
    for workers in (0, *pace.candidates()):
        ahead.use(workers)
        ahead.epoch = 0
        found = steps(ahead.__getitems__(each) for each in asked)
        print(f"  {pace.name_of(workers):28} {found:8.0f}/s, waits {max(0.0, 1 - found / resident):.1%} of the time")
    ahead.close()
    for place in ("cpu", device):
        print(f"the recipe on {place}: {recipe_rate(samples, place):.0f}/s")


def recipe_rate(samples: Any, device: str) -> float:
    """Pictures a second, one by one in one process; on a device they are there already."""
    some = [torch.from_numpy(np.array(pixels)).to(device) for pixels in samples.pixels[:BATCH]]
    for timed_now in (False, True):
        synchronised(device)
        began = time.perf_counter()
        for number, picture in enumerate(some):
            recipes.augment(picture, samples.compose, seed=1, content_hash=bytes([number]), epoch=int(timed_now))
        synchronised(device)
    return len(some) / (time.perf_counter() - began)


def synchronised(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def compare(side: int, workers: int, files: list[Path], rows: Rows, folder: Path) -> None:
    told = [
        (f"tutorial {side}, resized first", *timed(tutorial(files, side, workers, is_cropped_first=False))),
        (f"tutorial {side}, cropped first", *timed(tutorial(files, side, workers, is_cropped_first=True))),
        (f"Winnow {side}", *timed(winnow(rows, side, workers, folder))),
    ]
    ours = told[-1]
    for name, first, later, run in told:
        ratio = (
            "" if name == ours[0] else f"   Winnow {ours[1] / first:.1f}x, {ours[2] / later:.1f}x, {ours[3] / run:.1f}x"
        )
        print(f"{name:30} {workers:7} {first:10.0f}/s {later:11.0f}/s {run:10.0f}/s{ratio}", flush=True)


def timed(epochs: Iterator[int]) -> tuple[float, float, float]:
    """Images a second: of the first epoch, of each later one, and of a run of EPOCHS."""
    seconds = []
    for _ in range(1 + LATER):
        began = time.perf_counter()
        assert next(epochs) == IMAGES
        seconds.append(time.perf_counter() - began)
    # Ends its workers.
    epochs.close()  # type: ignore[attr-defined]
    first, later = seconds[0], sum(seconds[1:]) / LATER
    return IMAGES / first, IMAGES / later, IMAGES * EPOCHS / (first + later * (EPOCHS - 1))


def tutorial(files: list[Path], side: int, workers: int, *, is_cropped_first: bool) -> Iterator[int]:
    """An epoch each time: how many pictures came."""
    from datasets import Dataset
    from datasets import Image as Decoded
    from torchvision.transforms import v2

    flip, rotation, crop, colour, erasing = recipes.to_compose(presets.steps("medium"), side).transforms
    first = [crop, flip, rotation] if is_cropped_first else [v2.Resize((side, side)), flip, rotation, crop]
    last = [v2.ToImage(), erasing, v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.25] * 3)]
    compose = v2.Compose([*first, colour, *last])

    def transform(examples: dict[str, Any]) -> dict[str, Any]:
        return {
            "pixel_values": [compose(each.convert("RGB")) for each in examples["image"]],
            "label": examples["label"],
        }

    data = Dataset.from_dict({"image": [str(file) for file in files], "label": [0] * len(files)})
    data = data.cast_column("image", Decoded())
    data.set_transform(transform)
    loader = torch.utils.data.DataLoader(
        data,
        BATCH,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,  # type: ignore[arg-type]
    )
    while True:
        yield sum(len(batch["pixel_values"]) for batch in loader)


def winnow(rows: Rows, side: int, workers: int, folder: Path) -> Iterator[int]:
    """As the training does it; its first epoch begins with the decoding."""
    prepared = prepare(rows, side, folder)
    order = Order(len(rows), 1, BATCH, None)
    ahead = loading.Ahead(prepared.parts[Split.TRAIN], prepared.batch, order, BATCH)
    ahead.use(workers)
    try:
        for epoch in itertools.count():
            ahead.epoch = order.epoch = epoch
            positions = list(order)
            batches = (
                prepared.finish(ahead.__getitems__(positions[start : start + BATCH]))
                for start in range(0, len(positions), BATCH)
            )
            yield sum(len(batch["pixel_values"]) for batch in batches)
    finally:
        ahead.close()


def prepare(rows: Rows, side: int, folder: Path) -> Prepared:
    from transformers import ViTImageProcessor

    processor = ViTImageProcessor(
        size={"height": side, "width": side}, image_mean=[0.5] * 3, image_std=[0.25] * 3, do_convert_rgb=True
    )
    frozen = Frozen(1, Kind.IMAGE, False, [{"id": 1, "name": "flower", "color": ""}], {Split.TRAIN: rows})
    return pictures.prepare(processor, frozen, folder, nothing, steps=presets.steps("medium"), seed=1)


def nothing(_done: int, _total: int) -> None: ...


def photos(folder: Path) -> list[Path]:
    """IMAGES JPEGs of 640 x 480; the flowers there are again and again, mirrored and shifted, so that none is twice."""
    folder.mkdir()
    flowers = sorted((SHARED / "data" / "flower_photos" / "train").glob("*/*.jpg"))
    made = []
    for number in range(IMAGES):
        image = Image.open(flowers[number % len(flowers)]).convert("RGB")
        shift = number // len(flowers)
        image = image.resize(SIZE, Image.Resampling.BICUBIC, (shift, 0, image.width, image.height))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=90)
        made.append(folder / f"{number:05}.jpg")
        made[-1].write_bytes(file.getvalue())
    return made


if __name__ == "__main__":
    main()
