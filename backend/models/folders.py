"""Model folders on this disk: the Hugging Face cache and folders of the person's own.

A folder counts only when it is whole: config.json, weights as safetensors (never pickle), and what turns items into
numbers (a tokenizer or an image processor). What is in it comes from strangers: nothing here runs any of it.
"""

import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from backend import errors

TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "spm.model", "tokenizer.model",
                   "sentencepiece.bpe.model")  # fmt: skip
PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
IMAGE_SIGNS = ("image_size", "num_channels", "patch_size", "vision_config")
# With a side for texts and one for images whose vectors can be compared.
TWO_SIDED = ("clip", "siglip", "siglip2", "align", "altclip", "chinese_clip", "metaclip_2")
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
# The largest real ones, of models with thousands of tensors or classes, have some megabytes.
LARGEST_JSON_BYTES = 20_000_000
# As the format's own readers limit it.
LARGEST_HEADER_BYTES = 100_000_000
# The hub's rules, narrowed to names that are harmless in a path.
NAME_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
REPOSITORY = re.compile(rf"(?!.*(?:\.\.|--)){NAME_PART}/{NAME_PART}")
REVISION = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}")


def hub_cache() -> Path:
    """Where huggingface_hub keeps models: HF_HUB_CACHE, or `hub` below HF_HOME."""
    if named := os.environ.get("HF_HUB_CACHE"):
        return Path(named).expanduser()
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return (Path(os.environ.get("HF_HOME") or cache_home / "huggingface") / "hub").expanduser()


def is_offline() -> bool:
    """Whether the person asked huggingface_hub, and so Winnow, to leave the network alone."""
    asked = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return asked.upper() in ("1", "TRUE", "YES", "ON")


def hub_name(words: str) -> tuple[str, str]:
    """ "owner/name" or "owner/name@revision" as (repository, revision or ""). Raises NotFound for anything else."""
    repository, at, revision = words.partition("@")
    if not REPOSITORY.fullmatch(repository) or (at and not REVISION.fullmatch(revision)):
        raise errors.NotFound(
            f'"{words[:200]}" is not a model\'s name on the hub.',
            "Names there are OWNER/NAME, such as openai/clip-vit-base-patch32, or OWNER/NAME@REVISION.",
        )
    return repository, revision


def of_repository(repository: str) -> Path:
    """The folder of the cache that holds everything of one repository."""
    return hub_cache() / f"models--{repository.replace('/', '--')}"


def repositories() -> Iterator[str]:
    """Those that the cache has anything of, in the order of their names."""
    for folder in sorted(hub_cache().glob("models--*--*")):
        repository = folder.name.removeprefix("models--").replace("--", "/")
        if REPOSITORY.fullmatch(repository):
            yield repository


def in_hub_cache(repository: str, revision: str, *, exactly: bool = False) -> Path | None:
    """The whole snapshot of this revision, or else (unless `exactly`) the newest whole one; None for none."""
    root = of_repository(repository)
    reference = root / "refs" / revision
    wanted = reference.read_text().strip() if reference.is_file() else revision
    snapshots = [each for each in (root / "snapshots").glob("*") if each.name == wanted or not exactly]
    snapshots.sort(key=lambda each: (each.name == wanted, each.stat().st_mtime), reverse=True)
    return next((each for each in snapshots if not fault(each)), None)


def fault(folder: Path) -> str:
    """Why the folder is no model that Winnow can load, as half a sentence; empty when it is one."""
    config = read_json(folder / "config.json")
    if config is None:
        return _missing(folder / "config.json") or "its config.json is no JSON object of at most a few megabytes"
    if not isinstance(config.get("model_type"), str):
        return "its config.json does not say which model it is (model_type)"
    if wrong := _fault_of_weights(folder):
        return wrong
    if is_image_config(config) and not any((folder / name).is_file() for name in PROCESSOR_FILES):
        return "it lacks preprocessor_config.json"
    if _reads_text(config) and not any((folder / name).is_file() for name in TOKENIZER_FILES):
        return "it lacks a tokenizer (tokenizer.json)"
    return use_fault(config)


