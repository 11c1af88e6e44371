"""Load a model from its folder, once a process: for workers and the assistant only.

safetensors only, no code from the model's folder, nothing from the network.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from backend import errors, settings
from backend.models import catalogue, folders

# Beyond this many tokens a sentence encoder sees nothing new, and time grows.
MAX_TOKENS = 512
# As transformers' pipeline cuts for BART; an entailment model may need a text's end.
MAX_TOKENS_NLI = 1_024
# Their first token has the position after that of padding: they read fewer tokens than they have positions.
COUNTED_AFTER_PADDING = ("roberta", "camembert", "mpnet")
POOLINGS = ("cls", "max", "mean")
FP32, BF16 = "fp32", "bf16"


@dataclass(frozen=True)
class Loaded:
    """A model in evaluation mode on `device`, with what prepares its input; either may be missing.

    pooling: how a text's tokens become one vector: some of POOLINGS, joined in this order.
    """

    model: Any
    tokenizer: Any
    processor: Any
    device: str
    max_tokens: int
    pooling: tuple[str, ...] = ("mean",)


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


@cache
def precision() -> str:
    """What WINNOW_PRECISION asks for, or else BF16 on an NVIDIA GPU that computes it itself and FP32 elsewhere."""
    import torch

    if (asked := settings.precision()) in (FP32, BF16):
        return asked
    is_fast = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return BF16 if is_fast else FP32


@contextmanager
def inference() -> Iterator[None]:
    """Models run without gradients, and with matrix products in the `precision` of this machine.

    The weights stay as they are: what is sensitive, such as CLIP's logit scale, is not rounded.
    """
    import torch

    autocast = torch.autocast(device(), dtype=torch.bfloat16, enabled=precision() == BF16)
    with torch.inference_mode(), autocast:
        yield


@lru_cache(maxsize=3)
def _load(folder: Path, _revision: str, use: str, kind: str) -> Loaded:
    import transformers

    quiet(transformers)
    makes = transformers.AutoModel if use == "encoder" else transformers.AutoModelForSequenceClassification
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    model = _or_words(folder, lambda: makes.from_pretrained(folder, use_safetensors=True, dtype="float32", **local))
    tokenizer = processor = None
    if kind in ("text", "clip"):
        tokenizer = _or_words(folder, lambda: transformers.AutoTokenizer.from_pretrained(folder, **local))
    if kind in ("image", "clip"):
        make_processor = transformers.AutoImageProcessor.from_pretrained
        processor = _or_words(folder, lambda: make_processor(folder, backend="torchvision", **local))
    place = device()
    most = MAX_TOKENS_NLI if use == "entailment" else MAX_TOKENS
    longest = _max_tokens(folder, tokenizer, model, most)
    return Loaded(model.eval().to(place), tokenizer, processor, place, longest, _pooling(folder))


def quiet(transformers: Any) -> None:
    """No progress bars and no advice in the log files."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def _max_tokens(folder: Path, tokenizer: Any, model: Any, most: int) -> int:
    """As sentence-transformers reads it: its own file first, then the tokenizer's and the model's limits."""
    if tokenizer is None:
        return 0
    config = model.config.get_text_config()
    positions = getattr(config, "max_position_embeddings", None)
    if positions and any(name in config.model_type for name in COUNTED_AFTER_PADDING):
        positions -= config.pad_token_id + 1
    limits = [most, tokenizer.model_max_length, positions]
    limits.append((folders.read_json(folder / "sentence_bert_config.json") or {}).get("max_seq_length"))
    return min(int(limit) for limit in limits if limit)


def _pooling(folder: Path) -> tuple[str, ...]:
    """As sentence-transformers wrote it down; the mean where nothing is said."""
    said = folders.read_json(folder / "1_Pooling" / "config.json") or {}
    # Files from before version 5 have a yes or no for each: "pooling_mode_cls_token", "pooling_mode_mean_tokens", ...
    flags = sorted(name.split("_")[2] for name, is_on in said.items() if name.startswith("pooling_mode_") and is_on)
    named = said.get("pooling_mode") or flags or "mean"
    chosen = (named,) if isinstance(named, str) else tuple(named)
    if unknown := [how for how in chosen if how not in POOLINGS]:
        raise errors.BadFile(
            f"The model in {folder} pools its tokens by {unknown[0]}; Winnow knows {', '.join(POOLINGS)}.",
            "Choose another sentence encoder.",
        )
    return chosen


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
