"""Which items are tested together when a run is cross-validated: folds with about the same share of every class.

Decided by the seed and the items alone. Near-duplicates go into one fold: what is tested must not have been seen.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

# The class of items that were labeled as none of the classes.
NONE = -1
Unit = list[int]


def units_of(item_ids: Sequence[int], groups: Mapping[int, int | None]) -> list[Unit]:
    """Rows that stay together: those of a group, or one alone. groups: item id -> its group."""
    found: dict[tuple[str, int], Unit] = {}
    for row, item_id in enumerate(item_ids):
        group = groups.get(item_id)
        found.setdefault(("item", item_id) if group is None else ("group", group), []).append(row)
    return list(found.values())


def by_class(units: Sequence[Unit], targets: Sequence[Sequence[int]]) -> dict[int, list[Unit]]:
    """Class position -> the units with items of it."""
    found: dict[int, list[Unit]] = defaultdict(list)
    for unit in units:
        for position in classes_of(unit, targets):
            found[position].append(unit)
    return found


def classes_of(unit: Unit, targets: Sequence[Sequence[int]]) -> list[int]:
    return sorted({position for row in unit for position in targets[row]}) or [NONE]


def dealt(units: Sequence[Unit], targets: Sequence[Sequence[int]], folds: int, seed: int) -> NDArray[np.int64]:
    """(n,) the fold of each row.

    The rarest class is dealt out first, each unit to the fold that has the fewest of the class so far; of those, to
    the one with the fewest of the unit's other classes, and then to the smallest (after Sechidis et al. 2011).
    """
    order = np.random.default_rng(seed).permutation(len(units)).tolist()
    found = by_class([units[place] for place in order], targets)
    fold = np.full(len(targets), -1, np.int64)
    # (fold, class) -> items; the class None counts all.
    there: Counter[tuple[int, int | None]] = Counter()
    for position in sorted(found, key=lambda each: (sum(map(len, found[each])), each)):
        # The largest first, while there is still room to make up for them.
        for unit in sorted(found[position], key=len, reverse=True):
            if fold[unit[0]] >= 0:
                continue
            others = [each for each in classes_of(unit, targets) if each != position]
            fullness = [
                (there[number, position], sum(there[number, each] for each in others), there[number, None], number)
                for number in range(folds)
            ]
            chosen = min(fullness)[-1]
            fold[unit] = chosen
            there[chosen, None] += len(unit)
            there.update((chosen, each) for row in unit for each in targets[row] or [NONE])
    return fold
