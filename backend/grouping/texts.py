"""How alike two texts are: the share of their four-letter pieces that both have, and sketches to find candidates by.

Sketches are MinHash after Broder 1997; which texts are compared is decided by bands of them, as in Leskovec, Rajaraman
and Ullman, "Mining of Massive Datasets", chapter 3. Needs numpy only: no model, and no list of words of any language.
"""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.encoding.records import Values

LETTERS = 4
BANDS, ROWS = 16, 4
NUMBERS = BANDS * ROWS
# The smallest share of common pieces (Jaccard) of two texts that are near-duplicates.
LIKENESS = {"strict": 0.85, "usual": 0.7, "loose": 0.55}
# Sketches guess the likeness with a deviation of 0.06: three times that is left to the exact comparison.
SLACK = 0.18
# What lies behind so many letters is not looked at.
MOST_LETTERS = 100_000
# Letters that are sketched at once: bounds the memory.
AT_ONCE = 1_000_000
# A record keeps float32: it holds whole numbers up to this without loss.
HASH_BITS = 24
# What stands between words in any script, and the signs of ASCII.
SIGNS = "".join(letter for letter in map(chr, range(0x10000)) if unicodedata.category(letter)[0] == "P") + "$+<=>^`|~"
BETWEEN_WORDS = re.compile(rf"[\s{re.escape(SIGNS)}]+")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def normal(text: str) -> str:
    """What is compared: without case, forms of width, punctuation and the number of spaces.

    A text of nothing but such signs is compared as it is.
    """
    folded = unicodedata.normalize("NFKC", text[:MOST_LETTERS].replace("\0", "\ufffd")).casefold()
    return BETWEEN_WORDS.sub(" ", folded).strip() or folded.strip()


def signatures(contents: Sequence[tuple[bytes, str | None]]) -> tuple[list[bytes], Values]:
    """Content hashes and (n, NUMBERS) float32 of whole numbers; an empty text has zeros."""
    written = [normal(text or "") for _, text in contents]
    made = []
    start = 0
    while start < len(written):
        end, letters = start, 0
        while end < len(written) and (end == start or letters + len(written[end]) <= AT_ONCE):
            letters += len(written[end])
            end += 1
        made.append(_sketches(written[start:end]))
        start = end
    return [content_hash for content_hash, _ in contents], np.concatenate(made)


def _sketches(written: Sequence[str]) -> Values:
    hashes, starts = pieces(written)
    found = np.empty((len(written), NUMBERS), np.float32)
    for number in range(NUMBERS):
        mixed = (hashes * FACTORS[number] + OFFSETS[number]) >> np.uint64(64 - HASH_BITS)
        found[:, number] = np.minimum.reduceat(mixed, starts)
    # Zero is kept for texts without a letter.
    found = np.maximum(found, 1)
    found[[not text for text in written]] = 0
    return found


def pieces(written: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of the pieces of LETTERS letters of each text, one text behind the other, and where each text begins.

    A shorter text is one piece. To be quick some pieces come several times.
    """
    filler = "\0" * (LETTERS - 1)
    joined = filler.join(text or " " for text in written) + filler
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.array([len(text) or 1 for text in written])
    sizes = lengths + LETTERS - 1
    starts = np.cumsum(sizes) - sizes
    padded = np.concatenate([codes, np.zeros(LETTERS - 1, np.uint64)])
    hashes = np.zeros(len(codes), np.uint64)
    for place in range(LETTERS):
        hashes = (hashes ^ padded[place : place + len(codes)]) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(29)
    # A piece that runs over the end of its text is the first once more.
    first = np.repeat(starts, sizes)
    runs_over = np.arange(len(codes)) - first >= np.repeat(np.maximum(1, lengths - LETTERS + 1), sizes)
    return np.where(runs_over, hashes[first], hashes), starts


def _random() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    rng = np.random.default_rng(1997)
    factors = rng.integers(0, 2**63, NUMBERS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    return factors, rng.integers(0, 2**63, NUMBERS, dtype=np.uint64)


FACTORS, OFFSETS = _random()


def keys(found: Values) -> NDArray[np.uint64]:
    """(n, BANDS) uint64: texts that share one of them are compared."""
    whole = found.astype(np.uint64).reshape(-1, BANDS, ROWS)
    mixed = np.zeros(whole.shape[:2], np.uint64)
    for row in range(ROWS):
        mixed = (mixed ^ whole[:, :, row]) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(31)
    return mixed


def is_usable(found: Values) -> NDArray[np.bool_]:
    """Whether the text has a letter."""
    return np.asarray(found[:, 0] > 0)


def cut(written: Sequence[str]) -> list[frozenset[int]]:
    """The different pieces of each text, by their hashes."""
    if not written:
        return []
    hashes, starts = pieces([normal(text) for text in written])
    return [frozenset(each.tolist()) for each in np.split(hashes, starts[1:])]


def shared(left: frozenset[int], right: frozenset[int]) -> float:
    """The share of the pieces of both that both have, between 0 and 1: exact, where sketches only guess."""
    common = len(left & right)
    return common / max(1, len(left) + len(right) - common)


def similarity(left: str, right: str) -> float:
    return shared(*cut([left, right]))
