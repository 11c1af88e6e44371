"""Whether there are labels enough to train, and which classes a run can learn."""

from collections.abc import Mapping, Sequence

from backend import errors
from db import projects, runs
from db.models import LabelClass, Project
from db.session import Session

# One for validation, one for test and two to learn from.
MINIMUM = 4


def label_counts(session: Session, project: Project) -> dict[LabelClass, int]:
    """Every class that is in use -> how many labeled items have it, in the order of the classes."""
    counts = runs.label_counts(session, project.id)
    return {each: counts.get(each.id, 0) for each in projects.classes(session, project.id)}


def learnable(counts: Mapping[LabelClass, int], *, multi_label: bool, allow_missing: bool) -> list[LabelClass]:
    """The classes a run learns. Raises TooFewLabels when that is not all of them, unless `allow_missing`.

    Even then at least two must be left (one is enough when an item may have several or none).
    """
    short = {each: n for each, n in counts.items() if n < MINIMUM}
    if short and not allow_missing:
        raise errors.TooFewLabels(what_is_missing(short), hint(len(counts) - len(short), multi_label=multi_label))
    left = [each for each in counts if each not in short]
    if len(left) < least_classes(multi_label=multi_label):
        few = f"{len(left)} of {len(counts)} classes" if counts else "None of the classes"
        raise errors.TooFewLabels(
            f"{few} {'has' if len(left) == 1 else 'have'} {MINIMUM} labels or more; "
            f"training needs at least {least_classes(multi_label=multi_label)} such classes.",
            "Label more items on the Label page.",
        )
    return left


def check_training(session: Session, project: Project, classes: Sequence[LabelClass]) -> None:
    """Raise TooFewLabels when all labeled items of a class were given to validation and test: an item keeps its split.

    Items without a split are none of those: enough of them will be for training.
    """
    taught = runs.classes_for_training(session, project.id)
    short = [f'"{each.name}"' for each in classes if each.id not in taught]
    if short:
        told = in_words(short[:5] + ([f"{len(short) - 5} more classes"] if len(short) > 5 else []))
        raise errors.TooFewLabels(
            f"All labeled items of {told} are for validation and test; there is none to learn from.",
            "Label more items of it on the Label page: new ones go to training.",
        )


def least_classes(*, multi_label: bool) -> int:
    return 1 if multi_label else 2


def what_is_missing(short: Mapping[LabelClass, int]) -> str:
    """'"heron" has 3 labels and "owl" has none; training needs at least 4 in every class.'"""
    told = [f'"{each.name}" has {labels(n)}' for each, n in list(short.items())[:5]]
    if len(short) > 5:
        told.append(f"{len(short) - 5} more classes have too few")
    return f"{in_words(told)}; training needs at least {MINIMUM} in every class."


def hint(n_left: int, *, multi_label: bool) -> str:
    if n_left < least_classes(multi_label=multi_label):
        return "Label more items on the Label page."
    return 'Label more of them on the Label page, or leave these classes out with "allow_missing_classes": true.'


def labels(n: int) -> str:
    return "none" if n == 0 else "1 label" if n == 1 else f"{n} labels"


def in_words(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
