"""What a run asks of the machine, as far as that can be had: half precision, gradient checkpointing, compiling.

A training never fails for these: what cannot be had is left out, and the run's facts say so.
"""

import logging
from collections.abc import Callable
from typing import Any

import torch
from transformers.utils.import_utils import is_torch_bf16_gpu_available

from backend.jobs.progress import Stopped

log = logging.getLogger("winnow.training")
DONE = "done"


def has_accelerator() -> bool:
    return torch.cuda.is_available() or torch.backends.mps.is_available()


def half_precision(asked: str) -> dict[str, bool]:
    """For TrainingArguments; nothing for fp32, or where the hardware has not what is asked."""
    if asked == "bf16" and (not has_accelerator() or is_torch_bf16_gpu_available()):
        return {"bf16": True}
    # Loss scaling, which fp16 needs, is there for CUDA alone.
    if asked == "fp16" and torch.cuda.is_available():
        return {"fp16": True}
    return {}


def checkpoint_gradients(model: Any) -> str:
    """Have the model keep less for the backward pass and compute it again (Chen et al. 2016). For the facts."""
    try:
        model.activation_checkpointing_enable()
    except (ValueError, AttributeError) as error:
        # The library finds out by trying: some models claim it and have no layer that could.
        log.info("no gradient checkpointing: %s", error)
        return f"left out: {type(model).__name__} cannot"
    return DONE


def compiled(model: Any, trial: Callable[[], None]) -> str:
    """Have torch compile the model's calls, if a step then works. For the facts.

    trial: one step that leaves no trace. In place, so that the names of the weights stay as they are.
    """
    # Elsewhere a failure inside falls back to the model as it is; here it must be seen.
    torch._dynamo.config.suppress_errors = False
    model.compile()
    try:
        trial()
    except Stopped:
        raise
    except Exception as error:
        log.warning("the model is not compiled", exc_info=True)
        undo_compiling(model)
        # torch names the compiler in the first line and what it said in the second.
        return "left out: " + " ".join([type(error).__name__, *str(error).split("\n")[:2]])[:200].strip()
    # Inputs of another shape are compiled later, within the training.
    torch._dynamo.config.suppress_errors = True
    return DONE


def undo_compiling(model: Any) -> None:
    model._compiled_call_impl = None
