"""What a base's tokenizer is like, read from its files: transformers is not loaded for that."""

import json
from pathlib import Path
from typing import Any


def has_mask(folder: Path) -> bool:
    """Whether it has a mask token. True where its files do not tell: the run finds out."""
    told = [read(folder / name) for name in ("tokenizer_config.json", "special_tokens_map.json")]
    if any(each.get("mask_token") for each in told):
        return True
    words = read(folder / "tokenizer.json").get("added_tokens")
    return words is None or any("mask" in each["content"].lower() for each in words)


def is_uncased(folder: Path) -> bool:
    """Whether it lowers everything that it reads."""
    told = read(folder / "tokenizer.json")
    if told:
        return lowers(told.get("normalizer"))
    return bool(read(folder / "tokenizer_config.json").get("do_lower_case"))


def lowers(normalizer: dict[str, Any] | None) -> bool:
    if not normalizer:
        return False
    parts = normalizer.get("normalizers", ())
    return normalizer["type"] == "Lowercase" or bool(normalizer.get("lowercase")) or any(lowers(each) for each in parts)


def read(path: Path) -> dict[str, Any]:
    """Empty where there is no such file."""
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
