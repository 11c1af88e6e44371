"""Tiny bases of every architecture that Winnow knows by name: as their libraries save them, and with no knowledge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers

from backend.models import catalogue
from backend.training import building, pooling
from backend.training.building import Built
from db.models import Kind

SIDE = 32
NAMES = ["round", "square"]
LAYERS: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
EYES: dict[str, Any] = {"image_size": SIDE, "patch_size": 8}
STAGES: dict[str, Any] = {"hidden_sizes": [16, 32], "depths": [1, 2], "num_stages": 2, "image_size": SIDE}
WINDOWS: dict[str, Any] = {
    "image_size": SIDE,
    "patch_size": 2,
    "embed_dim": 16,
    "depths": [1, 2],
    "num_heads": [2, 2],
    "window_size": 4,
}
DISENTANGLED: dict[str, Any] = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "type_vocab_size": 0}
V3: dict[str, Any] = {"share_att_key": True, "position_buckets": 16, "norm_rel_ebd": "layer_norm"}

# A whole spec, but for its method and base.
LOOP: dict[str, Any] = {
    "seed": 0,
    "class_weights": "none",
    "label_smoothing": 0.0,
    "recipe_id": None,
    "max_length": 16,
    "image_size": SIDE,
    "learning_rate": 1e-2,
    "warmup": 0.0,
    "batch_size": 8,
    "weight_decay": 0.0,
    "lora_rank": 4,
    "epochs": 1,
    "patience": 0,
    "preset": "quick",
}

Make = Callable[[], Any]


def clip() -> Any:
    texts, images = LAYERS | {"vocab_size": 50}, LAYERS | EYES
    return transformers.CLIPModel(transformers.CLIPConfig(text_config=texts, vision_config=images, projection_dim=16))


def resnet() -> Any:
    config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    return transformers.ResNetModel(config)


def mobilenet() -> Any:
    config = transformers.MobileNetV2Config(depth_multiplier=0.1, image_size=SIDE, finegrained_output=False)
    return transformers.MobileNetV2Model(config)


IMAGES: dict[str, Make] = {
    "vit": lambda: transformers.ViTModel(transformers.ViTConfig(**LAYERS, **EYES)),
    "clip": clip,
    "swin": lambda: transformers.SwinModel(transformers.SwinConfig(**WINDOWS)),
    "dinov2": lambda: transformers.Dinov2Model(
        transformers.Dinov2Config(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, image_size=56, patch_size=8
        )
    ),
    "convnext": lambda: transformers.ConvNextModel(transformers.ConvNextConfig(**STAGES, patch_size=2)),
    "mobilenet": mobilenet,
    "resnet": resnet,
}


def a_bert(vocabulary: int) -> Any:
    return transformers.BertModel(transformers.BertConfig(**LAYERS, vocab_size=vocabulary))


def a_roberta(vocabulary: int) -> Any:
    # As its own files have it: two positions more than tokens, for the first is counted after that of padding.
    config = transformers.RobertaConfig(**LAYERS, vocab_size=vocabulary, max_position_embeddings=34, pad_token_id=1)
    return transformers.RobertaForMaskedLM(config)


def a_distilbert(vocabulary: int) -> Any:
    config = transformers.DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=64, vocab_size=vocabulary)
    return transformers.DistilBertModel(config)


def a_deberta(vocabulary: int) -> Any:
    return transformers.DebertaModel(transformers.DebertaConfig(**LAYERS, **DISENTANGLED, vocab_size=vocabulary))


def a_deberta_v3(vocabulary: int) -> Any:
    config = transformers.DebertaV2Config(**LAYERS, **DISENTANGLED, **V3, vocab_size=vocabulary)
    return transformers.DebertaV2Model(config)


def a_modernbert(vocabulary: int) -> Any:
    special = {"pad_token_id": 0, "cls_token_id": 101, "sep_token_id": 102, "bos_token_id": 101, "eos_token_id": 102}
    config = transformers.ModernBertConfig(**LAYERS, **special, vocab_size=vocabulary)
    return transformers.ModernBertForMaskedLM(config)


TEXTS: dict[str, Callable[[int], Any]] = {
    "bert": a_bert,
    "roberta": a_roberta,
    "distilbert": a_distilbert,
    "deberta": a_deberta,
    "deberta-v3": a_deberta_v3,
    "modernbert": a_modernbert,
}
PROCESSORS: dict[str, Make] = {
    "clip": lambda: transformers.CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=SIDE),
    "dinov2": lambda: transformers.BitImageProcessor(size={"shortest_edge": 36}, crop_size=SIDE),
    "convnext": lambda: transformers.ConvNextImageProcessor(size={"shortest_edge": SIDE}),
}


def a_tiny(architecture: str, folder: Path) -> str:
    """The id of a base of this architecture, saved in `folder`."""
    transformers.set_seed(0)
    if architecture in IMAGES:
        model = IMAGES[architecture]()
        sized = {"size": {"height": SIDE, "width": SIDE}}
        PROCESSORS.get(architecture, lambda: transformers.ViTImageProcessor(**sized))().save_pretrained(folder)
    if architecture in TEXTS or architecture == "clip":
        tokenizer = transformers.AutoTokenizer.from_pretrained(catalogue.folder_of(catalogue.MINILM))
        if architecture == "modernbert":
            # As its own tokenizer: there are no second texts.
            tokenizer.model_input_names = ["input_ids", "attention_mask"]
        tokenizer.save_pretrained(folder)
    if architecture in TEXTS:
        model = TEXTS[architecture](len(tokenizer))
    model.save_pretrained(folder)
    return f"path:{folder}"


def kept(folder: Path) -> Callable[[str], str]:
    """`a_tiny` that makes each of them once."""
    made: dict[str, str] = {}

    def of(architecture: str) -> str:
        if architecture not in made:
            made[architecture] = a_tiny(architecture, folder / architecture)
        return made[architecture]

    return of


def kind_of(architecture: str) -> str:
    return "text" if architecture in TEXTS else "image"


def built(base: str, architecture: str, **told: Any) -> Built:
    if kind_of(architecture) == Kind.TEXT:
        return building.text_model(base, NAMES, multi_label=False, pool=pooling.TRAINABLE, **told)
    return building.image_model(base, NAMES, multi_label=False, side=SIDE, **told)


def looked_at(architecture: str) -> dict[str, Any]:
    """Three items as a model takes them."""
    transformers.set_seed(5)
    if kind_of(architecture) == Kind.TEXT:
        ids = torch.randint(1000, 2000, (3, 12))
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return {"pixel_values": torch.randn(3, 3, SIDE, SIDE)}


def scores(model: Any, inputs: dict[str, Any]) -> Any:
    with torch.no_grad():
        return model.eval()(**inputs).logits


def makes(architecture: str) -> Any:
    if kind_of(architecture) == Kind.TEXT:
        return transformers.AutoModelForSequenceClassification
    return transformers.AutoModelForImageClassification


def a_few_steps(model: Any, inputs: dict[str, Any]) -> None:
    learning = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=0.5)
    for _ in range(4):
        loss = model.train()(**inputs, labels=torch.tensor([0, 1, 0])).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad()
