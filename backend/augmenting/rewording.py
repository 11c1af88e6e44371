"""Another wording of a text, and fewer of its tokens. Python's standard library is all that this file needs.

The same state gives the same result everywhere. Each step draws random numbers of its own, so that changing one step
leaves what the others do as it was.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from random import Random
from typing import Any

Steps = Sequence[Mapping[str, Any]]
# More steps than a recipe may have.
PLACES = 64

JOINER = "\u200d"
# Letters, by Unicode's general category not marks, that belong to the letter before them (UAX #29).
EXTENDS = ((0x0E33, 0x0E33), (0x0EB3, 0x0EB3), (0x200C, 0x200D), (0xFF9E, 0xFF9F), (0x1F3FB, 0x1F3FF),
           (0xE0020, 0xE007F))  # fmt: skip
# And those that belong to the letter after them.
PREPENDS = ((0x0600, 0x0605), (0x06DD, 0x06DD), (0x070F, 0x070F), (0x0890, 0x0891), (0x08E2, 0x08E2),
            (0x0D4E, 0x0D4E), (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x111C2, 0x111C3), (0x1193F, 0x11941),
            (0x11A3A, 0x11A3A), (0x11A84, 0x11A89), (0x11D46, 0x11D46), (0x11F02, 0x11F02))  # fmt: skip
FLAGS = ((0x1F1E6, 0x1F1FF),)
HANGUL_FIRST = ((0x1100, 0x115F), (0xA960, 0xA97C))
HANGUL_LATER = ((0x1160, 0x11FF), (0xD7B0, 0xD7FB))
HANGUL = (*HANGUL_FIRST, *HANGUL_LATER, (0xAC00, 0xD7A3))
# The combining class of signs that join two consonants, as in Hindi.
VIRAMA = 9

KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
RUNS = re.compile(r"\s+|\S+")
TYPOS = ("swapped", "dropped", "doubled", "neighbour key")


def random_of(state: int, place: int) -> Random:
    """The random numbers of the step at this place."""
    return Random(state * PLACES + place)  # noqa: S311 - no secret


def vary(text: str, steps: Steps, state: int) -> str:
    """The text after the steps that change texts, in their order. state: of this text in this epoch."""
    for place, step in enumerate(steps):
        if step["transform"] in OF_TEXTS:
            random = random_of(state, place)
            if random.random() < step["probability"]:
                text = OF_TEXTS[step["transform"]](text, step["params"], random)
    return text


def marks(ids: Sequence[int], steps: Steps, special: Collection[int], state: int) -> list[str | None]:
    """What the steps that change tokens make of each: "masked", "dropped" or None.

    Never of a special token, and one of the others is always left.
    """
    found: list[str | None] = [None] * len(ids)
    for place, step in enumerate(steps):
        if step["transform"] in OF_TOKENS:
            random = random_of(state, place)
            if random.random() < step["probability"]:
                left = [at for at, token in enumerate(ids) if found[at] is None and token not in special]
                chosen = [at for at in left if random.random() < step["params"]["share"]]
                if chosen and len(chosen) == len(left):
                    chosen.pop(random.randrange(len(chosen)))
                for at in chosen:
                    found[at] = OF_TOKENS[step["transform"]]
    return found


def after(ids: Sequence[int], found: Sequence[str | None], mask: int | None) -> list[int]:
    """The tokens with these marks carried out. Raises ValueError where there is no mask token and one is needed."""
    if mask is None and "masked" in found:
        raise ValueError("This tokenizer has no mask token.")
    changed = zip(ids, found, strict=True)
    return [mask if mark == "masked" and mask is not None else each for each, mark in changed if mark != "dropped"]


def change_case(text: str, params: Mapping[str, Any], random: Random) -> str:
    to = params["to"]
    if to == "any":
        to = random.choice(("lower", "upper", "title"))
    if to == "title":
        return "".join(capitalised(part) for part in parts(text))
    return text.lower() if to == "lower" else text.upper()


def capitalised(word: str) -> str:
    """Not str.title(), which makes "They'Re"."""
    first = next((at for at, letter in enumerate(word) if letter.isalpha()), 0)
    return word[:first] + word[first : first + 1].title() + word[first + 1 :].lower()


def mix_case(text: str, params: Mapping[str, Any], random: Random) -> str:
    share = params["share"]
    return "".join(each.swapcase() if random.random() < share else each for each in clusters(text))


def make_typos(text: str, params: Mapping[str, Any], random: Random) -> str:
    letters, made, at = clusters(text), [""], 0
    while at < len(letters):
        letter, following = letters[at], letters[at + 1] if at + 1 < len(letters) else ""
        at += 1
        if not is_letter(letter) or random.random() >= params["share"]:
            made.append(letter)
            continue
        possible = possible_typos(made[-1], letter, following)
        typo = random.choice(possible) if params["typo"] == "any" else params["typo"]
        if typo not in possible:
            made.append(letter)
        elif typo == "swapped":
            made += [following, letter]
            at += 1
        elif typo == "doubled":
            made += [letter, letter]
        elif typo == "neighbour key":
            key = random.choice(NEIGHBOURS[letter.lower()])
            made.append(key.upper() if letter.isupper() else key)
    return "".join(made)


def possible_typos(before: str, letter: str, following: str) -> list[str]:
    """Of TYPOS; a word never loses its last letter."""
    can = {
        "swapped": is_letter(following) and following != letter,
        "dropped": is_letter(before) or is_letter(following),
        "doubled": True,
        "neighbour key": letter.lower() in NEIGHBOURS,
    }
    return [typo for typo in TYPOS if can[typo]]


def is_letter(cluster: str) -> bool:
    return cluster[:1].isalpha()


def neighbours() -> dict[str, str]:
    """Each letter's keys to the left and right, above and below."""
    found = {}
    for row, keys in enumerate(KEY_ROWS):
        above, below = KEY_ROWS[row - 1] if row else "", KEY_ROWS[row + 1] if row + 1 < len(KEY_ROWS) else ""
        for at, key in enumerate(keys):
            beside = keys[max(0, at - 1) : at] + keys[at + 1 : at + 2]
            found[key] = beside + above[at : at + 2] + below[max(0, at - 1) : at + 1]
    return found


