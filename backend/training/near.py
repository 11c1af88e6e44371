"""Near-duplicates and training: what a model has seen in training must not be asked in the test.

A group goes into one split. Where the data gave its splits, or they were given before anybody looked for
near-duplicates, a group may lie in several: a split is never changed, and so its copies in training are left out.
"""

from collections.abc import Iterable, Sequence, Set

from backend import errors
from backend.training import readiness
from db.labels import Labeled
from db.models import LabelClass, Split

# In a snapshot's counts, beside the splits: how many items were left out.
LEFT_OUT = "left_out"
JUDGED = (Split.VALIDATION, Split.TEST)


def copies(items: Sequence[Labeled]) -> set[int]:
    """Ids of the items for training whose group has members in validation or test."""
    judged = {item.group_id for item in items if item.split in JUDGED and item.group_id is not None}
    return {item.item_id for item in items if item.split == Split.TRAIN and item.group_id in judged}


def check(items: Sequence[Labeled], left_out: Set[int], classes: Sequence[LabelClass], *, multi_label: bool) -> None:
    """Raise TooFewLabels when a class is left without training, or a split without any item.

    Of near-duplicates, or of splits that the data gave. With several classes an item a class may be without.
    """
    kept = [item for item in items if item.item_id not in left_out]
    hint = "Label more that are not copies, or take apart on the Data page what is not the same."
    short = names_of(without_training(kept, classes))
    copied = names_of(each for each in without_training(kept, classes) if each not in without_training(items, classes))
    if copied and not multi_label:
        raise errors.TooFewLabels(
            f"All items for training of {copied} are near-duplicates of items for validation or test, which training "
            "leaves out.",
            hint,
        )
    if short and not multi_label:
        raise errors.TooFewLabels(
            f"No item of {short} is for training: all are for validation or test.",
            "Label more of it: new items go to training first.",
        )
    if missing := [split for split in Split if all(item.split != split for item in kept)]:
        raise errors.TooFewLabels(
            f"The labeled items are near-duplicates of so few that none is left for {missing[0]}.", hint
        )


def without_training(items: Sequence[Labeled], classes: Sequence[LabelClass]) -> list[LabelClass]:
    learned = {class_id for item in items if item.split == Split.TRAIN for class_id in item.class_ids}
    return [each for each in classes if each.id not in learned]


def names_of(classes: Iterable[LabelClass]) -> str:
    names = [f'"{each.name}"' for each in classes]
    return readiness.in_words(names[:5]) if names else ""


def told(count: int) -> str:
    """What a run says of it; empty when nothing was left out."""
    if not count:
        return ""
    what = "1 item for training was" if count == 1 else f"{count:,} items for training were"
    return f"{what} left out: near-duplicates of items in validation or test, which would make the result look better."
