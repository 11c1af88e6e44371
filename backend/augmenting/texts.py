"""Recipes of texts: from steps to another wording of the same text, and to fewer of its tokens.

What a recipe does to a text depends on the steps, the seed, the item, the epoch and, where tokens are changed, on the
tokenizer, and on nothing else: any training sample can be shown again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import getsource
from pprint import pformat
from typing import Any

from backend import errors
from backend.augmenting import catalogue, recipes, rewording

Steps = Sequence[Mapping[str, Any]]
# A change of case is nothing to a tokenizer that lowers everything.
OF_CASE = ("ChangeCase", "MixCase")


@dataclass(frozen=True)
class Facts:
    """What the steps need to know of a tokenizer: ids that are never touched, and the id of its mask, if it has one."""

    special: frozenset[int]
    mask: int | None


def facts_of(tokenizer: Any) -> Facts:
    return Facts(frozenset(tokenizer.all_special_ids), tokenizer.mask_token_id)


def vary(text: str, steps: Steps, *, seed: int, content_hash: bytes, epoch: int) -> str:
    """One random wording of a text. The same seed, item and epoch give the same in any process. Empty stays empty."""
    return rewording.vary(text, steps, recipes.random_state(seed, content_hash, epoch))


def marks(
    ids: Sequence[int], steps: Steps, facts: Facts, *, seed: int, content_hash: bytes, epoch: int
) -> list[str | None]:
    """What becomes of each token: "masked", "dropped" or None."""
    return rewording.marks(ids, steps, facts.special, recipes.random_state(seed, content_hash, epoch))


def changes_letters(steps: Steps) -> bool:
    """Whether texts must be tokenised anew."""
    return any(step["transform"] in rewording.OF_TEXTS for step in steps)


def check_mask(steps: Steps, title: str, *, has_mask: bool) -> None:
    """Raises BadSpec when the steps mask tokens and the model of this title has no mask."""
    if not has_mask and any(step["transform"] == "MaskTokens" for step in steps):
        raise errors.BadSpec(
            f"{title} has no mask token: tokens cannot be masked for it.",
            "Leave out tokens instead, or choose another base.",
        )


def what_is_lost(steps: Steps, title: str, *, is_uncased: bool) -> str | None:
    """A sentence when some of the steps change nothing for the model of this title."""
    if is_uncased and any(step["transform"] in OF_CASE for step in steps):
        return f"{title} reads everything in lower case: a change of case does not reach it."
    return None


def python_source(steps: Steps) -> str:
    """A module that makes the very same texts and tokens without Winnow, by the same functions. Raises Invalid."""
    written = pformat(catalogue.validate(list(steps)), sort_dicts=False, width=100)
    parts = ("import hashlib\n" + getsource(rewording).partition('"""\n\n')[2], getsource(recipes.random_state))
    return "\n\n".join([*parts, SOURCE.format(steps=written)])


SOURCE = '''STEPS = {steps}


def sample(text, seed, content_hash, epoch):
    """content_hash: SHA-256 of the text as UTF-8. epoch: from 0."""
    return vary(text, STEPS, random_state(seed, content_hash, epoch))


def sample_ids(ids, special_ids, mask_id, seed, content_hash, epoch):
    """ids: of sample(…). special_ids: tokenizer.all_special_ids. mask_id: tokenizer.mask_token_id."""
    found = marks(ids, STEPS, set(special_ids), random_state(seed, content_hash, epoch))
    return after(ids, found, mask_id)
'''
