"""Which items are for training, for validation and for the test. Written once: an item keeps its split for ever.

Balanced per class, and decided by the content alone: the same labeled data gets the same splits in every project. Items
of a group of near-duplicates go into one split together.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set

from db.labels import Labeled
from db.models import Split

SHARES = {Split.TEST: 0.15, Split.VALIDATION: 0.15}
Unit = list[Labeled]


def assign(items: Sequence[Labeled], of_groups: Mapping[int, Set[Split]] | None = None) -> dict[int, Split]:
    """Item id -> split for the items that have none yet.

    Each class is filled up to 15 % test and 15 % validation, counting what was assigned before, with at least one
    item in each from three items on. A multi-label item counts for the rarest of its classes.

    of_groups: the splits that members of a group have, labeled or not. Its new members follow: to the test where there
    is one in the test, else to validation, else to training.
    """
    frequency = Counter(class_id for item in items for class_id in item.class_ids)

    def rarest(unit: Unit) -> int:
        there = (class_id for item in unit for class_id in item.class_ids)
        return min(there, key=lambda class_id: (frequency[class_id], class_id), default=-1)

    classes: dict[int, list[Unit]] = defaultdict(list)
    for unit in units(items):
        classes[rarest(unit)].append(unit)
    chosen: dict[int, Split] = {}
    for of_class in classes.values():
        chosen |= fill(of_class, of_groups or {})
    return chosen


def units(items: Sequence[Labeled]) -> list[Unit]:
    """What goes into one split: an item, or all items of a group. In the order of their hashes, the smallest first.

    By hash: as good as shuffled, and the same on every machine.
    """
    found: dict[tuple[str, int], Unit] = {}
    for item in sorted(items, key=lambda item: item.content_hash):
        key = ("item", item.item_id) if item.group_id is None else ("group", item.group_id)
        found.setdefault(key, []).append(item)
    return list(found.values())


def fill(of_class: Sequence[Unit], of_groups: Mapping[int, Set[Split]]) -> dict[int, Split]:
    there = Counter(item.split for unit in of_class for item in unit)
    chosen: dict[int, Split] = {}

    def put(unit: Unit, split: Split) -> None:
        for item in unit:
            if item.split is None:
                chosen[item.item_id] = split
                there[split] += 1

    new: list[Unit] = []
    for unit in of_class:
        given = {item.split for item in unit if item.split} | of_groups.get(unit[0].group_id or 0, set())
        if given:
            put(unit, next(split for split in (Split.TEST, Split.VALIDATION, Split.TRAIN) if split in given))
        else:
            new.append(unit)
    n = sum(len(unit) for unit in of_class)
    for split in (Split.TEST, Split.VALIDATION):
        for unit in fitting(new, wanted(n, split) - there[split], must=not there[split] and len(new) > 1):
            put(unit, split)
            new.remove(unit)
    for unit in new:
        put(unit, Split.TRAIN)
    return chosen


def fitting(new: Sequence[Unit], room: int, *, must: bool) -> list[Unit]:
    """The first units that go into this room. One that is too large is passed over; where there must be one, and all
    are too large, it is the smallest."""
    chosen: list[Unit] = []
    left = room
    for unit in new:
        if len(unit) <= left:
            chosen.append(unit)
            left -= len(unit)
    if not chosen and must and room > 0:
        return [min(new, key=len)]
    return chosen


def wanted(n: int, split: Split) -> int:
    """How many of `n` items belong into this split: the first of two goes to test, the first of three to both."""
    least = 1 if n >= (2 if split == Split.TEST else 3) else 0
    return max(least, round(SHARES[split] * n))
