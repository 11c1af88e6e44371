"""Which id a row had where it comes from, and which it has here."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from backend.archives.container import bad


class Ids:
    """Old ids to new ones, 16 bytes a row. Old ids come in ascending order."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.old, self.new = array("q"), array("q")

    def add(self, old: Sequence[int], new: Sequence[int]) -> None:
        """Raises BadFile when an id comes twice or out of order."""
        last = self.old[-1] if self.old else 0
        for each in old:
            if not last < each < 1 << 62:
                raise bad(f"the {self.part.replace('_', ' ')} in it are not in the order of their ids")
            last = each
        self.old.extend(old)
        self.new.extend(new)

    def find(self, old: Any) -> int | None:
        if type(old) is not int:
            return None
        place = bisect_left(self.old, old) if -(1 << 62) < old < 1 << 62 else 0
        return self.new[place] if place < len(self.old) and self.old[place] == old else None

    def get(self, old: Any) -> int:
        """Raises BadFile when there is no such row in the archive."""
        found = self.find(old)
        if found is None:
            raise bad(f"something in it names number {str(old)[:30]} of its {self.part.replace('_', ' ')}: not there")
        return found
