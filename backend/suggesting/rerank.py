"""Zero-shot with two models: an embedding model finds the likely classes, an entailment model judges among them.

An entailment model reads each text once for each class; with many classes most of that is spent on classes that come
to nobody's mind.
"""

from collections.abc import Sequence

import numpy as np

from backend.encoding import encode
from backend.encoding.encode import OnProgress
from backend.suggesting import nli, zero_shot
from backend.suggesting.protocol import Content, Score, Scores

# Of more classes than this, so many are judged: a text then costs what it costs with eight. On the 77 intents of
# BANKING77 (3,080 questions) the right one is among MiniLM's first 8 in 0.885 of the cases (first 1: 0.62, 5: 0.84,
# 10: 0.91, 20: 0.96), and these have 0.93 of its probability. Twice the work would find 0.06 more at the most.
TOP_CLASSES = 8


def chosen(top_classes: int | None, count: int) -> int | None:
    """How many of `count` classes are judged, None for all. top_classes: as asked; None when nothing was said."""
    if top_classes is None:
        top_classes = TOP_CLASSES
    return top_classes if 0 < top_classes < count else None


def suggester(
    model_id: str,
    encoder_id: str,
    hypotheses: Sequence[Sequence[str]],
    prompts: Sequence[Sequence[str]],
    top: int,
    *,
    multi_label: bool,
    on_progress: OnProgress | None = None,
) -> Score:
    """hypotheses, prompts: those of each class for the entailment model and for the encoder. top: how many are judged.

    The probability that the encoder gives to the `top` classes together is dealt out anew by the entailment model; the
    other classes keep theirs. In a multi-label project each of the `top` has what the entailment model says.
    """
    classes = zero_shot.class_vectors(encoder_id, prompts)

    def score(contents: Sequence[Content]) -> Scores:
        scores = zero_shot.scores(encode.ensure(encoder_id, contents), classes, multi_label=multi_label)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        rows = np.repeat(np.arange(len(contents)), top)
        found = nli.logits(model_id, contents, hypotheses, (rows, best.ravel()), on_progress)
        judged = nli.probabilities(model_id, found.reshape(len(contents), top, -1), multi_label=multi_label)
        # One class alone is no choice: its share stays as it is.
        if not multi_label:
            share = np.take_along_axis(scores, best, 1).sum(1, keepdims=True)
            judged = share * (judged if top > 1 else 1)
        np.put_along_axis(scores, best, judged.astype(np.float32), 1)
        return scores

    return score
