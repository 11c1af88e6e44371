"""A frozen base in 8 or 4 bits, for LoRA on a GPU with little memory (Dettmers et al. 2022 and 2023). For workers only.

Only the linear layers of the repeated blocks are rounded: what is new, and what makes the scores, stays exact.
"""

from collections.abc import Sequence
from typing import Any

from backend.models import load
from backend.training import anatomy


def loading(makes: Any, config: Any, how: str, exact: Sequence[str] = ()) -> dict[str, Any]:
    """What `from_pretrained` must be told for a base in "8bit" or "4bit"; nothing for "none".

    exact: further modules that must not be rounded.
    """
    if how == "none":
        return {}
    import torch
    from transformers import BitsAndBytesConfig

    kept = [*outside_of_blocks(makes, config), *exact]
    if how == "8bit":
        rounding = BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=kept)
    else:
        rounding = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16 if load.precision() == load.BF16 else torch.float32,
            llm_int8_skip_modules=kept,
        )
    return {"quantization_config": rounding, "device_map": {"": load.device()}}


def outside_of_blocks(makes: Any, config: Any) -> list[str]:
    """The linear layers that no repeated block has, of a model that is made without memory for its weights."""
    import torch

    with torch.device("meta"):
        model = makes.from_config(config)
    linear = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    return [name for name in linear if not anatomy.block_of(f"{name}.")]


def is_rounded(model: Any) -> bool:
    """Such a model cannot be moved to another device."""
    return bool(getattr(model, "is_quantized", False))


def ready_for_training(model: Any, *, checkpointing: bool) -> Any:
    """Frozen, with its norms in full precision."""
    from peft import prepare_model_for_kbit_training

    return prepare_model_for_kbit_training(
        model, use_gradient_checkpointing=checkpointing, gradient_checkpointing_kwargs={"use_reentrant": False}
    )
