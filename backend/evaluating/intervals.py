"""Intervals for shares that were counted on a few items."""

from math import sqrt

Z_95 = 1.959964


def wilson(right: int, count: int, z: float = Z_95) -> tuple[float, float]:
    """The 95 % interval of a share of which `right` of `count` were seen; (0, 1) when nothing was.

    Wilson 1927; right in small samples and near 0 and 1, where the normal approximation is not (Brown, Cai & DasGupta
    2001).
    """
    if not count:
        return 0.0, 1.0
    share = right / count
    middle = share + z * z / (2 * count)
    spread = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def of_share(right: int, count: int) -> dict[str, float | int | None]:
    """{right, count, share, low, high}; share is None when nothing was counted."""
    low, high = wilson(right, count)
    return {
        "right": right,
        "count": count,
        "share": round(right / count, 4) if count else None,
        "low": round(low, 4),
        "high": round(high, 4),
    }
