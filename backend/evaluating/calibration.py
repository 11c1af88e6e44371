"""Whether a run is right as often as it says: of the items it is 80 % sure of, four in five should be. numpy only."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from backend.evaluating.intervals import wilson


def reliability(confidence: ArrayLike, is_right: ArrayLike, *, bins: int = 10) -> dict[str, Any]:
    """Items in bins of equal width by what the run said, with what came true.

    confidence: (n,), 0 to 1; is_right: (n,) bool. Returns {"bins": [{"low", "high", "n", "confidence": the mean,
    "share": right, "share_low", "share_high": its Wilson interval}], "ece"}. A bin holds what is above its low end, up
    to and with its high end; the first holds 0 too. ece, the expected calibration error, is the mean over the items of
    how far share and confidence of their bin are apart (Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017). An empty
    bin has None for all but its ends; so has ece without items. Items whose confidence is not a number are left out.
    """
    said, right = np.asarray(confidence, np.float64), np.asarray(is_right, bool)
    known = ~np.isnan(said)
    said, right = said[known], right[known]
    ends = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(ends, said, side="left") - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums, hits = np.bincount(place, said, minlength=bins), np.bincount(place, right, minlength=bins)
    found = [
        {"low": float(ends[each]), "high": float(ends[each + 1])}
        | _bin(int(counts[each]), float(sums[each]), int(hits[each]))
        for each in range(bins)
    ]
    error = float(np.abs(hits - sums).sum() / len(said)) if len(said) else None
    return {"bins": found, "ece": error}


def _bin(n: int, confidence: float, right: int) -> dict[str, Any]:
    if not n:
        return {"n": 0, "confidence": None, "share": None, "share_low": None, "share_high": None}
    low, high = wilson(right, n)
    return {"n": n, "confidence": confidence / n, "share": right / n, "share_low": low, "share_high": high}
