"""Parts of the test items that may be harder than the rest: by source, length, size, columns of the data, and so on.

Every facet cuts the items into a few parts by one thing that is known of them. Which items a part holds is known by
their rows, so that many runs can be measured on the same parts.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import projects
from backend.evaluating import comparison
from backend.evaluating.answers import Answers
from db import comparison as runs
from db import slices as rows
from db.models import Project
from db.session import Session
from db.slices import Fact

Rows = NDArray[np.intp]

# More values than this are free text, or ids: each is too rare to say anything of.
MOST_VALUES = 30
MOST_SOURCES = 200
# Fewer different numbers than this are as good as names.
FEWEST_NUMBERS = 6
EMPTY = "(empty)"
# The class that the data named, and what only tells an item apart.
LEFT_OUT = ("gold", "id")
SURE = ((0.5, "below 50 %"), (0.7, "50 to 70 %"), (0.9, "70 to 90 %"), (math.inf, "90 % and above"))
SHAPES = ((0.9, "upright"), (1.1, "about square"), (math.inf, "wide"))
LIKE_IT = ((1, "none"), (2, "1"), (5, "2 to 4"), (math.inf, "5 and more"))


@dataclass(frozen=True)
class Part:
    """The items at `rows` of the answers have `value` of what `by` says."""

    by: str
    value: str
    rows: Rows


def of_items(session: Session, project: Project, answers: Answers) -> list[Part]:
    """All parts of these items. A facet that does not divide them is left out."""
    item_ids = answers.item_ids.tolist()
    known = rows.facts(session, project.id, item_ids)
    facts = [known.get(item_id) or Fact(item_id, project.id) for item_id in item_ids]
    found = [
        *_classes(session, project, answers),
        *_named("Source", [each.origin for each in facts], most=MOST_SOURCES),
        *_numbers("Letters", [each.letters for each in facts]),
        *_numbers("Shorter side in pixels", [_shorter_side(each) for each in facts]),
        *_steps("Shape", [_shape(each) for each in facts], SHAPES),
        *_near_duplicates(session, project, facts),
        *_suggestions(session, project, item_ids),
        *_columns(facts),
    ]
    return [each for each in found if 0 < len(each.rows) < len(item_ids)]


def _classes(session: Session, project: Project, answers: Answers) -> Iterator[Part]:
    of_runs = runs.runs(session, answers.run_ids)
    frozen = runs.snapshots(session, [run.snapshot_id for run in of_runs.values() if run.snapshot_id])
    names = {each["id"]: each["name"] for each in comparison.classes_of(session, project, list(frozen.values()))}
    for place, class_id in enumerate(answers.class_ids):
        yield Part("Class", names.get(class_id, "a deleted class"), np.flatnonzero(answers.truth[:, place]))


def _near_duplicates(session: Session, project: Project, facts: Sequence[Fact]) -> list[Part]:
    groups = [each.group_id for each in facts]
    sizes = rows.group_sizes(session, project.id, sorted({each for each in groups if each is not None}))
    others = [sizes.get(each, 1) - 1 if each is not None else 0 for each in groups]
    return _steps("Near-duplicates", others, LIKE_IT)


def _suggestions(session: Session, project: Project, item_ids: Sequence[int]) -> list[Part]:
    if project.suggestion_set_id is None or projects.is_blind(project):
        return []
    sure = rows.confidences(session, project.suggestion_set_id, item_ids)
    return _steps("Confidence of the suggestion", [sure.get(item_id) for item_id in item_ids], SURE)


def _columns(facts: Sequence[Fact]) -> Iterator[Part]:
    metas: list[Mapping[str, Any]] = [each.meta or {} for each in facts]
    columns = dict.fromkeys(name for meta in metas for name in meta if name not in LEFT_OUT)
    for name in columns:
        values = [meta.get(name) for meta in metas]
        numbers = [_number(value) for value in values]
        distinct = {number for number in numbers if number is not None}
        if len(distinct) >= FEWEST_NUMBERS and all(
            number is not None or value in (None, "") for value, number in zip(values, numbers, strict=True)
        ):
            # A number of its own for each item is one that counts them.
            if len(distinct) < len(numbers) or any(number % 1 for number in distinct):
                yield from _numbers(name, numbers)
        elif len({str(value) for value in values}) <= MOST_VALUES:
            yield from _named(name, [EMPTY if value in (None, "") else str(value) for value in values])


def _named(by: str, values: Sequence[str | None], *, most: int = MOST_VALUES, order: Sequence[str] = ()) -> list[Part]:
    """A part for each value, the most frequent ones when there are many."""
    places: dict[str, list[int]] = {value: [] for value in order}
    for place, value in enumerate(values):
        if value is not None:
            places.setdefault(value, []).append(place)
    kept = dict(Counter({value: len(at) for value, at in places.items()}).most_common(most))
    return [Part(by, value, np.array(at, np.intp)) for value, at in places.items() if value in kept]


def _numbers(by: str, values: Sequence[float | None]) -> list[Part]:
    """Quarters of the items by a number; fewer where many have the same. Each is named by what it holds."""
    table = np.array([math.nan if value is None else value for value in values], np.float64)
    known = table[~np.isnan(table)]
    if not len(known):
        return []
    # An end belongs to the quarter below it.
    ends = np.unique(np.quantile(known, (0.25, 0.5, 0.75), method="lower"))
    quarter = np.where(np.isnan(table), -1, np.searchsorted(ends, table, side="left"))
    found = []
    for each in range(len(ends) + 1):
        at = np.flatnonzero(quarter == each)
        if len(at):
            low, high = float(table[at].min()), float(table[at].max())
            found.append(Part(by, _said(low) if low == high else f"{_said(low)} to {_said(high)}", at))
    return found


def _steps(by: str, values: Sequence[float | None], steps: Sequence[tuple[float, str]]) -> list[Part]:
    """Parts by fixed ends: a value belongs to the first step whose end is above it."""
    words = [None if value is None else next(word for end, word in steps if value < end) for value in values]
    return _named(by, words, order=[word for _, word in steps])


def _shorter_side(fact: Fact) -> int | None:
    return min(fact.width, fact.height) if fact.width and fact.height else None


def _shape(fact: Fact) -> float | None:
    return fact.width / fact.height if fact.width and fact.height else None


def _number(value: object) -> float | None:
    """What a column has as a number or as its text; yes and no are no numbers."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _said(number: float) -> str:
    if number % 1 or abs(number) >= 1e15:
        return f"{number:.4g}"
    # A number of four digits is often a year.
    return f"{number:.0f}" if abs(number) < 10_000 else f"{number:,.0f}"
