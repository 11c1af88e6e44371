"""From a base to a model with a classifier for these classes. For workers only."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend import errors
from backend.augmenting import sight
from backend.models import catalogue, load
from backend.training import anatomy, convolutions, few_bits, pooling

log = logging.getLogger("winnow.training")
# Statistics of fine-tuning batches are few and noisy. transformers sets MobileNetV2's momentum to 0.997, which in torch
# means that the running statistics are those of the last batch.
BATCH_NORM_MOMENTUM = 0.01
CHANNELS = (32, 64, 128, 256)


@dataclass(frozen=True)
class Built:
    """prepares: the tokenizer or the image processor. fresh: modules whose weights are new, not from the base.

    written: modules that are neither from the base nor trained: Winnow wrote their weights.
    """

    model: Any
    prepares: Any
    fresh: list[str]
    written: list[str] = field(default_factory=list)


def text_model(
    base: str, names: Sequence[str], *, multi_label: bool, pool: pooling.Pooling, quantization: str = "none"
) -> Built:
    """`pool` is used for bases that were trained with mean pooling; the others keep the pooling of their class."""
    import transformers

    load.quiet(transformers)
    folder = catalogue.folder_of(base)
    is_pooled = anatomy.is_mean_pooled(folder)
    with in_words(folder):
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, **labels(names, multi_label))
        config.num_hidden_layers += is_pooled
        averaging = [pooling.name_of_layer(config)] if is_pooled else []
        makes = transformers.AutoModelForSequenceClassification
        built = from_folder(makes, folder, config, few_bits.loading(makes, config, quantization, averaging))
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if is_pooled:
        pooling.add_layer(built.model, pool)
    if built.model.config.pad_token_id is None:
        built.model.config.pad_token_id = tokenizer.pad_token_id
    if is_pooled:
        return Built(built.model, tokenizer, ["classifier"], [*averaging, "bert.pooler"])
    return Built(built.model, tokenizer, built.fresh)


def image_model(base: str, names: Sequence[str], *, multi_label: bool, side: int, quantization: str = "none") -> Built:
    """side: of the pictures, in pixels."""
    import transformers

    load.quiet(transformers)
    if base == catalogue.COMPACT_RESNET:
        return compact_resnet(names, multi_label=multi_label, side=side)
    folder = catalogue.folder_of(base)
    with in_words(folder):
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, **labels(names, multi_label))
        makes = transformers.AutoModelForImageClassification
        built = from_folder(makes, folder, config, few_bits.loading(makes, config, quantization))
        processor = sight.processor_of(base, side)
    calm_batch_norm(built.model)
    convolutions.pad_themselves(built.model)
    return Built(built.model, processor, built.fresh)


def compact_resnet(names: Sequence[str], *, multi_label: bool, side: int) -> Built:
    """A ResNet of 1.2 million weights, untrained: for when nothing pretrained is here."""
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(
        embedding_size=CHANNELS[0],
        hidden_sizes=list(CHANNELS),
        depths=[1] * len(CHANNELS),
        layer_type="basic",
        **labels(names, multi_label),
    )
    model = ResNetForImageClassification(config)
    processor = sight.processor_of(catalogue.COMPACT_RESNET, side)
    return Built(model, processor, [name for name, _ in model.named_children()])


def labels(names: Sequence[str], multi_label: bool) -> dict[str, Any]:
    return {
        "id2label": dict(enumerate(names)),
        "label2id": {name: position for position, name in enumerate(names)},
        "problem_type": "multi_label_classification" if multi_label else "single_label_classification",
    }


def from_folder(makes: Any, folder: Path, config: Any, more: dict[str, Any]) -> Built:
    model, told = makes.from_pretrained(
        folder,
        config=config,
        dtype="float32",
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
        **more,
    )
    mismatched = [each[0] if isinstance(each, tuple) else each for each in told["mismatched_keys"]]
    fresh = sorted({name.rpartition(".")[0] for name in [*told["missing_keys"], *mismatched]})
    return Built(model, None, fresh)


def batch_norms(model: Any) -> Iterator[tuple[str, Any]]:
    """By name."""
    from torch.nn.modules.batchnorm import _BatchNorm

    return ((name, module) for name, module in model.named_modules() if isinstance(module, _BatchNorm))


def calm_batch_norm(model: Any) -> None:
    for _, module in batch_norms(model):
        module.momentum = BATCH_NORM_MOMENTUM


def name_of_last_linear(model: Any) -> str:
    last = last_linear(model)
    return next(name for name, module in model.named_modules() if module is last)


def last_linear(model: Any) -> Any:
    """The layer that makes the scores. Raises BadSpec for a network that does not end in a linear layer."""
    from torch import nn

    def is_classifier(module: Any) -> bool:
        return isinstance(module, nn.Linear) and module.out_features == k and module.bias is not None

    k = model.config.num_labels
    found = [module for module in model.modules() if is_classifier(module)]
    if not found:
        raise errors.BadSpec(f"{type(model).__name__} does not end in a linear layer.", "Choose the method full.")
    return found[-1]


@contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """Loading fails in a dozen ways, by the library's choice; for a person they are one."""
    try:
        yield
    except (errors.WinnowError, MemoryError):
        raise
    except Exception as error:
        log.exception("%s cannot be loaded", folder)
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise errors.BadFile(
            f"The base in {folder} cannot be loaded for training: {reason[0][:200]}", "Choose another base."
        ) from error
