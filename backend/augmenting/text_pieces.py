"""A varied text in pieces, each with what became of it: for the eye."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from backend.augmenting import rewording
from backend.training.text import Reading

# So much of a text is shown.
LETTERS_SHOWN = 400
# Words that moved this far past what is shown are still recognised.
MARGIN = 200
CHANGED, DROPPED = "changed", "dropped"
# Scripts that put no space between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese, Yi.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\U00020000-\U0003ffff]")
Span = tuple[int, int]
# From, to, the letters and the change: what was dropped takes no room in the text, from is to.
Placed = tuple[int, int, str, str | None]
# Place in the original, place in the varied text, change.
Pair = tuple[int | None, int | None, str | None]


def pieces(original: str, read: Reading, spans: Sequence[Span], mask: str, *, is_whole: bool) -> list[dict[str, Any]]:
    """A list of {"text", "change"}: change is None, "changed", "dropped", or "masked" with the mask as its text.

    spans: where each token of `read` lies in its text. is_whole: whether the model reads the text to its end.
    Put together, the pieces without the dropped words are the varied text as far as it is read, and shown.
    """
    end = len(read.text) if is_whole else max((stop for _, stop in spans), default=0)
    end = whole_letters(read.text, min(end, LETTERS_SHOWN))
    words = list(worded(original, read.text, end))
    found: list[tuple[str, str | None]] = []
    at = 0
    for (start, stop), mark in zip(spans, read.marks, strict=True):
        if mark is None or start >= end:
            continue
        found += between(words, at, start)
        found.append((mask if mark == "masked" else read.text[max(at, start) : stop], mark))
        at = max(at, stop)
    found += between(words, at, end)
    found += [(letters, change) for start, stop, letters, change in words if start == stop == end]
    if end < len(read.text):
        found.append(("…", None))
    return [{"text": letters, "change": change} for letters, change in joined(found)]


def whole_letters(text: str, end: int) -> int:
    """`end`, or a little less where it would cut a letter in two."""
    if end >= len(text):
        return len(text)
    found = rewording.clusters(text[: end + 1])
    return end if len(found[-1]) == 1 else end + 1 - len(found[-1])


def between(words: Sequence[Placed], first: int, last: int) -> Iterator[tuple[str, str | None]]:
    """The words from one place in the text to another, cut where they begin before it or go on after it."""
    for start, stop, letters, change in words:
        if start == stop:
            if first <= start < last:
                yield letters, change
        elif start < last and stop > first:
            yield letters[max(0, first - start) : last - start], change


def joined(found: Sequence[tuple[str, str | None]]) -> Iterator[tuple[str, str | None]]:
    """Neighbours with the same change as one piece; masks stay single."""
    letters, change = "", None
    for more, its in found:
        if its == change and its != "masked":
            letters += more
            continue
        if letters:
            yield letters, change
        letters, change = more, its
    if letters:
        yield letters, change


def worded(original: str, varied: str, end: int) -> Iterator[Placed]:
    """The words of the varied text up to `end`, and those of the original that it has no longer, in their places."""
    if original == varied:
        yield 0, end, varied[:end], None
        return
    is_cut = end < len(varied)
    old = units(original[: 2 * end + MARGIN] if is_cut else original)
    new = units(varied[: end + MARGIN])
    found = list(compared([word for _, word in old], [word for _, word in new]))
    moved = Counter(new[now][1] for _, now, change in found if now is not None and change)
    at = 0
    for was, now, change in found:
        if now is not None:
            for letters, its in zip(new[now], (None, change), strict=True):
                if at < end and letters:
                    yield at, min(end, at + len(letters)), letters[: end - at], its
                at += len(letters)
        elif was is not None and moved[old[was][1]]:
            # It stands elsewhere now.
            moved[old[was][1]] -= 1
        elif was is not None and (at < end or not is_cut):
            # The first word has its space behind it.
            yield at, at, "".join(old[was]) if was or len(old) == 1 else old[0][1] + old[1][0], change


def units(text: str) -> list[tuple[str, str]]:
    """(the space before it, word), and the space at the end with no word.

    Where words are not told apart by spaces, each letter counts as one.
    """
    found: list[tuple[str, str]] = []
    parts = rewording.parts(text)
    for at in range(0, len(parts), 2):
        word = parts[at + 1] if at + 1 < len(parts) else ""
        letters = rewording.clusters(word) if UNSPACED.search(word) else [word]
        found += zip([parts[at], *[""] * (len(letters) - 1)], letters, strict=True)
    return found


def compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Pair]:
    """Each word of `new` with that of `old` which it was, and what was dropped of `old` before the word after it."""
    plain_old, plain_new = [each.casefold() for each in old], [each.casefold() for each in new]
    matcher = SequenceMatcher(None, plain_old, plain_new, autojunk=False)
    for _, i, k, j, m in matcher.get_opcodes():
        if k - i == m - j:
            pairs = zip(range(i, k), range(j, m), strict=True)
            yield from ((was, now, None if old[was] == new[now] else CHANGED) for was, now in pairs)
        else:
            yield from replaced(plain_old, plain_new, range(i, k), range(j, m))


def replaced(old: Sequence[str], new: Sequence[str], was: range, now: range) -> Iterator[Pair]:
    """Each word of `new` stands for the most similar of `old` that is left; what is passed over was dropped."""
    at = was.start
    for place in now:
        spare = range(at, max(at, was.stop - (now.stop - place) + 1))
        likeness = [SequenceMatcher(None, new[place], old[each], autojunk=False).quick_ratio() for each in spare]
        best = spare[likeness.index(max(likeness))] if likeness else at
        yield from ((each, None, DROPPED) for each in range(at, best))
        yield (best if spare else None), place, CHANGED
        at = best + 1 if spare else at
    yield from ((each, None, DROPPED) for each in range(at, was.stop))
