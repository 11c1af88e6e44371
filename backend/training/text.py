"""Texts for the training loop: tokenised once, varied by the recipe at each use, padded batch by batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.augmenting import rewording, texts
from backend.augmenting.texts import Facts
from backend.training.prepared import Prepared, labels
from backend.training.snapshots import Frozen, Rows
from db.models import Split

# Beyond this many letters a token, no tokenizer reads: cut before it takes its time over a whole book.
LETTERS_A_TOKEN = 50


@dataclass(frozen=True)
class Reading:
    """A text as a model gets it: its wording, the ids of that, and what becomes of each ("masked", "dropped", None)."""

    text: str
    ids: list[int]
    marks: list[str | None]
    mask: int | None

    @property
    def fed(self) -> list[int]:
        """The ids that the model gets."""
        return rewording.after(self.ids, self.marks, self.mask)


@dataclass(frozen=True)
class Reader:
    """How texts are read. Picklable, as its tokenizer is."""

    tokenizer: Any
    max_length: int
    steps: Sequence[Mapping[str, Any]]
    facts: Facts
    seed: int

    def read(self, text: str, content_hash: bytes, epoch: int, ids: list[int] | None = None) -> Reading:
        """The text as training reads it in this epoch. ids: of the unvaried text, where they are known."""
        known: dict[str, Any] = {"seed": self.seed, "content_hash": content_hash, "epoch": epoch}
        text = self.cut(text)
        varied = texts.vary(text, self.steps, **known)
        if ids is None or varied != text:
            ids = token_ids(self.tokenizer, [varied], self.max_length)[0]
        return Reading(varied, ids, texts.marks(ids, self.steps, self.facts, **known), self.facts.mask)

    def cut(self, text: str) -> str:
        return text[: self.max_length * LETTERS_A_TOKEN]


class Texts:
    """Token ids with the positions of the classes, varied where there is a reader with steps."""

    epoch = 0

    def __init__(self, rows: Rows, ids: list[list[int]], reader: Reader | None = None) -> None:
        self.rows, self.ids, self.reader = rows, ids, reader

    @property
    def is_varied(self) -> bool:
        """Whether texts are read anew at each use: the rest takes no time."""
        return self.reader is not None and texts.changes_letters(self.reader.steps)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, position: int) -> tuple[list[int], list[int]]:
        ids = self.ids[position]
        if self.reader is not None:
            content_hash, text = self.rows.contents[position]
            ids = self.reader.read(text or "", content_hash, self.epoch, ids).fed
        return ids, self.rows.targets[position]


def prepare(
    tokenizer: Any,
    frozen: Frozen,
    max_length: int,
    *,
    steps: Sequence[Mapping[str, Any]] | None = None,
    seed: int = 0,
) -> Prepared:
    """Tokenise the snapshot; only what is trained on is varied by the recipe's steps.

    `max_length` is kept in the tokenizer, so that the saved model reads as much.
    """
    tokenizer.model_max_length = max_length
    reader = Reader(tokenizer, max_length, steps, texts.facts_of(tokenizer), seed) if steps else None
    parts = {
        split: Texts(
            rows,
            token_ids(tokenizer, [text or "" for _, text in rows.contents], max_length),
            reader if split == Split.TRAIN else None,
        )
        for split, rows in frozen.parts.items()
    }

    def batch(samples: Sequence[tuple[list[int], list[int]]]) -> dict[str, Any]:
        inputs = pad(tokenizer, [ids for ids, _ in samples])
        targets = [positions for _, positions in samples]
        return inputs | {"labels": labels(targets, len(frozen.classes), multi_label=frozen.multi_label)}

    # Of the texts as they are: the order of an epoch must be known before its texts are.
    return Prepared(dict(parts), batch, lengths=[len(ids) for ids in parts[Split.TRAIN].ids])


def token_ids(tokenizer: Any, texts: Sequence[str], max_length: int) -> list[list[int]]:
    if not texts:
        return []
    cut = [text[: max_length * LETTERS_A_TOKEN] for text in texts]
    found: list[list[int]] = tokenizer(cut, truncation=True, max_length=max_length)["input_ids"]
    return found


def spans(tokenizer: Any, text: str, max_length: int) -> list[tuple[int, int]]:
    """Where in the text each of its `token_ids` lies; special tokens lie nowhere."""
    if tokenizer.is_fast:
        told = tokenizer(text, truncation=True, max_length=max_length, return_offsets_mapping=True)
        return [(start, stop) for start, stop in told["offset_mapping"]]
    found, at = [], 0
    for each in token_ids(tokenizer, [text], max_length)[0]:
        word = tokenizer.decode([each], skip_special_tokens=True)
        start = text.find(word, at) if word else -1
        found.append((at, at) if start < 0 else (start, start + len(word)))
        at = found[-1][1]
    return found


def pad(tokenizer: Any, ids: Sequence[list[int]]) -> dict[str, Any]:
    """Padded to the longest of the batch: (n, longest) input_ids and attention_mask."""
    return dict(tokenizer.pad({"input_ids": list(ids)}, return_tensors="pt"))
