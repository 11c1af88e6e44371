"""What runs answered, as tables side by side: the ground that every figure with an uncertainty is worked out on.

numpy only. A run knows the classes of its snapshot; here the columns are the classes of all the runs together, and what
a run does not know it scores 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.evaluating import metrics
from db import comparison as rows
from db.comparison import Answer
from db.models import Project, Run
from db.session import Session

Bools = NDArray[np.bool_]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Answers:
    """n items, k classes, r runs, the items by id.

    truth: (n, k), the labels that the runs were judged by. scores: for each run (n, k). given: for each run (n, k),
    what it answers: the class with the highest score, or where an item may have several those at their threshold or
    above. relabeled: items that all the runs answered, but whose label was not the same for all: they are not in here.
    """

    multi_label: bool
    class_ids: list[int]
    item_ids: NDArray[np.int64]
    truth: Bools
    run_ids: list[int]
    scores: list[Scores]
    given: list[Bools]
    relabeled: int = 0

    def __len__(self) -> int:
        return len(self.item_ids)

    def is_right(self, place: int) -> Bools:
        """(n,): whether the run at this place among the runs answered the item rightly, all of it."""
        return np.asarray((self.given[place] == self.truth).all(axis=1))

    def confidence(self, place: int) -> Scores:
        """(n,): the highest score of the run at this place."""
        scores = self.scores[place]
        return np.asarray(scores.max(axis=1) if scores.shape[1] else np.zeros(len(scores), np.float32))

    def of(self, place: int) -> "Answers":
        """Those of one run."""
        return Answers(
            self.multi_label, self.class_ids, self.item_ids, self.truth, [self.run_ids[place]],
            [self.scores[place]], [self.given[place]],
        )  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One run's answers as the database has them, by item id.

    class_ids: of its scores, in order. thresholds: of each of these, for where an item may have several classes.
    figures: {"validation": M, "test": M}, M as of `metrics.evaluate`; what there is of them.
    """

    run: Run
    class_ids: Sequence[int]
    thresholds: Sequence[float]
    figures: Mapping[str, Any]
    answers: Mapping[int, Answer]


def told(session: Session, run: Run, class_ids: Sequence[int]) -> Told:
    """What the run answered on its test items when it was trained. class_ids: those of its snapshot."""
    figures = run.metrics or {}
    own = {split: figures[split] for split in ("validation", "test") if figures.get(split)}
    limits = metrics.thresholds_of(figures, class_ids)
    return Told(run, class_ids, limits, own, rows.answers(session, run.id))


def alone(project: Project, one: Told) -> Answers:
    """A run's answers on all of its own test items."""
    return together(project, [one])


def together(project: Project, several: Sequence[Told]) -> Answers:
    """Runs on the test items that all of them answered and that had the same label for all of them."""
    class_ids = list(dict.fromkeys(class_id for each in several for class_id in each.class_ids))
    shared = set.intersection(*(set(each.answers) for each in several)) if several else set()
    common = [
        item_id
        for item_id in sorted(shared)
        if len({tuple(sorted(each.answers[item_id].target_ids)) for each in several}) == 1
    ]
    position = {class_id: place for place, class_id in enumerate(class_ids)}
    truth = np.zeros((len(common), len(class_ids)), bool)
    for row, item_id in enumerate(common):
        truth[row, [position[each] for each in several[0].answers[item_id].target_ids]] = True
    scores = [_scores(each, common, position) for each in several]
    given = [_given(project, each, table, position) for each, table in zip(several, scores, strict=True)]
    return Answers(
        project.multi_label,
        class_ids,
        np.array(common, np.int64),
        truth,
        [each.run.id for each in several],
        scores,
        given,
        len(shared) - len(common),
    )


def _scores(one: Told, item_ids: Sequence[int], position: Mapping[int, int]) -> Scores:
    packed = b"".join(one.answers[item_id].scores for item_id in item_ids)
    own = np.frombuffer(packed, np.float32).reshape(len(item_ids), len(one.class_ids))
    found = np.zeros((len(item_ids), len(position)), np.float32)
    found[:, [position[each] for each in one.class_ids]] = own
    return found


def _given(project: Project, one: Told, scores: Scores, position: Mapping[int, int]) -> Bools:
    if not project.multi_label:
        return metrics.answers(scores, multi_label=False)
    # What a run does not know it never answers.
    limits: Any = np.full(len(position), np.inf)
    limits[[position[each] for each in one.class_ids]] = one.thresholds
    return metrics.answers(scores, multi_label=True, thresholds=limits)
