"""A file that is never kept: what a writer writes is taken out at once and sent on."""

import io
from collections.abc import Iterator
from typing import Any


class Drain(io.RawIOBase):
    """Writable, not seekable; zip and Parquet writers are content with that. `waiting`: bytes not taken yet."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._position = 0
        self.waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        block = bytes(data)
        self._blocks.append(block)
        self._position += len(block)
        self.waiting += len(block)
        return len(block)

    def tell(self) -> int:
        return self._position

    def taken(self) -> Iterator[bytes]:
        blocks, self._blocks, self.waiting = self._blocks, [], 0
        if blocks:
            yield b"".join(blocks)
