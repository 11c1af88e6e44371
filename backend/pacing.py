"""Writing much in transactions so short that a label, which waits for at most one, hardly waits."""

# What one transaction may take, with room below the 50 ms that are promised.
WANTED_S = 0.025


def next_size(size: int, took_s: float, *, fewest: int, most: int) -> int:
    """Rows for the next transaction after one of `size` rows: towards WANTED_S, not after every hiccup of the disk."""
    factor = min(1.5, max(0.5, WANTED_S / max(took_s, 0.001)))
    return max(fewest, min(most, round(size * factor)))
