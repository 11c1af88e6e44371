"""Whether the forecasts of "What next?" come true. Needs ../shared.

n items are drawn, and what +50 %, +100 % and +100 labels would bring is forecast from them alone. Then those labels are
really added, at random, the same classifier learns from them, and is judged on rows that nobody learned from. That is
the truth that an interval must hold: of the gain, and of the figure then. Prints a table:

    python -m tests.benchmarks.forecasts [SEEDS]

TABLE
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backend.evaluating.metrics import evaluate
from backend.inspecting import curves, enough, forecast
from backend.training import linear, thresholds
from tests.benchmarks import _forecast_data
from tests.benchmarks._forecast_data import Data

FIRST_SEED, SEEDS = 10, 4
HELD_OUT = 3_000
# Data -> how many labels there are, and whether only the half of the rows is used that nothing was chosen by.
PLAN = {
    "flowers": ((50, 100, 200), False),
    "news": ((50, 100, 200, 400, 800), True),
    "messages": ((50, 100, 200, 400, 800), False),
    "banking": ((200, 400), True),
    "emotions": ((200, 400), False),
}


@dataclass(frozen=True)
class Tried:
    """One forecast. Of the gain and of the figure then: what came true less the samples' quantiles."""

    name: str
    labels: int
    more: int
    figure: str
    what: str
    truth: float
    low_95: float
    low_80: float
    value: float
    high_80: float
    high_95: float


def trials(data: Data, labels: int, *, is_half: bool, seed: int) -> Iterator[Tried]:
    rows = np.arange(len(data) // 2, len(data)) if is_half else np.arange(len(data))
    shuffled = np.random.default_rng(seed).permutation(rows)
    count = min(HELD_OUT, len(shuffled) // 2)
    held_out, pool = shuffled[:count], shuffled[count:]
    if is_too_few(data, pool[:labels]):
        return
    curve = curves.measure(learned_from(data, pool[:labels]), seed=seed)
    then = {n: truth(data, pool[:n], held_out) for n in sorted({labels, *wanted(labels)}) if n <= len(pool)}
    for figure in curves.FIGURES:
        law = forecast.fit(curve, figure, seed)
        for n in then.keys() - {labels}:
            gained = then[n][figure] - then[labels][figure]
            for what, samples, true in (("gain", law.gains(n), gained), ("level", law.values(n), then[n][figure])):
                quantiles = np.quantile(samples, [0.025, 0.1, 0.5, 0.9, 0.975]).tolist()
                yield Tried(data.name, labels, n - labels, figure, what, true, *quantiles)


def is_too_few(data: Data, rows: np.ndarray) -> bool:
    """Then the app makes no forecast."""
    counts = np.bincount([each for row in rows.tolist() for each in data.targets[row]], minlength=data.k)
    return bool(enough.missing_of(len(rows), counts.tolist(), multi_label=data.multi_label))


def wanted(labels: int) -> tuple[int, ...]:
    return labels + labels // 2, 2 * labels, labels + 100


def learned_from(data: Data, rows: np.ndarray) -> curves.Data:
    targets = [data.targets[row] for row in rows.tolist()]
    return curves.Data(data.vectors[rows], targets, np.zeros(len(rows), np.int64), data.k, data.multi_label)


def truth(data: Data, rows: np.ndarray, held_out: np.ndarray) -> dict[str, float]:
    """The figures on the held-out rows of a classifier that learned from these, its strength chosen anew."""
    seen = learned_from(data, rows)
    how = {"multi_label": data.multi_label}
    model = linear.fit(seen.vectors, seen.targets, data.k, **how)
    limits = None
    if data.multi_label:
        scores = linear.out_of_fold(seen.vectors, seen.targets, data.k, model.strength, **how)
        limits = thresholds.tuned(seen.targets, scores)
    classes = [{"id": each, "name": ""} for each in range(data.k)]
    asked = learned_from(data, held_out)
    return evaluate(asked.targets, model.scores(asked.vectors), classes, data.multi_label, limits)


def row(name: str, what: str, tried: list[Tried]) -> str:
    held_95 = np.mean([each.low_95 <= each.truth <= each.high_95 for each in tried])
    held_80 = np.mean([each.low_80 <= each.truth <= each.high_80 for each in tried])
    off = 100 * np.mean([abs(each.value - each.truth) for each in tried])
    wide = 100 * np.mean([each.high_95 - each.low_95 for each in tried])
    true = 100 * np.mean([each.truth for each in tried])
    cells = f"{len(tried):>5} | {held_95:>7.2f} | {held_80:>7.2f} | {off:>5.1f} | {wide:>5.1f} | {true:>5.1f}"
    return f"    | {name:<12} | {what:<14} | {cells} |"


def table(every: list[Tried]) -> list[str]:
    lines = [
        "    | data         | of             | tries | in 95 % | in 80 % |  off  | width | truth |",
        "    |--------------|----------------|-------|---------|---------|-------|-------|-------|",
    ]
    for what in ("gain", "level"):
        for figure in curves.FIGURES:
            of = [each for each in every if (each.what, each.figure) == (what, figure)]
            names = [*dict.fromkeys(each.name for each in of), "all"]
            lines += [
                row(name, f"{what} {figure}", [each for each in of if name in (each.name, "all")]) for name in names
            ]
    return lines


def main() -> None:
    asked = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else SEEDS
    if not os.environ.get("WINNOW_HOME"):
        raise SystemExit("Set WINNOW_HOME to a folder that keeps the vectors; they take some minutes.")
    found: list[Tried] = []
    started = time.monotonic()
    for name, (sizes, is_half) in PLAN.items():
        data = getattr(_forecast_data, name)()
        for seed in range(FIRST_SEED, FIRST_SEED + asked):
            for labels in sizes:
                found += trials(data, labels, is_half=is_half, seed=seed)
        print(f"{data.name} after {time.monotonic() - started:.0f} s", flush=True)
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
