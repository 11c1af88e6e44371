"""Mean pooling inside a BertForSequenceClassification, so that plain `from_pretrained` loads it.

That class reads the first token only, while sentence encoders such as MiniLM are made to be averaged over all tokens.
One more BERT layer does the averaging: with its queries and keys at zero, attention is the same for every token that
is not padding, so each token receives the mean. The mean is made so large that the token's own state beside it no
longer counts, and the layer norm takes the size away again. The pooler's tanh gets numbers so small that it is a
straight line. What the classifier sees is the mean vector, centred and of one length, times `reach`.
"""

from dataclasses import dataclass
from types import MethodType
from typing import Any

import numpy as np

from backend.training.linear import Floats


@dataclass(frozen=True)
class Pooling:
    """loudness: how much larger than the token's own state the mean is made. reach: the size of the tanh's input."""

    loudness: float
    reach: float


# Equal to the averaged vector within 3e-6: for a head, whose scores must not change.
EXACT = Pooling(1e6, 1e-4)
# Within a few percent, and with numbers of a size that an optimizer and half precision can work with.
TRAINABLE = Pooling(1e3, 0.1)


def name_of_layer(config: Any) -> str:
    """Of the averaging one, in a model of this config."""
    return f"bert.encoder.layer.{config.num_hidden_layers - 1}"


def add_layer(model: Any, pooling: Pooling) -> None:
    """Turn the last layer of a BertForSequenceClassification into the averaging one, and freeze it and the pooler."""
    import torch

    layer, pooler = model.bert.encoder.layer[-1], model.bert.pooler.dense
    same = torch.eye(model.config.hidden_size)
    with torch.no_grad():
        for parameter in [*layer.parameters(), *pooler.parameters()]:
            parameter.zero_().requires_grad_(False)
        layer.attention.self.value.weight.copy_(same)
        layer.attention.output.dense.weight.copy_(same * pooling.loudness)
        layer.attention.output.LayerNorm.weight.fill_(1)
        layer.output.LayerNorm.weight.fill_(1)
        pooler.weight.copy_(same * pooling.reach)
    # In this process only: what is saved is the layer itself.
    layer.forward = MethodType(averaged, layer)


def averaged(layer: Any, hidden: Any, mask: Any = None, *_: Any, **__: Any) -> Any:
    """(n, 1, d) of what the averaging layer makes of the first token, which is all that the pooler reads.

    Without the multiplications by zero and one: a tenth of a small encoder's work. mask: as BERT hands it on, True or 0
    at the tokens that count, (n, 1, tokens, tokens) or (n, 1, 1, tokens); none where all of them do.
    """
    import torch

    counts = torch.ones_like(hidden[..., 0])
    if mask is not None:
        first = mask[:, 0, 0]
        counts = (first if first.dtype == torch.bool else first >= 0).to(hidden.dtype)
    shares = layer.attention.self.dropout(counts / counts.sum(1, keepdim=True))
    return layer.output.LayerNorm(layer.attention.output(shares[:, None] @ hidden, hidden[:, :1]))


def seen(vectors: Floats, pooling: Pooling) -> Floats:
    """What the classifier sees of texts with these mean-pooled vectors (n, d): their length does not matter."""
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.maximum(length, 1e-12)
    return np.tanh(unit * np.sqrt(vectors.shape[1]) * pooling.reach)
