"""What goes wrong in a training, in words with a way out: no numbers any more, no memory, no disk."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from backend import errors

# As torch and the drivers say it; each but the first two comes as a plain RuntimeError.
OUT_OF_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)
# As safetensors, SQLite and torch say it. torch's writer knows only that its file did not grow as it should.
OUT_OF_DISK = ("No space left", "Disk quota exceeded", "disk is full", "inline_container.cc", "PytorchStreamWriter")
FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def in_words(spec: Mapping[str, Any]) -> Iterator[None]:
    """Raises OutOfMemory for any way to be out of memory, and OSError with ENOSPC for any way to be out of disk."""
    try:
        yield
    except errors.WinnowError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise out_of_memory(spec) from error
        if is_out_of_disk(error):
            raise OSError(errno.ENOSPC, "No space left on device") from error
        raise


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)


def is_out_of_disk(error: BaseException) -> bool:
    """Also where the library that wrote has wrapped it."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in FULL
    if any(words in str(error) for words in OUT_OF_DISK):
        return True
    return error.__cause__ is not None and is_out_of_disk(error.__cause__)


def out_of_memory(spec: Mapping[str, Any]) -> errors.OutOfMemory:
    size, accumulation = spec["batch_size"], spec.get("accumulation", 1)
    if size > 1:
        smaller = (size + 1) // 2
        hint = f"Use a batch size of {smaller} and an accumulation of {2 * accumulation}: it learns the same."
    else:
        hint = "Use a smaller base, shorter texts or smaller pictures, or turn gradient checkpointing on."
    return errors.OutOfMemory(f"The machine ran out of memory with a batch size of {size}.", hint)


def not_a_number(what: str, step: int, precision: str) -> errors.NotANumber:
    """what: "The loss" or "The gradient"."""
    lower = "a learning rate ten times lower"
    half = precision in ("fp16", "bf16")
    hint = f"Start again with the precision fp32, or with {lower}." if half else f"Start again with {lower}."
    return errors.NotANumber(f"{what} is no longer a number after step {step}: the training fell apart.", hint)
