"""Small models with random weights, saved as people's own folders are."""

import json
import random
import struct
from pathlib import Path
from typing import Any

from backend.models import bundled


def a_tokenizer(**changes: Any) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(bundled.minilm_folder(), **changes)


def a_small_bert(folder: Path, label2id: dict[str, int] | None = None) -> str:
    """A text encoder, or with labels a classifier. Large weights, so that its scores differ. Returns its model id."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel

    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    names = {"label2id": label2id, "id2label": {index: name for name, index in label2id.items()}} if label2id else {}
    config = BertConfig(**size, max_position_embeddings=128, initializer_range=0.4, **names)
    model = (BertForSequenceClassification if label2id else BertModel)(config)
    model.save_pretrained(folder)
    a_tokenizer(model_max_length=128).save_pretrained(folder)
    return f"path:{folder}"


def a_small_clip(folder: Path) -> str:
    """Both sides of CLIP, 32 x 32 pixels. Returns its model id."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    torch.manual_seed(1)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    words = size | {"vocab_size": 30522, "max_position_embeddings": 77, "eos_token_id": 102, "bos_token_id": 101}
    seen = size | {"image_size": 32, "patch_size": 8}
    model = CLIPModel(CLIPConfig(text_config=words, vision_config=seen, projection_dim=16, initializer_factor=6.0))
    model.save_pretrained(folder)
    a_tokenizer(model_max_length=77, model_input_names=["input_ids", "attention_mask"]).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return f"path:{folder}"


def weights(count: int = 4) -> bytes:
    """A whole safetensors file of one tensor with `count` random numbers."""
    tensor = {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}
    header = json.dumps({"weight": tensor}).encode()
    return struct.pack("<Q", len(header)) + header + random.Random(count).randbytes(4 * count)


def a_model_folder(folder: Path, *, without: str = "") -> Path:
    """The files of a model that nobody loads, all or all but one."""
    folder.mkdir(parents=True)
    files = {"config.json": b'{"model_type": "bert"}', "model.safetensors": weights(), "tokenizer.json": b"{}"}
    for name, content in files.items():
        if name != without:
            (folder / name).write_bytes(content)
    return folder
