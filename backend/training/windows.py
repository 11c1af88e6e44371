"""The windows in which a long text is read: they overlap, and lie evenly over all of it.

A model's card shows these functions, so that its model reads the same without Winnow. They know nothing of it.
"""

from collections.abc import Sequence
from typing import Any

# Of one text: a book is read in 32 places that lie evenly over it, with gaps between them.
MOST_WINDOWS = 32


def framed(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special ids that the tokenizer puts before and after a text."""
    told = tokenizer("a", return_special_tokens_mask=True)
    own = [place for place, is_special in enumerate(told["special_tokens_mask"]) if not is_special]
    return told["input_ids"][: own[0]], told["input_ids"][own[-1] + 1 :]


def starts(n: int, room: int, most: int = MOST_WINDOWS) -> list[int]:
    """Where the windows of `room` tokens begin in a text of `n`: at most half a window apart, if `most` are enough."""
    if n <= room:
        return [0]
    count = min(most, 1 + -(-(n - room) // max(1, room // 2)))
    return [place * (n - room) // (count - 1) for place in range(count)]


def windows(tokenizer: Any, texts: Sequence[str], length: int) -> list[list[list[int]]]:
    """For each text the token ids of its windows, at most `length` each with the special ones."""
    if not texts:
        return []
    before, after = framed(tokenizer)
    room = max(1, length - len(before) - len(after))
    found = []
    for ids in tokenizer(list(texts), truncation=False, padding=False, verbose=False)["input_ids"]:
        inner = ids[len(before) : len(ids) - len(after)]
        found.append([before + inner[at : at + room] + after for at in starts(len(inner), room)])
    return found
