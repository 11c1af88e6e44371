"""One picture is too small a work for several threads.

On a machine that is busy otherwise, torch's threads wait for each other: six images with five samples each took
between 0.7 and 15 s with two threads, and 0.12 s with one.
"""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """torch uses one thread inside, and as many as before afterwards. Costs a microsecond."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
