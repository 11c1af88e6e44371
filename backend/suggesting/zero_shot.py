"""Zero-shot with a text embedding model: how near an item's vector is to the mean of its class's prompt vectors."""

from collections.abc import Callable, Sequence

import numpy as np

from backend.encoding import encode
from backend.encoding.encode import OnProgress
from backend.encoding.vectors import Vectors
from backend.suggesting import shape
from backend.suggesting.protocol import Content, Score, Scores, sigmoid, softmax, unit

# Cosines to logits. The least log loss on AG News, with and without descriptions; the mean confidence is then within
# 0.03 of the accuracy.
TEMPERATURE = 0.05
# Of several classes an item may have none: a cosine below this says rather no than yes.
EVEN_COSINE = 0.25


def suggester(
    model_id: str,
    prompts: Sequence[Sequence[str]],
    *,
    multi_label: bool,
    sample: Sequence[Content] = (),
    on_progress: OnProgress | None = None,
) -> Score:
    """prompts: those of each class. sample: some of the items, at random, from which the classes settle; see `shape`.

    The sample is encoded first, and the suggester is the same whatever else is there.
    """
    is_settling = sample and not multi_label
    seen = encode.ensure(model_id, sample, on_progress) if is_settling else None
    judge = of_vectors(class_vectors(model_id, prompts), multi_label=multi_label, seen=seen)
    return lambda contents: judge(encode.ensure(model_id, contents, on_progress))


def of_vectors(classes: Vectors, *, multi_label: bool, seen: Vectors | None = None) -> Callable[[Vectors], Scores]:
    """(n, d) -> (n, k) probabilities. classes: (k, d). seen: (m, d), some of the items at random, to settle on."""
    settled = None
    if seen is not None and not multi_label:
        settled = shape.fit(seen, scores(seen, classes, multi_label=False))

    def judge(vectors: Vectors) -> Scores:
        before = scores(vectors, classes, multi_label=multi_label)
        return shape.scores(settled, vectors, before) if settled else before

    return judge


def class_vectors(model_id: str, prompts: Sequence[Sequence[str]]) -> Vectors:
    """(k, d): the mean of each class's prompts, of unit length. All prompts are encoded in one go, and cached."""
    flat = encode.of_texts(model_id, [prompt for each in prompts for prompt in each])
    ends = np.cumsum([len(each) for each in prompts])[:-1]
    return unit(np.stack([part.mean(0) for part in np.split(flat, ends)]))


def scores(vectors: Vectors, classes: Vectors, *, multi_label: bool) -> Scores:
    """vectors: (n, d). classes: (k, d). Returns (n, k) probabilities."""
    cosines = vectors @ classes.T
    if multi_label:
        return sigmoid((cosines - EVEN_COSINE) / TEMPERATURE)
    return softmax(cosines / TEMPERATURE)
