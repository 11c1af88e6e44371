"""Texts to vectors: pooled over the tokens as sentence-transformers does it, or CLIP's text side.

Of a sentence-transformers folder the pooling is read (mean, cls, max), and vectors are of unit length. Layers that some
of its models have behind the pooling are not applied.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backend.encoding import batches
from backend.encoding.vectors import Vectors
from backend.models import load
from backend.models.load import Loaded

# Padded tokens in the first pass; `batches` finds what is best.
START_TOKENS = 2_048
# No tokenizer makes fewer tokens than this of ordinary text: what lies beyond is cut off anyway.
LETTERS_A_TOKEN = 50


def encode(model_id: str, texts: Sequence[str]) -> Vectors:
    """(n, d) float32 of unit length. A text longer than the model reads is cut."""
    found: list[Any] = [None] * len(texts)
    for rows, vectors in each_batch(model_id, texts):
        for row, vector in zip(rows, vectors, strict=True):
            found[row] = vector
    return np.stack(found)


def each_batch(model_id: str, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
    """Rows of `texts` and their vectors, (n, d) float32 of unit length, longest texts first."""
    loaded = load.encoder(model_id)
    tokens = loaded.tokenizer(cut(texts, loaded.max_tokens), truncation=True, max_length=loaded.max_tokens)
    lengths = [len(each) for each in tokens["input_ids"]]
    is_siglip = "siglip" in loaded.model.config.model_type

    def work(rows: list[int]) -> Vectors:
        inputs = loaded.tokenizer.pad(
            {name: [values[row] for row in rows] for name, values in tokens.items()},
            # SigLIP was trained on texts padded to full length.
            padding="max_length" if is_siglip else "longest",
            max_length=loaded.max_tokens if is_siglip else None,
            return_tensors="pt",
        ).to(loaded.device)
        with load.inference():
            pooled = _pooled(loaded, inputs).float()
            return np.asarray((pooled / pooled.norm(dim=-1, keepdim=True).clamp(min=1e-12)).cpu().numpy())

    by_length = sorted(range(len(texts)), key=lambda row: -lengths[row])
    yield from batches.of(f"{model_id} texts", by_length, lengths, work, START_TOKENS)


def cut(texts: Sequence[str], tokens: int) -> list[str]:
    """Without what lies far behind the last token that a model reads: tokenizing a book takes seconds."""
    return [text[: tokens * LETTERS_A_TOKEN] for text in texts]


def _pooled(loaded: Loaded, inputs: Any) -> Any:
    if hasattr(loaded.model, "get_text_features"):
        return loaded.model.get_text_features(**inputs).pooler_output
    states = loaded.model(**inputs).last_hidden_state.float()
    mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
    return _joined([_pool(how, states, mask) for how in loaded.pooling])


def _pool(how: str, states: Any, mask: Any) -> Any:
    """states: (n, tokens, d). mask: (n, tokens, 1), 0 for padding."""
    if how == "cls":
        # Some tokenizers pad on the left: the first token is the first that is none of it.
        first = mask.argmax(1, keepdim=True).expand(-1, -1, states.shape[-1])
        return states.gather(1, first).squeeze(1)
    if how == "max":
        return states.masked_fill(mask == 0, float("-inf")).amax(1)
    return (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)


def _joined(parts: list[Any]) -> Any:
    import torch

    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)
