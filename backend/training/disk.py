"""What a run takes on the disk, and what of it can go."""

import os
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from backend import errors
from backend.training import artifact
from db import jobs
from db.models import JobState, Run

MODEL, CHECKPOINTS = "model", "checkpoints"


@dataclass(frozen=True)
class Usage:
    """other_bytes: decoded pictures and the like, which a run makes again when it needs them."""

    model_bytes: int = 0
    checkpoint_bytes: int = 0
    other_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        return self.model_bytes + self.checkpoint_bytes + self.other_bytes


def of_run(run_id: int) -> Usage:
    return _usage(artifact.folder_of_run(run_id))


def _usage(folder: Path) -> Usage:
    model, checkpoints = size_bytes(folder / MODEL), size_bytes(folder / CHECKPOINTS)
    return Usage(model, checkpoints, size_bytes(folder) - model - checkpoints)


def of_ended(run_id: int) -> Usage:
    """As `of_run` of a run that is not at work, measured again only when it changed: quick for a thousand of them."""
    folder = artifact.folder_of_run(run_id)
    return _measured(folder, *(_changed_ns(each) for each in (folder, folder / MODEL, folder / CHECKPOINTS)))


@lru_cache(maxsize=10_000)
def _measured(folder: Path, *_changed: int) -> Usage:
    return _usage(folder)


def _changed_ns(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def size_bytes(folder: Path) -> int:
    """Of all files below it. One that goes while it is counted takes nothing; links count for themselves."""
    found = 0
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return 0
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            found += size_bytes(Path(entry.path))
        else:
            try:
                found += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
    return found


def has_checkpoint(run_id: int) -> bool:
    return any((artifact.folder_of_run(run_id) / CHECKPOINTS).glob("checkpoint-*"))


def clean(run: Run) -> int:
    """Remove all that an ended run has beside its model; returns how many bytes that frees.

    A run that could have gone on from a checkpoint then begins anew when it is resumed. Raises Conflict while the run
    waits or is at work.
    """
    if JobState(run.state) in jobs.ACTIVE:
        raise errors.Conflict(f"The run {run.name} needs its checkpoints: it is {run.state}.", "Stop it first.")
    before = of_run(run.id)
    folder = artifact.folder_of_run(run.id)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name != MODEL:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return before.total_bytes - of_run(run.id).total_bytes


def remove(run_id: int) -> None:
    """The run's folder with all that is in it."""
    folder = artifact.folder_of_run(run_id)
    if folder.is_dir():
        shutil.rmtree(folder)


def said(run: Run, freed_bytes: int) -> str:
    """What became of the run, for the person who cleaned it."""
    if JobState(run.state) in jobs.RESUMABLE:
        return f"Freed {freed_bytes / 1e6:,.1f} MB. If the run is resumed, it begins anew."
    return f"Freed {freed_bytes / 1e6:,.1f} MB. The model stays."


def as_json(usage: Usage) -> dict[str, int]:
    return {
        "model_bytes": usage.model_bytes,
        "checkpoint_bytes": usage.checkpoint_bytes,
        "other_bytes": usage.other_bytes,
    }
