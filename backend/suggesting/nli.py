"""Zero-shot for texts with an entailment model: does the text entail "This example is {class}"?

The maths of transformers' zero-shot-classification pipeline (Yin et al. 2019). The pairs of many texts share batches
sorted by length, and what the model said of a pair is kept for good, known by the text's content and the hypothesis:
another class or another prompt costs only its own pairs, and a job that was killed goes on where it was.
"""

import hashlib
import inspect
from collections.abc import Generator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import errors
from backend.encoding import batches, encode, records, texts, vectors
from backend.encoding.encode import OnProgress
from backend.models import folders, load
from backend.models.load import Loaded
from backend.suggesting.protocol import Content, Score, Scores, softmax

# Padded tokens in the first pass; `batches` finds what is best.
START_TOKENS = 1_024
Logits = NDArray[np.float32]
Rows = NDArray[np.int64]
Pair = tuple[bytes, str, str]


def suggester(
    model_id: str, prompts: Sequence[Sequence[str]], *, multi_label: bool, on_progress: OnProgress | None = None
) -> Score:
    """prompts: the hypotheses of each class; the logits of several are averaged."""

    def score(contents: Sequence[Content]) -> Scores:
        every = np.arange(len(contents) * len(prompts))
        found = logits(model_id, contents, prompts, (every // len(prompts), every % len(prompts)), on_progress)
        return probabilities(model_id, found.reshape(len(contents), len(prompts), -1), multi_label=multi_label)

    return score


def probabilities(model_id: str, found: Logits, *, multi_label: bool) -> Scores:
    """found: (n, k, labels) logits. As the pipeline has it; one class alone has no other to compare with."""
    entailment = _entailment_index(model_id)
    if multi_label or found.shape[1] == 1:
        contradiction = -1 if entailment == 0 else 0
        return softmax(found[..., [contradiction, entailment]])[..., 1]
    return softmax(found[..., entailment])


def logits(
    model_id: str,
    contents: Sequence[Content],
    prompts: Sequence[Sequence[str]],
    asked: tuple[Rows, Rows],
    on_progress: OnProgress | None = None,
) -> Logits:
    """(m, labels): what the model says of each pair that is asked for.

    asked: (m,) places of contents and (m,) places of classes.
    on_progress: called with how many prompts were looked up or judged, and how many there are; may raise to stop.
    """
    rows, classes = asked
    if not len(rows):
        return np.zeros((0, load.entailment(model_id).model.config.num_labels), np.float32)
    pairs = [
        (*contents[row], prompt)
        for row, of in zip(rows.tolist(), classes.tolist(), strict=True)
        for prompt in prompts[of]
    ]
    found = _ensure(model_id, [(content_hash, text or "", prompt) for content_hash, text, prompt in pairs], on_progress)
    counts = np.array([len(each) for each in prompts])[classes]
    starts = np.cumsum(counts) - counts
    return np.asarray(np.add.reduceat(found, starts, axis=0) / counts[:, None], np.float32)


def _ensure(model_id: str, pairs: Sequence[Pair], on_progress: OnProgress | None) -> Logits:
    """The logits of all pairs: from the cache where they are, computed and kept where they are not."""
    keys = [hashlib.sha256(content_hash + prompt.encode()).digest() for content_hash, _, prompt in pairs]
    found, is_there = records.get(vectors.path_of(model_id, "logits"), keys)
    if not is_there.all() and vectors.is_other_precision(load.precision()):
        found, is_there = records.get(vectors.path_of(model_id, "logits"), keys)
    # Two classes may have the same words.
    missing = list({keys[row]: row for row in np.flatnonzero(~is_there).tolist()}.values())
    done = len(pairs) - len(missing)
    if on_progress:
        on_progress(done, len(pairs))
    if not missing:
        return found
    path = vectors.path_of(model_id, "logits")
    source = _passes(model_id, [pairs[row] for row in missing], [keys[row] for row in missing])
    with closing(encode.kept(source, partial(records.add, path, about=model_id))) as passes:
        for count in passes:
            done += count
            if on_progress:
                on_progress(done, len(pairs))
    return records.get(path, keys)[0]


def _passes(model_id: str, pairs: Sequence[Pair], keys: Sequence[bytes]) -> Generator[encode.Made, None, None]:
    """(key, logits) of each pair, longest pairs first; as many at a time as the model takes."""
    loaded = load.entailment(model_id)
    longest = loaded.max_tokens
    plain = {text: _plain(loaded, text[: longest * texts.LETTERS_A_TOKEN]) for _, text, _ in pairs}
    first_tokens = _count_tokens(loaded, list(plain.values()))
    second_tokens = _count_tokens(loaded, list({prompt for _, _, prompt in pairs}))
    lengths = [min(longest, first_tokens[plain[text]] + second_tokens[prompt]) for _, text, prompt in pairs]
    # A hypothesis is not cut unless it alone would fill the model.
    how = "only_first" if max(second_tokens.values()) < longest // 2 else "longest_first"

    def work(rows: list[int]) -> Logits:
        firsts, seconds = [plain[pairs[row][1]] for row in rows], [pairs[row][2] for row in rows]
        inputs = loaded.tokenizer(
            firsts, seconds, truncation=how, max_length=longest, padding=True, return_tensors="pt"
        ).to(loaded.device)
        with load.inference():
            return np.asarray(loaded.model(**inputs, **_without_cache(loaded)).logits.float().cpu().numpy())

    by_length = sorted(range(len(pairs)), key=lambda row: -lengths[row])
    for rows, found in batches.of(f"{model_id} pairs", by_length, lengths, work, START_TOKENS):
        yield [(keys[row], each) for row, each in zip(rows, found, strict=True)]


def _plain(loaded: Loaded, text: str) -> str:
    """BART finds the end of a pair by its last mark of an end: one that somebody wrote ("</s>") must not count."""
    if loaded.model.config.is_encoder_decoder:
        for mark in loaded.tokenizer.all_special_tokens:
            text = text.replace(mark, " ")
    return text


def _count_tokens(loaded: Loaded, written: Sequence[str]) -> dict[str, int]:
    tokens = loaded.tokenizer(list(written), truncation=True, max_length=loaded.max_tokens)
    return {text: len(ids) for text, ids in zip(written, tokens["input_ids"], strict=True)}


def _without_cache(loaded: Loaded) -> dict[str, Any]:
    """A decoder would keep its keys and values for a next word that never comes."""
    takes = inspect.signature(loaded.model.forward).parameters
    return {"use_cache": False} if "use_cache" in takes else {}


def _entailment_index(model_id: str) -> int:
    config = load.entailment(model_id).model.config
    index = folders.entailment_index({"label2id": config.label2id})
    if index is None:
        raise errors.BadFile(
            "This model has no output named entailment.", "Choose a model trained on NLI, such as BART-MNLI."
        )
    return index
