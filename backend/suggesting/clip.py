"""Zero-shot for images with CLIP or SigLIP: cosines of the two sides, times the model's own logit scale."""

from collections.abc import Sequence

from backend.encoding import encode
from backend.encoding.encode import OnProgress
from backend.encoding.vectors import Vectors
from backend.models import load
from backend.suggesting.protocol import Content, Score, Scores, sigmoid, softmax
from backend.suggesting.zero_shot import class_vectors


def suggester(
    model_id: str, prompts: Sequence[Sequence[str]], *, multi_label: bool, on_progress: OnProgress | None = None
) -> Score:
    """prompts: those of each class; their vectors are averaged as in the CLIP paper, and encoded once."""
    classes = class_vectors(model_id, prompts)

    def score(contents: Sequence[Content]) -> Scores:
        return scores(model_id, encode.ensure(model_id, contents, on_progress), classes, multi_label=multi_label)

    return score


def scores(model_id: str, vectors: Vectors, classes: Vectors, *, multi_label: bool) -> Scores:
    """vectors: (n, d) of images. classes: (k, d). Returns (n, k) probabilities."""
    model = load.encoder(model_id).model
    logits = vectors @ classes.T * model.logit_scale.exp().item()
    bias = getattr(model, "logit_bias", None)
    if not multi_label:
        return softmax(logits)
    # SigLIP is trained for yes or no. CLIP is not: against the mean of the classes is the best that it knows.
    return sigmoid(logits + bias.item()) if bias is not None else sigmoid(logits - logits.mean(1, keepdims=True))
