"""A curve as a small line in a table, and the figures of it that people ask for. Knows no database."""

from collections.abc import Sequence

# A cell of a table has hardly more places for a point.
MOST_POINTS = 20
LOWER_IS_BETTER = frozenset(("log_loss",))


def line(points: Sequence[float]) -> list[float]:
    """At most `MOST_POINTS` of them, evenly taken, the first and the last among them."""
    if len(points) <= MOST_POINTS:
        return list(points)
    last = len(points) - 1
    return [points[round(each * last / (MOST_POINTS - 1))] for each in range(MOST_POINTS)]


def best(points: Sequence[float], metric: str) -> float | None:
    if not points:
        return None
    return min(points) if metric in LOWER_IS_BETTER else max(points)
