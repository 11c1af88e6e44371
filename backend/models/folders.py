"""Model folders on this disk: the Hugging Face cache and folders of the person's own.

A folder counts only when it is whole: config.json, weights as safetensors (never pickle), and what turns items into
numbers (a tokenizer or an image processor).
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from backend import errors

TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model",
                   "sentencepiece.bpe.model")  # fmt: skip
PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
IMAGE_SIGNS = ("image_size", "num_channels", "patch_size", "vision_config")


def hub_cache() -> Path:
    """Where huggingface_hub keeps models: HF_HUB_CACHE, or `hub` below HF_HOME."""
    if named := os.environ.get("HF_HUB_CACHE"):
        return Path(named).expanduser()
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return (Path(os.environ.get("HF_HOME") or cache_home / "huggingface") / "hub").expanduser()


def in_hub_cache(repository: str, revision: str) -> Path | None:
    """The whole snapshot of this revision, or else the newest whole one; None when there is none."""
    root = hub_cache() / f"models--{repository.replace('/', '--')}"
    snapshots = list((root / "snapshots").glob("*"))
    reference = root / "refs" / revision
    wanted = reference.read_text().strip() if reference.is_file() else revision
    snapshots.sort(key=lambda each: (each.name == wanted, each.stat().st_mtime), reverse=True)
    return next((each for each in snapshots if not lacks(each)), None)


def lacks(folder: Path) -> str:
    """What the folder lacks to be a model, in words; empty when it is whole."""
    config = read_json(folder / "config.json")
    if config is None:
        return "a readable config.json"
    index = read_json(folder / "model.safetensors.index.json")
    shards = set(index.get("weight_map", {}).values()) if index else {"model.safetensors"}
    if missing := sorted(shard for shard in shards if not (folder / shard).is_file()):
        return f"{missing[0]} (weights are read from safetensors only)"
    if is_image_config(config) and not any((folder / name).is_file() for name in PROCESSOR_FILES):
        return "preprocessor_config.json"
    if _reads_text(config) and not any((folder / name).is_file() for name in TOKENIZER_FILES):
        return "a tokenizer (tokenizer.json)"
    return ""


def checked_config(folder: Path) -> dict[str, Any]:
    """The config of a whole model folder. Raises ModelNotHere or BadFile."""
    if not folder.is_dir():
        raise errors.ModelNotHere(f"There is no folder {folder}.", "Name a folder that save_pretrained() wrote.")
    if missing := lacks(folder):
        raise errors.BadFile(
            f"{folder} is no model that Winnow can load: it lacks {missing}.",
            "Name a folder that transformers' save_pretrained() wrote, with its tokenizer or image processor.",
        )
    return read_json(folder / "config.json") or {}


def entailment_index(config: dict[str, Any]) -> int | None:
    """Which output of an NLI model says "entailment", by the names in its config. None for other models."""
    names = config.get("label2id") or {}
    return next((int(index) for name, index in names.items() if name.lower().startswith("entail")), None)


def is_image_config(config: dict[str, Any]) -> bool:
    return any(sign in config for sign in IMAGE_SIGNS)


def fingerprint(folder: Path) -> str:
    """Changes when the model in the folder does. From names, sizes and times: reading gigabytes would take too long."""
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.json"), *folder.glob("*.safetensors")]):
        status = file.stat()
        digest.update(f"{file.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def _reads_text(config: dict[str, Any]) -> bool:
    return "text_config" in config or not is_image_config(config)


def read_json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
