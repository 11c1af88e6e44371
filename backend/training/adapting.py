"""LoRA (Hu et al. 2021): small matrices beside the layers of a frozen base, and what becomes of them. For workers only.

Which layers those are is found in the tree of the loaded model, by the same rules as in the base's file (`anatomy`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backend import errors
from backend.models import catalogue
from backend.training import anatomy, building, few_bits, freezing
from backend.training.building import Built

DROPOUT = 0.05
FOLDER = "adapter"


@dataclass(frozen=True)
class Adapter:
    """Trained matrices and fresh modules. config: peft's. state: tensors on the CPU, by their names in peft's files."""

    config: Any
    state: dict[str, Any]

    @property
    def size_bytes(self) -> int:
        return sum(tensor.numel() * tensor.element_size() for tensor in self.state.values())

    def save(self, model_folder: Path) -> None:
        """Write it below the merged model, as PeftModel.from_pretrained reads it, with a note of how."""
        from safetensors.torch import save_file

        folder = model_folder / FOLDER
        self.config.save_pretrained(folder)
        save_file(self.state, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        makes = json.loads((model_folder / "config.json").read_text("utf-8"))["architectures"][0]
        note = LOAD.format(base=self.config.base_model_name_or_path, makes=makes)
        if makes.startswith("MobileNet"):
            note += CONVOLUTIONS
        (folder / "README.md").write_text(note, "utf-8")


def layers_of(model: Any, frozen_layers: int = 0) -> list[str]:
    """The modules to adapt, by their full names: those that `anatomy` chooses, without those in the frozen blocks.

    Raises BadSpec when there are none.
    """
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    shapes = {name: tuple(each.shape) for name, each in model.named_parameters()}
    modules = dict(model.named_modules())
    frozen = anatomy.blocks(shapes)[:frozen_layers]
    found = [name for name in anatomy.adaptable(shapes) if anatomy.block_of(f"{name}.") not in frozen]
    # A convolution in groups looks at some of the channels only, and peft cannot merge that.
    return [
        name
        for name in found
        if isinstance(module := modules[name], nn.Linear | Conv1D)
        or (isinstance(module, nn.Conv2d) and module.groups == 1)
    ] or _nothing_to_adapt(model)


def _nothing_to_adapt(model: Any) -> list[str]:
    raise errors.BadSpec(
        f"{type(model).__name__} has no layers that LoRA can adapt.", "Freeze fewer layers, or choose the method full."
    )


def adapted(built: Built, spec: dict[str, Any]) -> tuple[Built, list[str]]:
    """With adapters on the layers of `layers_of`, whose names are the second part; what is new is trained whole."""
    from peft import LoraConfig, get_peft_model

    model = built.model
    if few_bits.is_rounded(model):
        model = few_bits.ready_for_training(model, checkpointing=spec["gradient_checkpointing"])
    places = [name for name in layers_of(model, spec["frozen_layers"]) if not is_within(name, built.written)]
    config = LoraConfig(
        r=spec["lora_rank"],
        lora_alpha=2 * spec["lora_rank"],
        lora_dropout=DROPOUT,
        target_modules=places,
        modules_to_save=outermost({*built.fresh, building.name_of_last_linear(model)}),
    )
    # Its statistics are no part of an adapter: a checkpoint would lose them.
    freezing.hold_statistics(model)
    wrapped = get_peft_model(model, config)
    speak_for_convolutions(wrapped)
    return replace(built, model=wrapped), places


def speak_for_convolutions(model: Any) -> None:
    """Let the wrapped convolutions tell their strides as before: MobileNet asks for them to pad its pictures."""
    from peft.tuners.lora import Conv2d

    for module in model.modules():
        if isinstance(module, Conv2d):
            inner = module.get_base_layer()
            module.stride, module.kernel_size, module.dilation = inner.stride, inner.kernel_size, inner.dilation


def taken(model: Any, written: Sequence[str], base: str) -> Adapter:
    """The adapter of a peft model. What Winnow wrote into the base goes with it: the base alone lacks it."""
    from peft import get_peft_model_state_dict

    # Only now: while it trains, peft would look for such a name on the hub at every checkpoint.
    named = name_of_base(base)
    config = replace(model.peft_config["default"], inference_mode=True, base_model_name_or_path=named)
    config.modules_to_save = [*config.modules_to_save, *written]
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    for name, tensor in model.get_base_model().state_dict().items():
        if is_within(name, written):
            state[f"base_model.model.{name.replace('.base_layer.', '.')}"] = tensor
    return Adapter(config, {name: tensor.detach().cpu().clone().contiguous() for name, tensor in state.items()})


def merged(model: Any) -> Any:
    """The plain model with the adapters added into its weights: the same scores."""
    return model.merge_and_unload()


def merged_into(whole: Any, adapter: Adapter) -> Any:
    """The adapters added into a base in full precision: rounded weights could not hold the sum exactly."""
    from peft import get_peft_model, set_peft_model_state_dict

    config = replace(adapter.config, inference_mode=False, base_model_name_or_path=None)
    wrapped = get_peft_model(whole, config)
    set_peft_model_state_dict(wrapped, adapter.state)
    return merged(wrapped)


def said(places: Sequence[str]) -> str:
    """The layers by their last names, and in how many blocks: "query, value in 12 blocks"."""
    names = sorted({short_name(name) for name in places})
    count = len(anatomy.blocks(f"{name}." for name in places))
    return f"{', '.join(names)} in {count} block{'s' if count != 1 else ''}"


def short_name(place: str) -> str:
    """Within its block; the last part is enough, but that says nothing in a network that calls all "convolution"."""
    within = place.removeprefix(anatomy.block_of(f"{place}.")).lstrip(".")
    return within.removesuffix(".convolution").rpartition(".")[2]


def name_of_base(base: str) -> str:
    """Where other people find it: its name on the hub where it has one, else its folder."""
    source = catalogue.find(base).source
    return source.removeprefix(catalogue.HUB_PAGE) if source else str(catalogue.folder_of(base))


def outermost(modules: set[str]) -> list[str]:
    """Without those that lie inside another one of them."""
    return sorted(name for name in modules if not is_within(name, modules - {name}))


def is_within(name: str, modules: Sequence[str] | set[str]) -> bool:
    return any(name == other or name.startswith(f"{other}.") for other in modules)


LOAD = """The adapter of the model in the folder above, where it is merged already. By itself it goes onto its base:

```python
from peft import PeftModel
from transformers import AutoConfig, {makes}

config = AutoConfig.from_pretrained("..")
base = {makes}.from_pretrained("{base}", config=config, ignore_mismatched_sizes=True)
model = PeftModel.from_pretrained(base, ".")
```
"""
CONVOLUTIONS = """
Networks that pad their pictures as TensorFlow does ask each convolution for its stride, which peft's do not tell:

```python
for layer in model.modules():
    if hasattr(layer, "base_layer"):
        inner = layer.base_layer
        layer.stride, layer.kernel_size, layer.dilation = inner.stride, inner.kernel_size, inner.dilation
```
"""
