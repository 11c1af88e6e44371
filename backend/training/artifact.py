"""The folder that a run leaves behind: a model that loads by itself, and a card that says what it is."""

import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from backend import blobs, errors, settings
from db.models import Run

CHUNK_BYTES = 1_000_000
CARD = "README.md"
# In a training job's cursor once the model is kept and tested: the Python that loads it.
LOADS_WITH = "loads_with"
# What a head on Winnow's own descriptor leaves in place of a config.
HEAD_FILE = "winnow_head.json"


def folder_of_run(run_id: int) -> Path:
    return settings.folder("runs") / str(run_id)


def model_folder(run: Run) -> Path:
    """Raises Conflict when the run has left no model, NotFound when somebody took it away."""
    if not run.artifact:
        raise errors.Conflict(
            f"The run {run.name} has no model: it is {run.state}.", "Wait for it to end, or choose a finished run."
        )
    folder = settings.home() / run.artifact
    if not folder.is_dir():
        raise errors.NotFound(f"The model of {run.name} is gone: {folder} is missing.", "Train it again.")
    return folder


def write(save: Callable[[Path], None], run_folder: Path) -> str:
    """Let `save` fill a folder and put it in its place whole. Returns where it is, relative to home."""
    new, old, place = (run_folder / name for name in (".model-new", ".model-old", "model"))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    save(new)
    for path in new.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)
    return place.relative_to(settings.home()).as_posix()


def write_card(run_folder: Path, text: str) -> None:
    blobs.write_whole(run_folder / "model" / CARD, text.encode())


def put_thresholds(run_folder: Path, thresholds: Sequence[float]) -> None:
    """Write them, one for each class in the order of the scores, into the model that `write` has put there."""
    path, name = config_of(run_folder / "model")
    told = read_config(path) | {name: list(thresholds)}
    blobs.write_whole(path, json.dumps(told, indent=2, ensure_ascii=False).encode())


def thresholds_of(model_folder: Path) -> list[float] | None:
    """None for a model that has none, such as one that gives each item one class."""
    path, name = config_of(model_folder)
    found: list[float] | None = read_config(path).get(name)
    return found


def config_of(model_folder: Path) -> tuple[Path, str]:
    """The file that says what the model is, and what the thresholds are called there."""
    head = model_folder / HEAD_FILE
    return (head, "thresholds") if head.exists() else (model_folder / "config.json", "winnow_thresholds")


def read_config(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


class Pipe(io.RawIOBase):
    """Keeps what zipfile writes until it is taken; cannot seek, so zipfile writes forwards only."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.waiting += data
        return len(data)

    def take(self) -> bytes:
        taken, self.waiting = bytes(self.waiting), bytearray()
        return taken


def zipped(folder: Path, name: str) -> Iterator[bytes]:
    """The folder as a zip, piece by piece, below a folder called `name`. Weights hardly shrink: stored as they are."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo.from_file(path, f"{name}/{path.relative_to(folder).as_posix()}")
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(CHUNK_BYTES):
                    target.write(piece)
                    yield pipe.take()
            yield pipe.take()
    yield pipe.take()
