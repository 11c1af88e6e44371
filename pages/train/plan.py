"""A run that is not started yet, in words: what was picked for it, why, and what it will take."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.models.catalogue import size_words
from backend.training.estimate import Estimate
from pages.parts.settings import VALUES, number, title_of
from pages.parts.words import duration


def picked(spec: Mapping[str, Any]) -> str:
    """ "6 epochs, rate 6e-5, batch 16, up to 64 tokens, 5-fold cross-validation" """
    told = [of_loop(spec)] if spec["method"] != "head" else ["One fit on the vectors of the base"]
    if spec.get("class_weights") == "balanced" or spec.get("sampling") == "balanced":
        told.append("rare classes balanced")
    if spec.get("folds"):
        told.append(f"{spec['folds']}-fold cross-validation")
    return ", ".join(told)


def of_loop(spec: Mapping[str, Any]) -> str:
    epochs = spec["epochs"]
    told = [f"{epochs} epoch{'s' if epochs > 1 else ''}", f"rate {number(spec['learning_rate'])}"]
    batches = spec.get("accumulation", 1)
    told.append(f"batch {spec['batch_size']}" + (f" × {batches}" if batches > 1 else ""))
    if spec.get("max_length"):
        told.append(f"up to {spec['max_length']} tokens" + (" a window" if spec.get("long_texts") == "windows" else ""))
    if spec.get("image_size"):
        told.append(f"{spec['image_size']} × {spec['image_size']} pixels")
    if spec.get("lora_rank"):
        told.append(f"adapters of rank {spec['lora_rank']}")
    if spec.get("precision", "fp32") != "fp32":
        told.append(VALUES[spec["precision"]])
    return ", ".join(told)


def reasons(why: Mapping[str, str]) -> str:
    """ "Epochs: 252 items seen in all, 42 in each · Batch size: few items" """
    return " · ".join(f"{title_of(name)}: {words}" for name, words in why.items())


def expected(estimates: Sequence[Estimate], runs: int = 1) -> str:
    """ "About 2 to 4 min and 1.3 GB of memory; measured on run 3." For so many runs such as these."""
    low, high = (runs * sum(each.seconds[end] for each in estimates) / len(estimates) for end in (0, 1))
    memory = size_words(max(each.memory_bytes for each in estimates))
    return f"About {span(low, high)} and {memory} of memory; {estimates[0].why.rstrip('.')}."


def span(low: float, high: float) -> str:
    """ "2 to 4 min", "50 s to 2 min"; one time where both read the same."""
    first, last = duration(rounded(low)), duration(rounded(high))
    if first == last:
        return first
    return f"{first.split()[0] if first.split()[1] == last.split()[1] else first} to {last}"


def rounded(seconds: float) -> float:
    """An estimate to the second would promise too much."""
    return max(5.0, 5 * round(seconds / 5))
