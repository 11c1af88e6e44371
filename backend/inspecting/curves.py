"""How good a linear classifier is after so many labels, measured: nested random parts of the labeled items, each tested
on items that are held out.

Items are dealt into folds, near-duplicates together and each class evenly. Of the items outside a fold growing parts
are learned from, each with the one before in it, and the fold is answered; with other folds again, several rounds. So
every item is tested, by classifiers that saw neither it nor its like. Knows no database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.evaluating.metrics import answers, as_table
from backend.training import linear, thresholds
from backend.training.linear import Floats

Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]

FIGURES = ("accuracy", "f1_macro")
# Each part is so many times as large as the one before, and the smallest so much of the largest: a law that holds there
# tells nothing of a beginning that is much further back.
STEP, SMALLEST_SHARE = 2**0.5, 1 / 32
# Up to so many items nine tenths are learned from, beyond four fifths: a fold then says enough.
FEW, FOLDS_OF_FEW, FOLDS_OF_MANY = 500, 10, 5
# Resamples of the items, for how far the figures are moved by which items happened to be labeled.
DRAWS = 200
LEAST_ROUNDS, MOST_ROUNDS = 2, 5
# Of the work, in numbers times classes that are learned from: what takes about 20 s of one core, and a fit as such.
BUDGET, OF_A_FIT = 3_000_000_000, 1_100_000


@dataclass(frozen=True)
class Data:
    """n items. vectors: (n, d). targets: positions of each item's classes, of k. group_ids: 0 for an item alone."""

    vectors: Floats
    targets: Sequence[Sequence[int]]
    group_ids: Counts
    k: int
    multi_label: bool

    def fit(self, rows: Counts, strength: float | None = None) -> linear.Linear:
        kept = [self.targets[row] for row in rows.tolist()]
        return linear.fit(self.vectors[rows], kept, self.k, multi_label=self.multi_label, only_strength=strength)


@dataclass(frozen=True)
class Curve:
    """j sizes. draws: figure -> (DRAWS + 1, j), as measured in row 0 and on resampled items in the others.

    spread: figure -> (j,) variance from round to round. recalls: (j, k), NaN where a class has no item.
    """

    items: int
    sizes: Counts
    draws: dict[str, Floats]
    spread: dict[str, Floats]
    recalls: Floats
    rounds: int

    def measured(self, figure: str) -> Floats:
        return self.draws[figure][0]

    def covariance(self, figure: str) -> Floats:
        """(j, j): by which items were labeled. The same items are behind all points: they err together."""
        return np.atleast_2d(np.cov(self.draws[figure][1:], rowvar=False))


@dataclass(frozen=True)
class Plan:
    """rounds of `folds` folds, of which `done` are tested in each; `sizes` of the parts that are learned from."""

    folds: int
    done: int
    rounds: int
    sizes: Counts


