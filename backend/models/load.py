"""Load a model from its folder, once a process: for workers and the assistant only.

safetensors only, no code from the model's folder, nothing from the network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from backend import errors
from backend.models import catalogue, folders

# Beyond this many tokens a sentence encoder sees nothing new, and time grows.
MAX_TOKENS = 512


@dataclass(frozen=True)
class Loaded:
    """A model in evaluation mode on `device`, with what prepares its input; either may be missing."""

    model: Any
    tokenizer: Any
    processor: Any
    device: str
    max_tokens: int


def encoder(model_id: str) -> Loaded:
    """The model without a head, for vectors."""
    kind = "clip" if catalogue.find(model_id).how == "clip" else catalogue.find(model_id).kind
    return _load(catalogue.folder_of(model_id), catalogue.revision_of(model_id), "encoder", kind)


def entailment(model_id: str) -> Loaded:
    """An NLI model with its head."""
    return _load(catalogue.folder_of(model_id), catalogue.revision_of(model_id), "entailment", "text")


def device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@lru_cache(maxsize=3)
def _load(folder: Path, _revision: str, use: str, kind: str) -> Loaded:
    import transformers

    quiet(transformers)
    makes = transformers.AutoModel if use == "encoder" else transformers.AutoModelForSequenceClassification
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    model = _or_words(folder, lambda: makes.from_pretrained(folder, use_safetensors=True, **local))
    tokenizer = processor = None
    if kind in ("text", "clip"):
        tokenizer = _or_words(folder, lambda: transformers.AutoTokenizer.from_pretrained(folder, **local))
    if kind in ("image", "clip"):
        make_processor = transformers.AutoImageProcessor.from_pretrained
        processor = _or_words(folder, lambda: make_processor(folder, backend="torchvision", **local))
    place = device()
    return Loaded(model.eval().to(place), tokenizer, processor, place, _max_tokens(folder, tokenizer, model))


def quiet(transformers: Any) -> None:
    """No progress bars and no advice in the log files."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def _max_tokens(folder: Path, tokenizer: Any, model: Any) -> int:
    """As sentence-transformers reads it: its own file first, then the tokenizer's and the model's limits."""
    if tokenizer is None:
        return 0
    config = model.config.get_text_config()
    limits = [MAX_TOKENS, tokenizer.model_max_length, getattr(config, "max_position_embeddings", None)]
    limits.append((folders.read_json(folder / "sentence_bert_config.json") or {}).get("max_seq_length"))
    return min(int(limit) for limit in limits if limit)


def _or_words(folder: Path, make: Callable[[], Any]) -> Any:
    """Loading fails in a dozen ways, by the library's choice; for a person they are one."""
    try:
        return make()
    except MemoryError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise errors.BadFile(
            f"The model in {folder} cannot be loaded: {reason[0][:200]}",
            "Fetch or save it again; Winnow loads safetensors and runs no code from a model's folder.",
        ) from error
