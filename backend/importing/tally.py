"""What an import has done so far: the cursor that a resumed job goes on from, and the report at its end."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from backend.importing.rows import HowRead, Rejection

# It is written with each batch: all rejections are in a file (`rejected`).
REASONS_KEPT = 100
KINDS_KEPT = 50
FILES_KEPT = 100
NAMES_KEPT = 100
# What differs between reasons of one kind: numbers, and what is quoted.
PARTICULARS = re.compile(r'"[^"]*"|\d[\d,.]*\d|\d')


@dataclass
class Tally:
    """`key` and `number`: all up to this row of this file is done."""

    key: list[str] = field(default_factory=list)
    number: int = 0
    imported: int = 0
    duplicates: int = 0
    rejected: int = 0
    labeled: int = 0
    gold: int = 0
    # Duplicates of items in the bin, and those that were found at a place that was not known.
    in_bin: int = 0
    other_places: int = 0
    label_refused: int = 0
    reasons: list[dict[str, str]] = field(default_factory=list)
    # Pattern -> {"reason", "place": of the first, "count"}.
    kinds: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejected_bytes: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    unknown_more: int = 0
    classes_added: list[str] = field(default_factory=list)
    # Of the labels that came with the data: one undo takes all of them back.
    decision_id: int | None = None
    is_finished: bool = False

    @property
    def seen(self) -> int:
        return self.imported + self.duplicates + self.rejected

    def as_cursor(self) -> dict[str, Any]:
        return vars(self).copy()

    def reject(self, rejection: Rejection) -> None:
        self.rejected += 1
        if len(self.reasons) < REASONS_KEPT:
            self.reasons.append({"place": rejection.place, "reason": rejection.reason})
        pattern = PARTICULARS.sub("…", rejection.reason)
        if pattern not in self.kinds and len(self.kinds) >= KINDS_KEPT:
            pattern = ""
        kind = self.kinds.setdefault(pattern, {"reason": rejection.reason, "place": rejection.place, "count": 0})
        kind["count"] += 1

    def note(self, how: HowRead) -> None:
        if len(self.files) < FILES_KEPT:
            self.files.append(how._asdict())

    def miss(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self.unknown or len(self.unknown) < NAMES_KEPT:
                self.unknown[name] = self.unknown.get(name, 0) + 1
            else:
                self.unknown_more += 1

    def as_report(self) -> dict[str, Any]:
        encodings = dict.fromkeys(each["encoding"] for each in self.files if each["encoding"])
        return {
            "imported": self.imported,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "reasons": self.reasons,
            "reasons_left_out": self.rejected - len(self.reasons),
            "reasons_by_kind": sorted(self.kinds.values(), key=lambda kind: -kind["count"]),
            "rejected_bytes": self.rejected_bytes,
            "labels": self.labeled,
            "gold": self.gold,
            "in_bin": self.in_bin,
            "other_places": self.other_places,
            "unknown_labels": self.unknown,
            "classes_added": self.classes_added,
            "encoding": ", ".join(encodings) or None,
            "files": self.files,
            "notes": list(self._notes()),
        }

    def _notes(self) -> Iterable[str]:
        """What a person should know beyond the numbers, in sentences."""
        for each in self.files:
            if each["encoding"] in ("Windows-1252", "Latin-1"):
                yield (
                    f"{each['file']} is not UTF-8 and was read as {each['encoding']}. If letters look wrong, save "
                    "it as UTF-8 and import it again."
                )
        if self.in_bin:
            yield (
                f"{self.in_bin:,} duplicates are of items in the bin, and stay there. Restore them on the Data page to "
                "have them back."
            )
        if self.unknown:
            count = sum(self.unknown.values()) + self.unknown_more
            most = sorted(self.unknown, key=self.unknown.__getitem__, reverse=True)
            names = ", ".join(f'"{name}" ({self.unknown[name]:,})' for name in most[:8])
            more = ", …" if len(most) > 8 or self.unknown_more else ""
            yield (
                f"{count:,} labels name no class of this project: {names}{more}. Add these classes and import the same "
                "data again: it then gets its labels."
            )
        if self.label_refused:
            yield (
                f"{self.label_refused:,} items came with several classes, and this project gives one class to an item. "
                "They have no label from the data."
            )


def of(cursor: dict[str, Any] | None) -> Tally:
    """Of a cursor that another version wrote, what this one knows."""
    known = {each.name for each in fields(Tally)}
    return Tally(**{name: value for name, value in (cursor or {}).items() if name in known})