def plan(n: int, k: int, columns: int, *, multi_label: bool) -> Plan:
    """As many rounds as the budget allows; where it is short, steps are larger, and at last some folds are left out."""
    few = FOLDS_OF_FEW if n <= FEW else FOLDS_OF_MANY
    for folds, step in ((few, STEP), (FOLDS_OF_MANY, STEP**2)):
        sizes = parts(n - -(-n // folds), k, step)
        fits = len(sizes) * (k if multi_label else 1)
        of_fold = int(sizes.sum()) * columns * k + fits * OF_A_FIT
        rounds = BUDGET // (of_fold * folds)
        if rounds >= LEAST_ROUNDS:
            return Plan(folds, folds, int(min(MOST_ROUNDS, rounds)), sizes)
    return Plan(folds, int(np.clip(BUDGET // (of_fold * LEAST_ROUNDS), 2, folds)), LEAST_ROUNDS, sizes)


def parts(largest: int, k: int, step: float) -> Counts:
    """Sizes up to `largest`, from about two items a class."""
    smallest = max(min(2 * k, largest // 2), largest * SMALLEST_SHARE, 4)
    count = max(3, round(float(np.log(largest / smallest) / np.log(step))) + 1)
    return np.unique(np.round(np.geomspace(smallest, largest, count)).astype(np.int64))


def measure(data: Data, *, seed: int = 0, on_progress: Callable[[int, int], None] | None = None) -> Curve:
    """on_progress is called with the folds that are done and all of them; what it raises ends the measuring."""
    rng, table = np.random.default_rng(seed), as_table(data.targets, data.k)
    how = plan(len(table), data.k, data.vectors.shape[1], multi_label=data.multi_label)
    # More labels want a weaker regularisation, but not by much: to choose it for each part costs ten times as long.
    strength = data.fit(np.arange(len(table))).strength
    weights = resampled(data.group_ids, rng)
    rounds, recalls = [], []
    for number in range(how.rounds):
        fold = dealt(table, data.group_ids, how.folds, rng)
        rows, scores = [], []
        for place in range(how.done):
            if on_progress:
                on_progress(number * how.done + place, how.rounds * how.done)
            train, test = rng.permutation(np.flatnonzero(fold != place)), np.flatnonzero(fold == place)
            rows.append(test)
            scores.append(np.stack([data.fit(train[:n], strength).scores(data.vectors[test]) for n in how.sizes]))
        tested, which = np.concatenate(rows), np.repeat(np.arange(how.done), [len(each) for each in rows])
        said = np.concatenate(scores, axis=1)
        figures, recall = judged(table[tested], said, which, weights[:, tested], multi_label=data.multi_label)
        rounds.append(figures)
        recalls.append(recall)
    together = {name: np.stack([each[name] for each in rounds]) for name in FIGURES}
    draws = {name: found.mean(axis=0) for name, found in together.items()}
    spread = {name: found[:, 0].var(axis=0, ddof=1) for name, found in together.items()}
    return Curve(len(table), how.sizes, draws, spread, np.mean(recalls, axis=0), how.rounds)


def resampled(group_ids: Counts, rng: np.random.Generator) -> Floats:
    """(DRAWS + 1, n): how often each item counts, in the first row once.

    Poisson(1) times, the bootstrap for many items (Hanley & MacGibbon 2006); near-duplicates as one.
    """
    units = np.where(group_ids > 0, group_ids, -1 - np.arange(len(group_ids)))
    _, unit = np.unique(units, return_inverse=True)
    draws = rng.poisson(1.0, (DRAWS, int(unit.max()) + 1)).astype(np.float32)[:, unit]
    return np.concatenate([np.ones((1, len(group_ids)), np.float32), draws])


def dealt(table: Bools, group_ids: Counts, folds: int, rng: np.random.Generator) -> Counts:
    """(n,) fold of each item: those of a group in one, those of a class in turn, at random."""
    first = np.where(table.any(axis=1), table.argmax(axis=1), -1)
    units = np.where(group_ids > 0, group_ids, -1 - np.arange(len(group_ids)))
    _, leader, unit = np.unique(units, return_index=True, return_inverse=True)
    # By class, and at random within.
    order = np.lexsort((rng.random(len(leader)), first[leader]))
    of_unit = np.empty(len(leader), np.int64)
    of_unit[order] = (np.arange(len(leader)) + rng.integers(folds)) % folds
    return of_unit[unit]


def judged(
    truth: Bools, scores: Floats, fold: Counts, weights: Floats, *, multi_label: bool
) -> tuple[dict[str, Floats], Floats]:
    """Figure -> (draws, j); and (j, k) recalls. Macro-F1 is over the classes that appear, as in `metrics`.

    truth: (n, k). scores: (j, n, k). fold: (n,) in which each was tested. weights: (draws, n).
    """
    accuracy, f1 = np.empty((2, len(weights), len(scores)))
    recalls = np.empty((len(scores), truth.shape[1]))
    support = weights @ truth.astype(np.float32)
    counted = weights.sum(axis=1)
    for size, said in enumerate(scores):
        given = answers(said, multi_label=multi_label, thresholds=limits(truth, said, fold) if multi_label else None)
        hit = weights @ (truth & given).astype(np.float32)
        both = support + weights @ given.astype(np.float32)
        accuracy[:, size] = weights @ (truth == given).all(axis=1).astype(np.float32) / counted
        with np.errstate(invalid="ignore"):
            f1[:, size] = np.nanmean(np.where(both > 0, 2 * hit / both, np.nan), axis=1)
            recalls[size] = np.where(support[0] > 0, hit[0] / support[0], np.nan)
    return {"accuracy": accuracy, "f1_macro": f1}, recalls


def limits(truth: Bools, scores: Floats, fold: Counts) -> Floats:
    """(n, k): from which score on a class is answered, tuned for each fold on the others."""
    found = np.empty(scores.shape)
    for place in np.unique(fold):
        others = fold != place
        once = np.ones((1, int(others.sum())), np.int64)
        found[~others] = [
            thresholds.of_class(truth[others, column], scores[others, column].astype(np.float64), once)
            for column in range(truth.shape[1])
        ]
    return found