def drop_words(text: str, params: Mapping[str, Any], random: Random) -> str:
    found = parts(text)
    words = range(1, len(found), 2)
    kept = [at for at in words if random.random() >= params["share"]]
    if len(kept) == len(words):
        return text
    kept = kept or [random.choice(words)]
    # The space before a word goes with it, and the first word that is left takes the place of the first.
    return found[0] + "".join(found[at - 1] * (at != kept[0]) + found[at] for at in kept) + found[-1]


def swap_words(text: str, params: Mapping[str, Any], random: Random) -> str:
    found, at = parts(text), 1
    while at + 2 < len(found):
        if random.random() < params["share"]:
            found[at], found[at + 2] = found[at + 2], found[at]
            at += 2
        at += 2
    return "".join(found)


def parts(text: str) -> list[str]:
    """[space, word, space, …, word, space]: what is between words stays what it was; the ends may be empty."""
    found = RUNS.findall(text) if text.isascii() else runs(text)
    if not found or not found[0].isspace():
        found.insert(0, "")
    return found if len(found) % 2 else [*found, ""]


def runs(text: str) -> list[str]:
    """As RUNS finds them, without parting a letter from its accents."""
    found: list[str] = []
    for each in clusters(text):
        if found and found[-1].isspace() == each.isspace():
            found[-1] += each
        else:
            found.append(each)
    return found


def clusters(text: str) -> list[str]:
    """The letters as a reader counts them: with their accents, emoji in one piece, flags and syllables whole.

    By UAX #29, and nowhere finer than it.
    """
    if text.isascii() and "\r" not in text:
        return list(text)
    found: list[str] = []
    for letter in text:
        if found and belongs(found[-1], letter):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def belongs(cluster: str, letter: str) -> bool:
    """Whether the letter goes on with the cluster before it."""
    last = cluster[-1]
    if last < "\u0300" and letter < "\u0300":
        return last == "\r" and letter == "\n"
    category = unicodedata.category(letter)
    if category[0] == "M" or within(letter, EXTENDS) or last == JOINER or within(last, PREPENDS):
        return True
    if within(letter, FLAGS):
        return len(cluster) == 1 and within(last, FLAGS)
    if within(letter, HANGUL):
        return within(last, HANGUL_FIRST) or (within(letter, HANGUL_LATER) and within(last, HANGUL))
    return category == "Lo" and any(unicodedata.combining(each) == VIRAMA for each in cluster)


def within(letter: str, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(low <= ord(letter) <= high for low, high in ranges)


NEIGHBOURS = neighbours()
OF_TEXTS: dict[str, Callable[[str, Mapping[str, Any], Random], str]] = {
    "ChangeCase": change_case,
    "MixCase": mix_case,
    "Typos": make_typos,
    "DropWords": drop_words,
    "SwapWords": swap_words,
}
OF_TOKENS = {"MaskTokens": "masked", "DropTokens": "dropped"}
