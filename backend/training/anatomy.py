"""What a base is made of, read from its files: no torch, no weights loaded.

A safetensors file begins with a table of its tensors; their names and shapes tell which layers there are. A loaded
model may call its layers otherwise than the file does; what is chosen by these rules is the same.
"""

import json
import math
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.models.load import COUNTED_AFTER_PADDING

# The layers that LoRA adapts (Hu et al. 2021, section 7.1: query and value), by the names that architectures use.
ATTENTION = (
    ("query", "value"),
    ("q_proj", "v_proj"),
    ("q_lin", "v_lin"),
    ("query_proj", "value_proj"),
    ("q", "v"),
    ("qkv",),
    ("Wqkv",),
    ("in_proj",),
    ("c_attn",),
)
# The blocks that a network repeats: numbered, in some architectures within numbered stages.
BLOCK = re.compile(
    r"(?:^|.*?\.)(?:stages?\.\d+\.(?:layers?|blocks?)\.\d+|layers\.\d+\.blocks\.\d+|block\.\d+\.\d+"
    r"|(?:layers?\d*|blocks?|h|albert_layers)\.\d+)(?=\.)"
)
# They have patches, and still no table of positions with one entry a patch, or they stretch it themselves.
STRETCHING = ("convnext", "convnextv2", "dinov2", "dinov2_with_registers", "swin", "swinv2")
STATISTICS = ("running_mean", "running_var", "num_batches_tracked", "position_ids")
# The file, and where in it the image processor's settings are.
PROCESSORS = (("preprocessor_config.json", None), ("processor_config.json", "image_processor"))
LONGEST_HEADER_BYTES = 100_000_000

Shape = Sequence[int]


def config(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    return found


def tensors(folder: Path) -> dict[str, Shape]:
    """Names and shapes of the weights that a classifier on this base has; of CLIP and its kin, those that see."""
    found = {name: shape for name, shape in listed(folder).items() if last_name(name) not in STATISTICS}
    if is_two_sided(config(folder)):
        found = {name: shape for name, shape in found.items() if "vision_model." in name}
    return found


def listed(folder: Path) -> dict[str, Shape]:
    """Everything in the files, statistics too."""
    found: dict[str, Shape] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            (size_bytes,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(size_bytes, LONGEST_HEADER_BYTES)))
        found |= {name: each["shape"] for name, each in header.items() if name != "__metadata__"}
    return found


def parameters(folder: Path) -> int:
    """How many weights the base has."""
    return sum(math.prod(shape) for shape in tensors(folder).values())


def layers(folder: Path) -> int:
    """How many blocks the base repeats: what can be frozen one by one, from the first."""
    return len(blocks(tensors(folder)))


def adapted_layers(folder: Path) -> list[str]:
    """The layers that LoRA would adapt, by their names in the file; empty for a base that has none."""
    return adaptable(tensors(folder))


def adaptable(shapes: Mapping[str, Shape]) -> list[str]:
    """The modules that LoRA can adapt among those with these weights, by name.

    Queries and values where there is attention. Else every linear layer of the blocks, or every convolution that looks
    at single pixels (the very same arithmetic), if each block has some: a few layers here and there learn little.
    """
    weights = {name.removesuffix(".weight"): shape for name, shape in shapes.items() if name.endswith(".weight")}
    inside = {name: shape for name, shape in weights.items() if block_of(name + ".")}
    linear = [name for name, shape in inside.items() if len(shape) == 2]
    for names in ATTENTION:
        found = [name for name in linear if last_name(name) in names]
        if {last_name(name) for name in found} == set(names):
            return found
    pointwise = [n for n, shape in inside.items() if len(shape) == 4 and tuple(shape[2:]) == (1, 1) and shape[1] > 1]
    for found in (linear, pointwise):
        if found and set(blocks(f"{name}." for name in found)) == set(blocks(shapes)):
            return found
    return []


def blocks(names: Iterable[str]) -> list[str]:
    """The repeated blocks that these weights are in, in their order."""
    found = dict.fromkeys(block_of(name) for name in names)
    # What stands between two stages is in a stage, and not in a block.
    stages = {f"{each}." for each in found}
    within = {stage for stage in stages if any(each.startswith(stage) for each in found)}
    return [each for each in found if each and f"{each}." not in within]


def block_of(name: str) -> str:
    """The repeated block that a weight is in, such as "bert.encoder.layer.3"; empty for one outside."""
    found = BLOCK.match(name)
    return found.group() if found else ""


def last_name(name: str) -> str:
    return name.rpartition(".")[2]


def is_two_sided(told: Mapping[str, Any]) -> bool:
    return "text_config" in told and "vision_config" in told


def has_batch_norm(folder: Path) -> bool:
    """Whether there are running statistics, as in most convolutional networks: they bear larger steps than others."""
    return any(last_name(name) == "running_mean" for name in listed(folder))


def is_mean_pooled(folder: Path) -> bool:
    """Whether this is a BERT whose training averaged the tokens (sentence-transformers says so in 1_Pooling)."""
    pooling = folder / "1_Pooling" / "config.json"
    is_bert = config(folder).get("model_type") == "bert"
    return is_bert and pooling.is_file() and bool(json.loads(pooling.read_text()).get("pooling_mode_mean_tokens"))


def image_size(folder: Path) -> int:
    """The side in pixels of the pictures that the base takes, by its image processor; 224 when that does not say."""
    told = processor(folder)
    size = told.get("crop_size") if told.get("do_center_crop") else None
    size = size or told.get("size") or told.get("crop_size") or 224
    if isinstance(size, dict):
        size = size.get("height") or size.get("shortest_edge") or 224
    return int(size)


def processor(folder: Path) -> dict[str, Any]:
    """What the image processor's file says, alone or within that of a processor for texts and images."""
    for name, part in PROCESSORS:
        if (folder / name).is_file():
            told = json.loads((folder / name).read_text("utf-8"))
            return dict(told.get(part, told) if part else told)
    return {}


def takes_any_size(folder: Path) -> bool:
    """Networks that give each patch of the picture a learned position know one size; most convolutions take any."""
    told = config(folder)
    if told.get("model_type") in STRETCHING:
        return not told.get("use_absolute_embeddings")
    return "patch_size" not in told and not is_two_sided(told)


def longest_text(folder: Path) -> int | None:
    """How many tokens the base can read at once, if it says so."""
    told = config(folder)
    longest = told.get("max_position_embeddings")
    if not longest:
        return None
    counts_later = any(name in str(told.get("model_type")) for name in COUNTED_AFTER_PADDING)
    return int(longest) - (int(told.get("pad_token_id", 1) or 0) + 1 if counts_later else 0)