def use_fault(config: dict[str, Any]) -> str:
    """Why nothing here can use a model of this config; empty when something can."""
    if "text_config" in config and "vision_config" in config and config.get("model_type") not in TWO_SIDED:
        return f"it is a {config.get('model_type')}, which gives no vectors of images and texts that can be compared"
    return ""


def checked_config(folder: Path) -> dict[str, Any]:
    """The config of a whole model folder of the person's own. Raises ModelNotHere or BadFile."""
    if not folder.is_dir():
        raise errors.ModelNotHere(f"There is no folder {folder}.", "Name a folder that save_pretrained() wrote.")
    if wrong := _leads_out(folder) or fault(folder):
        raise errors.BadFile(
            f"{folder} is no model that Winnow can load: {wrong}.",
            "Name a folder that transformers' save_pretrained() wrote, with its tokenizer or image processor.",
        )
    return read_json(folder / "config.json") or {}


def entailment_index(config: dict[str, Any]) -> int | None:
    """Which output of an NLI model says "entailment", by the names in its config. None for other models."""
    names = config.get("label2id")
    if not isinstance(names, dict):
        return None
    return next((index for name, index in names.items() if _entails(name) and isinstance(index, int)), None)


def is_image_config(config: dict[str, Any]) -> bool:
    return any(sign in config for sign in IMAGE_SIGNS)


def is_sentence_encoder(folder: Path) -> bool:
    """Whether sentence-transformers wrote it: its vectors were trained to be compared."""
    return (folder / "modules.json").is_file()


def size_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def fingerprint(folder: Path) -> str:
    """Changes when the model in the folder does. From names, sizes and times: reading gigabytes would take too long."""
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.json"), *folder.glob("*.safetensors")]):
        status = file.stat()
        digest.update(f"{file.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def read_json(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > LARGEST_JSON_BYTES:
            return None
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def shards(index: dict[str, Any] | None) -> list[str]:
    """The files that hold the weights, by the index if there is one."""
    table = (index or {}).get("weight_map")
    return sorted({str(name) for name in table.values()}) if isinstance(table, dict) and table else [WEIGHTS]


def _fault_of_weights(folder: Path) -> str:
    for name in shards(read_json(folder / INDEX)):
        path = folder / name
        if Path(name).name != name:
            return f"its {INDEX} names a file outside of it"
        if wrong := _missing(path):
            return f"{wrong} (weights are read from safetensors only)"
        status = path.stat()
        if not _is_whole(str(path), status.st_size, status.st_mtime_ns):
            return f"its {name} is damaged or was cut short"
    return ""


def _missing(path: Path) -> str:
    if path.is_file():
        return ""
    # As when a snapshot of the cache was copied without what its links lead to.
    return f"its {path.name} is a link to a file that is not here" if path.is_symlink() else f"it lacks {path.name}"


@lru_cache(maxsize=1000)
def _is_whole(path: str, size_bytes: int, _mtime_ns: int) -> bool:
    """Whether a safetensors file has the length that its own header gives."""
    try:
        with Path(path).open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(LARGEST_HEADER_BYTES, size_bytes - 8):
                return False
            header = json.loads(file.read(length))
        ends = [int(each["data_offsets"][1]) for name, each in header.items() if name != "__metadata__"]
    except (OSError, ValueError, struct.error, RecursionError, AttributeError, TypeError, KeyError, IndexError):
        return False
    return size_bytes == 8 + length + max(ends, default=0)


def _leads_out(folder: Path) -> str:
    """Which link of the folder leads to a file elsewhere, in words. Links of a hub cache to its own blobs may."""
    home = folder.resolve()
    homes = [home, home.parents[1] / "blobs"] if home.parent.name == "snapshots" else [home]
    for each in sorted(folder.iterdir()):
        target = each.resolve()
        if each.is_symlink() and target.exists() and not any(target.is_relative_to(known) for known in homes):
            return f"its {each.name} is a link that leads out of it; put the file itself there"
    return ""


def _entails(name: Any) -> bool:
    return isinstance(name, str) and name.lower().startswith("entail")


def _reads_text(config: dict[str, Any]) -> bool:
    return "text_config" in config or not is_image_config(config)
