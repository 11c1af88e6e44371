"""A run that has used up the machine's memory or disk, in words and with what to do."""

import shutil

from backend import errors, settings
from backend.models import catalogue
from backend.training import anatomy, failures
from db.models import Run

BYTES_A_WEIGHT = 4
# While a new checkpoint is written, the best and the last are there, each with two moments a weight; then the model.
COPIES = {"head": 1, "lora": 2, "full": 10}
# Of the network that starts from nothing.
COMPACT_WEIGHTS = 1_200_000


def in_words(error: Exception, run: Run) -> Exception:
    """OutOfMemory or DiskFull where that is what happened; any other error as it is."""
    if isinstance(error, errors.WinnowError):
        return error
    if failures.is_out_of_memory(error):
        if "batch_size" in run.spec:
            return failures.out_of_memory(run.spec)
        return errors.OutOfMemory("The machine ran out of memory.", "Close other programs, or choose a smaller base.")
    return disk_full(run) if failures.is_out_of_disk(error) else error


def disk_full(run: Run) -> errors.DiskFull:
    free, needed = shutil.disk_usage(settings.home()).free, needed_bytes(run)
    return errors.DiskFull(
        f"The disk is full: {catalogue.size_words(free)} are free in {settings.home()}, and a run like this needs "
        f"about {catalogue.size_words(needed)}.",
        "Make room there, such as by removing the checkpoints of runs that have ended, and resume: the run goes on.",
    )


def needed_bytes(run: Run) -> int:
    """For its model and its checkpoints, roughly."""
    base = run.spec["base"]
    if base == catalogue.DESCRIPTOR:
        return 1_000_000
    weights = COMPACT_WEIGHTS if base == catalogue.COMPACT_RESNET else anatomy.parameters(catalogue.folder_of(base))
    return COPIES[run.spec["method"]] * BYTES_A_WEIGHT * weights
