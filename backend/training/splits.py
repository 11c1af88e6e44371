"""Which items are for training, for validation and for the test. Written once: an item keeps its split for ever.

Balanced per class, and decided by the content alone: the same labeled data gets the same splits in every project.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from db.labels import Labeled
from db.models import Split

SHARES = {Split.TEST: 0.15, Split.VALIDATION: 0.15}


def assign(items: Sequence[Labeled]) -> dict[int, Split]:
    """Item id -> split for the items that have none yet.

    Each class is filled up to 15 % test and 15 % validation, counting what was assigned before, with at least one
    item in each from three items on. A multi-label item counts for the rarest of its classes.
    """
    frequency = Counter(class_id for item in items for class_id in item.class_ids)
    groups: dict[int, list[Labeled]] = defaultdict(list)
    for item in items:
        groups[min(item.class_ids, key=lambda class_id: (frequency[class_id], class_id), default=-1)].append(item)
    chosen: dict[int, Split] = {}
    for group in groups.values():
        chosen |= fill(group)
    return chosen


def fill(group: Sequence[Labeled]) -> dict[int, Split]:
    there = Counter(item.split for item in group)
    # By hash: as good as shuffled, and the same on every machine.
    new = iter(sorted((item for item in group if item.split is None), key=lambda item: item.content_hash))
    chosen: dict[int, Split] = {}
    for split in (Split.TEST, Split.VALIDATION):
        for _ in range(wanted(len(group), split) - there[split]):
            if (item := next(new, None)) is not None:
                chosen[item.item_id] = split
    return chosen | {item.item_id: Split.TRAIN for item in new}


def wanted(n: int, split: Split) -> int:
    """How many of `n` items belong into this split: the first of two goes to test, the first of three to both."""
    least = 1 if n >= (2 if split == Split.TEST else 3) else 0
    return max(least, round(SHARES[split] * n))
