"""Checkpoints of a training on the disk: each is whole or is not used, and the best and the last are kept."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

# Lies in a checkpoint that was written to its end.
WHOLE = "whole"


def at(folder: Path, step: int) -> Path:
    """Where the Trainer puts the checkpoint of a step."""
    return folder / f"checkpoint-{step}"


def newest(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end. What a killed process left half written is removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda each: int(each.name.rpartition("-")[2]))
    whole = [each for each in found if (each / WHOLE).exists()]
    for each in found:
        if each not in whole:
            shutil.rmtree(each)
    return whole[-1] if whole else None


def unseal(checkpoint: Path) -> None:
    """Before it is written again: it counts only once that is done."""
    (checkpoint / WHOLE).unlink(missing_ok=True)


def seal(checkpoint: Path) -> None:
    """Mark it as whole, after all of it has reached the disk: a power cut must not leave a mark on empty files."""
    for each in sorted(checkpoint.rglob("*")):
        if each.is_file():
            with each.open("r+b") as file:
                os.fsync(file.fileno())
    _reach_disk(checkpoint)
    (checkpoint / WHOLE).touch()
    _reach_disk(checkpoint)
    _reach_disk(checkpoint.parent)


def keep_only(folder: Path, steps: Iterable[int | None]) -> None:
    """Remove the checkpoints of all other steps."""
    kept = {at(folder, step) for step in steps if step is not None}
    for each in folder.glob("checkpoint-*"):
        if each not in kept:
            # The mark first: what is half removed must not be used.
            unseal(each)
            shutil.rmtree(each)


def _reach_disk(folder: Path) -> None:
    # Windows cannot open a folder, and needs no such push.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
