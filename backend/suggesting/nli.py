"""Zero-shot for texts with an entailment model: does the text entail "This example is {class}"?

The maths of transformers' zero-shot-classification pipeline (Yin et al. 2019), with the pairs of many items sorted by
length into shared batches.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend import errors
from backend.encoding.texts import LETTERS_A_TOKEN, batches
from backend.models import folders, load
from backend.suggesting.protocol import Content, Score, Scores, softmax

BATCH_TOKENS = 4_096


def suggester(model_id: str, hypotheses: Sequence[str], *, multi_label: bool) -> Score:
    """hypotheses: one of each class."""

    def score(contents: Sequence[Content]) -> Scores:
        found = logits(model_id, [text or "" for _, text in contents], hypotheses)
        entailment = _entailment_index(model_id)
        # As the pipeline has it, and with one class alone there is nothing else to compare with.
        if multi_label or len(hypotheses) == 1:
            contradiction = -1 if entailment == 0 else 0
            return softmax(found[..., [contradiction, entailment]])[..., 1]
        return softmax(found[..., entailment])

    return score


def logits(model_id: str, texts: Sequence[str], hypotheses: Sequence[str]) -> NDArray[np.float32]:
    """(n, k, 3) logits of the model for each text with each hypothesis."""
    import torch

    loaded = load.entailment(model_id)
    longest = max(loaded.max_tokens, 64)
    cut = [text[: longest * LETTERS_A_TOKEN] for text in texts]
    firsts = [text for text in cut for _ in hypotheses]
    seconds = list(hypotheses) * len(texts)
    tokens = loaded.tokenizer(firsts, seconds, truncation="only_first", max_length=longest)
    lengths = [len(ids) for ids in tokens["input_ids"]]
    found = np.empty((len(firsts), loaded.model.config.num_labels), np.float32)
    with torch.inference_mode():
        for rows in batches(sorted(range(len(firsts)), key=lambda row: -lengths[row]), lengths, BATCH_TOKENS):
            inputs = loaded.tokenizer.pad(
                {name: [values[row] for row in rows] for name, values in tokens.items()}, return_tensors="pt"
            )
            found[rows] = loaded.model(**inputs.to(loaded.device)).logits.float().cpu().numpy()
    return found.reshape(len(texts), len(hypotheses), -1)


def _entailment_index(model_id: str) -> int:
    config = load.entailment(model_id).model.config
    index = folders.entailment_index({"label2id": config.label2id})
    if index is None:
        raise errors.BadFile(
            "This model has no output named entailment.", "Choose a model trained on NLI, such as BART-MNLI."
        )
    return index
