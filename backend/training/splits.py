"""Which items are for training, for validation and for the test. Written once: an item keeps its split for ever.

Balanced per class, and decided by the content alone: the same labeled data gets the same splits in every project. Items
of a group of near-duplicates go into one split together.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set

from db.labels import Labeled
from db.models import Split

SHARES = {Split.TEST: 0.15, Split.VALIDATION: 0.15}
# The class of items that were labeled as none of the classes.
NONE = -1
Unit = list[Labeled]


def assign(items: Sequence[Labeled], of_groups: Mapping[int, Set[Split]] | None = None) -> dict[int, Split]:
    """Item id -> split for the items that have none yet.

    Each class is filled up to 15 % test and 15 % validation, counting what was assigned before, with at least one
    item in each from three items on, and one in training. The rarest class comes first, and an item with several
    classes is placed by the rarest of them: the others count it (iterative stratification, Sechidis et al. 2011).

    of_groups: the splits that members of a group have, labeled or not. Its new members follow: to the test where there
    is one in the test, else to validation, else to training.
    """
    frequency = Counter(class_id for item in items for class_id in item.class_ids)
    of_class: dict[int, list[Unit]] = defaultdict(list)
    for unit in units(items):
        for class_id in classes_of(unit):
            of_class[class_id].append(unit)
    chosen = follow([unit for found in of_class.values() for unit in found], of_groups or {})
    followers = set(chosen)
    rarest_first = sorted(of_class, key=lambda class_id: (frequency[class_id], class_id))
    for class_id in rarest_first:
        fill(class_id, of_class[class_id], chosen)
    for class_id in rarest_first:
        leave_one_to_train(of_class[class_id], class_id, chosen, followers)
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


def classes_of(unit: Unit) -> list[int]:
    return sorted({class_id for item in unit for class_id in item.class_ids}) or [NONE]


def of_one_class(unit: Unit, class_id: int) -> Unit:
    return [item for item in unit if class_id in item.class_ids or class_id == NONE]


def follow(every: Sequence[Unit], of_groups: Mapping[int, Set[Split]]) -> dict[int, Split]:
    """Where the new members of groups go that have a split already."""
    chosen: dict[int, Split] = {}
    for unit in every:
        given = {item.split for item in unit if item.split} | of_groups.get(unit[0].group_id or 0, set())
        if given:
            split = next(each for each in (Split.TEST, Split.VALIDATION, Split.TRAIN) if each in given)
            put(unit, split, chosen)
    return chosen


def put(unit: Unit, split: Split, chosen: dict[int, Split]) -> None:
    chosen.update({item.item_id: split for item in unit if item.split is None})


def places(of_class: Sequence[Unit], class_id: int, chosen: Mapping[int, Split]) -> Iterator[Split]:
    """The splits of the items of a class, as far as they have one."""
    for unit in of_class:
        for item in of_one_class(unit, class_id):
            if split := item.split or chosen.get(item.item_id):
                yield split


def fill(class_id: int, of_class: Sequence[Unit], chosen: dict[int, Split]) -> None:
    """Place what is left of a class."""
    there = Counter(places(of_class, class_id, chosen))
    new = [unit for unit in of_class if not any(item.split or item.item_id in chosen for item in unit)]
    n = sum(len(of_one_class(unit, class_id)) for unit in of_class)
    for split in (Split.TEST, Split.VALIDATION):
        room, must = wanted(n, split) - there[split], not there[split] and len(new) > 1
        for unit in fitting(new, class_id, room, must=must):
            put(unit, split, chosen)
            new.remove(unit)
    for unit in new:
        put(unit, Split.TRAIN, chosen)


def fitting(new: Sequence[Unit], class_id: int, room: int, *, must: bool) -> list[Unit]:
    """The first units that go into this room. One that is too large is passed over; where there must be one, and all
    are too large, it is the smallest."""
    fits: list[Unit] = []
    left = room
    for unit in new:
        size = len(of_one_class(unit, class_id))
        if size <= left:
            fits.append(unit)
            left -= size
    if not fits and must and room > 0:
        return [min(new, key=len)]
    return fits


def wanted(n: int, split: Split) -> int:
    """How many of `n` items belong into this split: the first of two goes to test, the first of three to both."""
    least = 1 if n >= (2 if split == Split.TEST else 3) else 0
    return max(least, round(SHARES[split] * n))


def leave_one_to_train(of_class: Sequence[Unit], class_id: int, chosen: dict[int, Split], followers: Set[int]) -> None:
    """A class whose every item was placed elsewhere, by its rarer classes or by groups, gets one of the new ones back.

    Of those, one that leaves another item of each of its classes behind, where there is one.
    """
    if len(of_class) < 2 or Split.TRAIN in places(of_class, class_id, chosen):
        return
    free = [unit for unit in of_class if any(item.item_id in chosen.keys() - followers for item in unit)]
    there = Counter(places(of_class, class_id, chosen))
    if free:
        put(max(free, key=lambda unit: there[chosen[unit[0].item_id]]), Split.TRAIN, chosen)
