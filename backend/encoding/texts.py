"""Texts to vectors: mean pooling over the tokens, as sentence-transformers does it, or CLIP's text side."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backend.encoding.vectors import Vectors
from backend.models import load
from backend.models.load import Loaded

# Padded tokens in one pass.
BATCH_TOKENS = 8_192
# No tokenizer makes fewer tokens than this of ordinary text: what lies beyond is cut off anyway.
LETTERS_A_TOKEN = 50


def encode(model_id: str, texts: Sequence[str]) -> Vectors:
    """(n, d) float32 of unit length. A text longer than the model reads is cut."""
    import torch

    loaded = load.encoder(model_id)
    is_siglip = "siglip" in loaded.model.config.model_type
    cut = [text[: loaded.max_tokens * LETTERS_A_TOKEN] for text in texts]
    tokens = loaded.tokenizer(cut, truncation=True, max_length=loaded.max_tokens)
    by_length = sorted(range(len(texts)), key=lambda row: -len(tokens["input_ids"][row]))
    found: list[Any] = [None] * len(texts)
    with torch.inference_mode():
        for rows in batches(by_length, [len(each) for each in tokens["input_ids"]]):
            inputs = loaded.tokenizer.pad(
                {name: [values[row] for row in rows] for name, values in tokens.items()},
                # SigLIP was trained on texts padded to full length.
                padding="max_length" if is_siglip else "longest",
                max_length=loaded.max_tokens if is_siglip else None,
                return_tensors="pt",
            ).to(loaded.device)
            pooled = torch.nn.functional.normalize(_pooled(loaded, inputs), dim=-1).float().cpu().numpy()
            for row, vector in zip(rows, pooled, strict=True):
                found[row] = vector
    return np.stack(found)


def batches(by_length: Sequence[int], lengths: Sequence[int], tokens: int = BATCH_TOKENS) -> list[list[int]]:
    """Rows, longest first, in groups of at most `tokens` padded tokens."""
    groups: list[list[int]] = []
    for row in by_length:
        # The first of a group is its longest.
        if not groups or (len(groups[-1]) + 1) * lengths[groups[-1][0]] > tokens:
            groups.append([])
        groups[-1].append(row)
    return groups


def _pooled(loaded: Loaded, inputs: Any) -> Any:
    if hasattr(loaded.model, "get_text_features"):
        return loaded.model.get_text_features(**inputs).pooler_output
    states = loaded.model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
    return (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
