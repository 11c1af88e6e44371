"""What more labels would bring: a law of learning fitted to measured points, and the interval of what it says.

The law is the inverse power law accuracy(n) = a - b * n^-c (Cortes et al. 1994; Figueroa et al. 2012 for few labels),
written as level + reach * (1 - (n / N)^-c), N being all labels of today: level is the figure with those, and
level + reach the best that any number of labels gives. Rather than one best curve, every curve on a grid is weighed by
how well it fits (Bayes' rule, with normal errors): few or noisy points then leave many curves, and a wide interval.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.inspecting.curves import Curve

Floats = NDArray[np.floating[Any]]

# The grid: levels within so many standard errors, shares of the gap between level and 1, exponents.
LEVELS, REACHES, EXPONENTS = 41, 41, 15
ERRORS = 4.5
# Before any point is seen: the exponents of learning curves are mostly 0.2 to 1, and every share of the gap is alike.
EXPONENT, EXPONENT_SPREAD = 0.45, 0.4
# By how much a true curve strays from the law for each doubling of the labels, back or ahead; and how many times the
# variance from round to round has one more draw of labels. Chosen by tests/benchmarks/forecasts.py, as is the exponent.
STRAY = 0.02
LUCK = 2.5
SAMPLES = 4000


@dataclass(frozen=True)
class Law:
    """Curves that fit, (s,) each, drawn as often as they are likely. luck: variance of one draw of labels, times n."""

    items: int
    level: Floats
    reach: Floats
    exponent: Floats
    luck: float
    chance: Floats

    def curve(self, n: float) -> Floats:
        """(s,) the figure with n labels, by each curve."""
        return np.asarray(self.level + self.reach * (1 - (n / self.items) ** -self.exponent))

    def values(self, n: float) -> Floats:
        """(s,) what would be measured with n labels: the curve, and the luck of which labels those are."""
        return np.clip(self.curve(n) + self.chance * np.sqrt(self.luck / n + self.stray(n) ** 2), 0, 1)

    def gains(self, n: float) -> Floats:
        """(s,) what n labels, today's among them, bring over today's: labels that stay the same have the same luck."""
        luck = self.luck * max(0.0, 1 / self.items - 1 / n)
        rise = self.curve(n) - self.level + self.chance * np.sqrt(luck + self.stray(n) ** 2)
        return np.asarray(np.clip(rise, -self.level, 1 - self.level))

    def stray(self, n: float) -> float:
        """The standard error of the law itself, as far away from today."""
        return float(STRAY * abs(np.log2(n / self.items)))


def fit(curve: Curve, figure: str, seed: int = 0) -> Law:
    """Weigh every curve of the grid by the measured points, and draw SAMPLES of them.

    The errors of the points: which items there are, and which labels happened to be drawn, moves all points alike;
    more rounds would move each alone; and a curve may stray from the law.
    """
    sizes, measured = curve.sizes.astype(float), curve.measured(figure)
    luck = LUCK * float(np.median(curve.spread[figure] * sizes))
    stray = STRAY * np.log2(curve.items / sizes)
    errors = curve.covariance(figure) + np.diag(curve.spread[figure] / curve.rounds + stray**2) + luck / curve.items
    level, share, exponent = axes(measured[-1], float(np.sqrt(errors[-1, -1])))
    shape = 1 - (sizes / curve.items) ** -exponent[:, None]
    reach = share[None, :] * (1 - level[:, None])
    said = level[:, None, None, None] + reach[:, :, None, None] * shape
    missed = (said - measured) @ np.linalg.inv(np.linalg.cholesky(errors)).T
    weight = -0.5 * ((missed**2).sum(axis=-1) + (np.log(exponent / EXPONENT) / EXPONENT_SPREAD) ** 2)
    likely = np.exp(weight - weight.max()).ravel()
    rng = np.random.default_rng(seed)
    drawn = np.unravel_index(rng.choice(likely.size, SAMPLES, p=likely / likely.sum()), weight.shape)
    return Law(
        curve.items, level[drawn[0]], reach[drawn[0], drawn[1]], exponent[drawn[2]], luck, rng.standard_normal(SAMPLES)
    )


def axes(level: float, error: float) -> tuple[Floats, Floats, Floats]:
    """Levels, shares of the gap between level and 1, and exponents (evenly by their logarithm)."""
    levels = np.unique(np.clip(np.linspace(level - ERRORS * error, level + ERRORS * error, LEVELS), 0, 1))
    return levels, np.linspace(0, 1, REACHES) ** 1.5, np.geomspace(0.1, 2.0, EXPONENTS)


def told(samples: Floats, share: float = 0.95) -> dict[str, float]:
    """The middle and the interval that holds this share."""
    low, value, high = np.quantile(samples, [(1 - share) / 2, 0.5, (1 + share) / 2]).tolist()
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4)}
