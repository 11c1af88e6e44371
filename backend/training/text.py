"""Texts for the training loop: tokenised once, padded batch by batch."""

from collections.abc import Sequence
from typing import Any

from backend.training.prepared import Prepared, labels
from backend.training.snapshots import Frozen, Rows
from db.models import Split

# Beyond this many letters a token, no tokenizer reads: cut before it takes its time over a whole book.
LETTERS_A_TOKEN = 50


class Texts:
    """Token ids with the positions of the classes."""

    epoch = 0

    def __init__(self, tokenizer: Any, rows: Rows, max_length: int) -> None:
        self.ids = token_ids(tokenizer, [text or "" for _, text in rows.contents], max_length)
        self.targets = rows.targets

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, position: int) -> tuple[list[int], list[int]]:
        return self.ids[position], self.targets[position]


def prepare(tokenizer: Any, frozen: Frozen, max_length: int) -> Prepared:
    """Tokenise the snapshot. `max_length` is kept in the tokenizer, so that the saved model reads as much."""
    tokenizer.model_max_length = max_length
    parts = {split: Texts(tokenizer, rows, max_length) for split, rows in frozen.parts.items()}

    def batch(samples: Sequence[tuple[list[int], list[int]]]) -> dict[str, Any]:
        inputs = pad(tokenizer, [ids for ids, _ in samples])
        targets = [positions for _, positions in samples]
        return inputs | {"labels": labels(targets, len(frozen.classes), multi_label=frozen.multi_label)}

    return Prepared(dict(parts), batch, lengths=[len(ids) for ids in parts[Split.TRAIN].ids])


def token_ids(tokenizer: Any, texts: Sequence[str], max_length: int) -> list[list[int]]:
    if not texts:
        return []
    cut = [text[: max_length * LETTERS_A_TOKEN] for text in texts]
    found: list[list[int]] = tokenizer(cut, truncation=True, max_length=max_length)["input_ids"]
    return found


def pad(tokenizer: Any, ids: Sequence[list[int]]) -> dict[str, Any]:
    """Padded to the longest of the batch: (n, longest) input_ids and attention_mask."""
    return dict(tokenizer.pad({"input_ids": list(ids)}, return_tensors="pt"))
