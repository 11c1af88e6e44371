"""A run's settings as words: what each is called, its value, and many of them in a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.models import catalogue
from backend.training.setting import METHOD_TITLES

MOST_ACROSS = 4
TITLES = {
    "recipe_id": "Augmentation recipe",
    "folds": "Cross-validation folds",
    "long_texts": "Longer texts",
    "lora_rank": "LoRA rank",
    "warmup": "Warm-up",
    "ema": "Averaged weights (EMA)",
    "compile": "Compile",
    "best_metric": "Best epoch by",
    "devices": "GPUs",
    "focal_gamma": "Focal loss (gamma)",
    "accumulation": "Batches a step",
}
VALUES = {
    "fp32": "32 bit",
    "bf16": "bfloat16",
    "fp16": "float16",
    "8bit": "8 bit",
    "4bit": "4 bit",
    "windows": "all of it, in windows",
    "f1_macro": "macro-F1",
    "f1_micro": "micro-F1",
    "log_loss": "log loss",
}


def title_of(setting: str) -> str:
    return TITLES.get(setting) or setting.replace("_", " ").replace(".", ", ").capitalize()


def base_title(base: str | None) -> str | None:
    return catalogue.title_of(base) if base else None


def setting_rows(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[dict[str, str]]:
    """As words, for a column may hold numbers and texts; many runs go down the table instead of across."""
    titles = [title_of(each["setting"]) for each in found]
    values = [[in_words(each["setting"], value) for value in each["values"]] for each in found]
    if len(names) > MOST_ACROSS:
        by_run = zip(names, zip(*values, strict=True), strict=True)
        return [{"Run": name} | dict(zip(titles, row, strict=True)) for name, row in by_run]
    return [{"Setting": title} | dict(zip(names, row, strict=True)) for title, row in zip(titles, values, strict=True)]


def in_words(setting: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if setting == "base" and isinstance(value, str):
        return base_title(value) or "–"
    if setting == "method":
        return METHOD_TITLES.get(str(value), str(value))
    return VALUES.get(str(value), str(value))


def number(value: float) -> str:
    """Short, and as people write it: 6e-5 and 0.01, not 6e-05."""
    mantissa, e, exponent = f"{value:.4g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa
