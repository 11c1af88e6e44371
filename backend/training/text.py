"""Texts for the training loop: tokenised once, varied by the recipe at each use, padded batch by batch.

Of a text that is longer than the model reads at once, `long_texts` says what is read: its "start", its "end", or all of
it in "windows". Training then gives one window an epoch, so that an epoch costs what it did; all windows come before
one comes again. What judges and what predicts reads every window, `windows.MOST_WINDOWS` at most, and averages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.augmenting import recipes, rewording, texts
from backend.augmenting.texts import Facts
from backend.training import windows
from backend.training.prepared import Prepared, Samples, labels
from backend.training.snapshots import Frozen, Rows
from db.models import Split

# Beyond this many letters a token, no tokenizer reads: cut before it takes its time over a whole book.
LETTERS_A_TOKEN = 50
Span = tuple[int, int]


@dataclass(frozen=True)
class Reading:
    """A text as a model gets it: its wording, the ids of that, and what becomes of each ("masked", "dropped", None).

    place: from where to where in the whole text that wording was taken.
    """

    text: str
    ids: list[int]
    marks: list[str | None]
    mask: int | None
    place: Span

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
    long_texts: str = "start"

    def read(
        self,
        text: str,
        content_hash: bytes,
        epoch: int,
        ids: list[int] | None = None,
        places: Sequence[Span] | None = None,
    ) -> Reading:
        """The text as training reads it in this epoch.

        ids: of the unvaried text, or of its only place. places: as `places` gives them. Both where they are known.
        """
        known: dict[str, Any] = {"seed": self.seed, "content_hash": content_hash, "epoch": epoch}
        place = self.chosen(self.places(text) if places is None else places, content_hash, epoch)
        part = text[slice(*place)]
        varied = texts.vary(part, self.steps, **known)
        if ids is None or varied != part:
            ids = token_ids(self.tokenizer, [varied], self.max_length, side_of(self.long_texts))[0]
        return Reading(varied, ids, texts.marks(ids, self.steps, self.facts, **known), self.facts.mask, place)

    def places(self, text: str) -> list[Span]:
        """From where to where the model reads: one place, or those of the windows."""
        if self.long_texts == "start":
            return [(0, min(len(text), self.max_length * LETTERS_A_TOKEN))]
        if self.long_texts == "end":
            shift = max(0, len(text) - self.max_length * LETTERS_A_TOKEN)
            found = spans(self.tokenizer, text[shift:], self.max_length, "left")
            own = [start for start, stop in found if stop > start]
            is_cut = shift or len(found) >= self.max_length
            return [(shift + own[0] if is_cut and own else 0, len(text))]
        before, after = windows.framed(self.tokenizer)
        found = spans(self.tokenizer, text, None)
        own_spans = found[len(before) : len(found) - len(after)]
        room = max(1, self.max_length - len(before) - len(after))
        begins = windows.starts(len(own_spans), room)
        if len(begins) == 1:
            return [(0, len(text))]
        return [(own_spans[at][0], own_spans[at + room - 1][1]) for at in begins]

    def chosen(self, places: Sequence[Span], content_hash: bytes, epoch: int) -> Span:
        """The place of this epoch: shuffled by seed and content, and all have their turn before one has its next."""
        if len(places) == 1:
            return places[0]
        turn, at = divmod(epoch, len(places))
        state = recipes.random_state(self.seed, content_hash + b" windows", turn)
        return places[int(np.random.default_rng(state).permutation(len(places))[at])]


class Texts:
    """Token ids with the positions of the classes, varied where there is a reader with steps.

    ids: of each text; None where the epoch decides what is read of it. places: as `Reader.places` gives them.
    """

    epoch = 0

    def __init__(
        self,
        rows: Rows,
        ids: Sequence[list[int] | None],
        reader: Reader | None = None,
        places: Sequence[Sequence[Span]] | None = None,
    ) -> None:
        self.rows, self.ids, self.reader, self.places = rows, ids, reader, places

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
            places = None if self.places is None else self.places[position]
            ids = self.reader.read(text or "", content_hash, self.epoch, ids, places).fed
        assert ids is not None
        return ids, self.rows.targets[position]


class Windows:
    """Every window of every text, with the positions of its classes; `owners` says whose, see `prepared.by_row`."""

    epoch = 0

    def __init__(self, found: Sequence[Sequence[list[int]]], targets: Sequence[list[int]] = ()) -> None:
        self.ids = [ids for each in found for ids in each]
        self.owners = [row for row, each in enumerate(found) for _ in each]
        self.targets = targets

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, position: int) -> tuple[list[int], list[int]]:
        return self.ids[position], self.targets[self.owners[position]]


def prepare(
    tokenizer: Any,
    frozen: Frozen,
    max_length: int,
    *,
    steps: Sequence[Mapping[str, Any]] | None = None,
    seed: int = 0,
    long_texts: str = "start",
) -> Prepared:
    """Tokenise the snapshot; only what is trained on is varied by the recipe's steps.

    `max_length`, and which end of a long text is left out, are kept in the tokenizer, so that the saved model reads so.
    """
    tokenizer.model_max_length = max_length
    tokenizer.truncation_side = side_of(long_texts)
    reader = Reader(tokenizer, max_length, steps or (), texts.facts_of(tokenizer), seed, long_texts)
    train, lengths = trained_on(frozen.parts[Split.TRAIN], reader)
    parts: dict[Split, Samples] = {
        split: train if split == Split.TRAIN else judged(rows, reader) for split, rows in frozen.parts.items()
    }

    def batch(samples: Sequence[tuple[list[int], list[int]]]) -> dict[str, Any]:
        inputs = pad(tokenizer, [ids for ids, _ in samples])
        targets = [positions for _, positions in samples]
        return inputs | {"labels": labels(targets, len(frozen.classes), multi_label=frozen.multi_label)}

    return Prepared(parts, batch, lengths=lengths)


def trained_on(rows: Rows, reader: Reader) -> tuple[Texts, list[int]]:
    """The samples, and the length of each text as it is: the order of an epoch must be known before its texts are."""
    contents = [text or "" for _, text in rows.contents]
    if reader.long_texts == "start":
        ids = token_ids(reader.tokenizer, contents, reader.max_length)
        return Texts(rows, ids, reader if reader.steps else None), [len(each) for each in ids]
    places = [reader.places(text) for text in contents]
    firsts = [text[slice(*each[0])] for text, each in zip(contents, places, strict=True)]
    found = token_ids(reader.tokenizer, firsts, reader.max_length, side_of(reader.long_texts))
    known = [ids if len(each) == 1 else None for ids, each in zip(found, places, strict=True)]
    return Texts(rows, known, reader, places), [len(each) for each in found]


def judged(rows: Rows, reader: Reader) -> Samples:
    found = all_ids(reader.tokenizer, [text or "" for _, text in rows.contents], reader.max_length, reader.long_texts)
    if reader.long_texts == "windows":
        return Windows(found, rows.targets)
    return Texts(rows, [ids for (ids,) in found])


def all_ids(tokenizer: Any, texts: Sequence[str], max_length: int, long_texts: str) -> list[list[list[int]]]:
    """For each text the ids of all that is read of it: one list, or one for each of its windows."""
    if long_texts == "windows":
        return windows.windows(tokenizer, texts, max_length)
    return [[ids] for ids in token_ids(tokenizer, texts, max_length, side_of(long_texts))]


def side_of(long_texts: str) -> str:
    """Where a text that is too long is cut, in the tokenizer's words."""
    return "left" if long_texts == "end" else "right"


def token_ids(tokenizer: Any, texts: Sequence[str], max_length: int, side: str = "right") -> list[list[int]]:
    if not texts:
        return []
    letters = max_length * LETTERS_A_TOKEN
    cut = [text[-letters:] if side == "left" else text[:letters] for text in texts]
    tokenizer.truncation_side = side
    found: list[list[int]] = tokenizer(cut, truncation=True, max_length=max_length)["input_ids"]
    return found


def spans(tokenizer: Any, text: str, max_length: int | None, side: str = "right") -> list[Span]:
    """Where in the text each of its `token_ids` lies; special tokens lie nowhere. Without `max_length`: of all."""
    how: dict[str, Any] = {"truncation": max_length is not None, "max_length": max_length, "verbose": False}
    tokenizer.truncation_side = side
    if tokenizer.is_fast:
        told = tokenizer(text, return_offsets_mapping=True, **how)
        return [(start, stop) for start, stop in told["offset_mapping"]]
    ids, found, at = tokenizer(text, **how)["input_ids"], [], 0
    if side == "left":
        # The search below goes forwards: begin where what is left begins, as far as its words tell.
        at = max(0, text.rfind(tokenizer.decode(ids, skip_special_tokens=True).strip()))
    for each in ids:
        word = tokenizer.decode([each], skip_special_tokens=True)
        start = text.find(word, at) if word else -1
        found.append((at, at) if start < 0 else (start, start + len(word)))
        at = found[-1][1]
    return found


def pad(tokenizer: Any, ids: Sequence[list[int]]) -> dict[str, Any]:
    """Padded to the longest of the batch: (n, longest) input_ids and attention_mask."""
    return dict(tokenizer.pad({"input_ids": list(ids)}, return_tensors="pt"))
