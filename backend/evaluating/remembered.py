"""What was worked out of tables is kept while the process lives: a page is drawn again with every press, and a thousand
draws of the same answers come to the same figures."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Each is a few figures.
MOST = 2_000
_known: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_lock = threading.Lock()


def once(work: Callable[..., Any], *tables: NDArray[np.bool_]) -> Any:
    """`work(*tables)`, or what it came to before. It must not look at anything else, nor may the answer be changed."""
    digest = blake2b(digest_size=16)
    for table in tables:
        digest.update(np.packbits(table).tobytes())
    key = (work.__module__, work.__qualname__, tuple(table.shape for table in tables), digest.digest())
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    found = work(*tables)
    with _lock:
        _known[key] = found
        while len(_known) > MOST:
            _known.popitem(last=False)
    return found
