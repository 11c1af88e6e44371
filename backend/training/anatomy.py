"""What a base is made of, read from its files: no torch, no weights loaded.

A safetensors file begins with a table of its tensors; their names tell which layers there are.
"""

import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# The layers that LoRA adapts (Hu et al. 2021, section 7.1: query and value), by the names that architectures use.
ATTENTION = (
    ("query", "value"),
    ("q_proj", "v_proj"),
    ("q_lin", "v_lin"),
    ("query_proj", "value_proj"),
    ("qkv",),
    ("Wqkv",),
    ("in_proj",),
)
LONGEST_HEADER_BYTES = 100_000_000


def config(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    return found


def has_attention(folder: Path) -> bool:
    """Whether there are layers that LoRA can adapt. The loaded model may give them other names than the file."""
    modules = [name.rpartition(".")[0] for name in tensor_names(folder) if name.endswith(".weight")]
    return bool(attention_layers(modules))


def attention_layers(modules: Iterable[str]) -> list[str]:
    """The last names of the attention layers among these modules; empty for a network without attention."""
    last_names = {name.rpartition(".")[2] for name in modules}
    return next((list(names) for names in ATTENTION if last_names.issuperset(names)), [])


def tensor_names(folder: Path) -> list[str]:
    names: list[str] = []
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            (size_bytes,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(size_bytes, LONGEST_HEADER_BYTES)))
        names += [name for name in header if name != "__metadata__"]
    return names


def is_mean_pooled(folder: Path) -> bool:
    """Whether this is a BERT whose training averaged the tokens (sentence-transformers says so in 1_Pooling)."""
    pooling = folder / "1_Pooling" / "config.json"
    is_bert = config(folder).get("model_type") == "bert"
    return is_bert and pooling.is_file() and bool(json.loads(pooling.read_text()).get("pooling_mode_mean_tokens"))


def image_size(folder: Path) -> int:
    """The side in pixels of the pictures that the base takes, by its image processor; 224 when that does not say."""
    told = json.loads((folder / "preprocessor_config.json").read_text("utf-8"))
    size = told.get("crop_size") if told.get("do_center_crop") else None
    size = size or told.get("size") or told.get("crop_size") or 224
    if isinstance(size, dict):
        size = size.get("height") or size.get("shortest_edge") or 224
    return int(size)


def takes_any_size(folder: Path) -> bool:
    """Networks that cut the picture into patches know one size; convolutions take any."""
    return "patch_size" not in config(folder)


def longest_text(folder: Path) -> int | None:
    """How many tokens the base can read at once, if it says so."""
    told = config(folder)
    longest = told.get("max_position_embeddings")
    # RoBERTa and its kin count their positions from 2.
    return int(longest) - (2 if "roberta" in str(told.get("model_type")) else 0) if longest else None
