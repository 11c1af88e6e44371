"""Which id a row had where it comes from, and which it has here."""

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from backend.archives.container import bad
from db.models import Kind

Row = dict[str, Any]


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

    def upto(self, old: int) -> int:
        """The last row that is not behind this one, which may be gone; 0 when there is none."""
        place = bisect_right(self.old, min(old, 1 << 62)) if old > 0 else 0
        return self.new[place - 1] if place else 0

    def get(self, old: Any) -> int:
        """Raises BadFile when there is no such row in the archive."""
        found = self.find(old)
        if found is None:
            raise bad(f"something in it names number {str(old)[:30]} of its {self.part.replace('_', ' ')}: not there")
        return found


class Mapped:
    """The ids of all parts so far, and what is known of the project."""

    def __init__(self, kind: Kind, job_id: int, project_id: int | None) -> None:
        self.kind, self.job_id, self.salt = kind, job_id, f"{job_id}-{project_id}"
        self.ids: dict[str, Ids] = {}
        # {"id" as it was, "fingerprint" as it was, "classes" with new ids} of each.
        self.snapshots: list[Row] = []

    def of(self, part: str) -> Ids:
        return self.ids.setdefault(part, Ids(part))

    def classes(self, old: Any) -> list[int]:
        if not isinstance(old, list):
            raise bad("a list of classes in it is no list")
        return [self.of("classes").get(each) for each in old]

    def event_id(self, old: str) -> str:
        """Events have ids that are unique on a machine: here they get their own, still together as they were."""
        head, slash, tail = old.rpartition("/")
        if not (slash and tail.isdecimal()):
            return self._salted(old)
        item_id = self.of("items").find(int(tail[:19]))
        return f"{self._salted(head)}/{item_id}" if item_id else self._salted(old)

    def _salted(self, text: str) -> str:
        return hashlib.sha256(f"{self.salt}/{text}".encode()).hexdigest()[:40]
