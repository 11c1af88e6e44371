"""The items of a project as they leave it, column by column, a few thousand at a time.

The memory does not grow with the project, and no transaction is open while a block waits for its reader. What is
changed meanwhile shows or not, as it comes; an item, a class or the project that is gone is left out.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from mimetypes import guess_extension
from pathlib import PurePosixPath
from typing import Any

from backend import errors, projects
from backend.exporting.fields import REST, Chosen
from db import items, runs, suggestions, taking_out
from db.items import Filter
from db.models import Project
from db.session import Session, reading

# The first batch is small, so that the first bytes come at once.
FIRST, BATCH = 200, 4_000
# Columns that are more than what the item itself has.
MADE = ("label", "labels", "file", "annotator", "decided_at", "seconds", "sources", "gold")
Columns = dict[str, list[Any]]


def batches(project: Project, chosen: Chosen, wanted: Filter, *, size: int = BATCH) -> Iterator[Columns]:
    """Columns by name, all of one length, by id. Besides those chosen "id", "content_hash" and "class_ids"."""
    after, limit = 0, min(FIRST, size)
    while True:
        with reading() as session:
            try:
                projects.get(session, project.id)
            except errors.NotFound:
                # Deleted while it is sent.
                return
            ids = sorted(items.ids(session, project.id, wanted, after=after, limit=limit))
            batch = _Batch(session, project, chosen, ids).columns() if ids else {}
        if batch and batch["id"]:
            yield batch
        if len(ids) < limit:
            return
        after, limit = ids[-1], size


@dataclass
class _Batch:
    """What is asked of the database for one batch; each column is made by the function of its name."""

    session: Session
    project: Project
    chosen: Chosen
    asked: Sequence[int]

    def columns(self) -> Columns:
        self.names = taking_out.classes(self.session, self.project.id)
        raw = taking_out.columns(self.session, self.asked, self._needed())
        self.raw: dict[str, list[Any]] = dict(zip(self._needed(), raw, strict=True))
        self.ids = self.raw["id"]
        self.order = {class_id: place for place, class_id in enumerate(self.names)}
        found = taking_out.class_ids(self.session, self.ids)
        self.class_ids = [self._known(found.get(item_id)) for item_id in self.ids]
        made: Columns = {"id": self.ids, "content_hash": self.raw["content_hash"], "class_ids": self.class_ids}
        made |= self._said("suggestion", self._guesses()) if self._has("suggestion", "confidence", "scores") else {}
        for column, run_id in self.chosen.runs.items():
            made |= self._said(column, self._answers(run_id))
        for name in self.chosen.names:
            if name not in made:
                made[name] = self._column(name)
        return made

    def _has(self, *names: str) -> bool:
        return any(name in self.chosen.names for name in names)

    def _needed(self) -> list[str]:
        wanted = {
            "text": ("text",), "file": ("source", "media_type"), "status": ("status",), "split": ("split",),
            "annotator": ("annotator_id",), "decided_at": ("decided_at",), "seconds": ("last_event_id",),
            "source": ("source",),
        }  # fmt: skip
        needed = ["id", "content_hash", *(each for name in self.chosen.names for each in wanted.get(name, ()))]
        return list(dict.fromkeys([*needed, "meta"] if self.chosen.meta else needed))

    def _known(self, class_ids: list[int] | None) -> list[int]:
        """In the order of the classes."""
        if not class_ids:
            return []
        if len(class_ids) == 1:
            return class_ids if class_ids[0] in self.order else []
        return sorted((each for each in class_ids if each in self.order), key=self.order.__getitem__)

    def _column(self, name: str) -> list[Any]:
        made = getattr(self, f"_{name}", None) if name in MADE else None
        if made:
            return list(made())
        if name in self.chosen.meta:
            return [self._meta(meta, self.chosen.meta[name]) for meta in self.raw["meta"]]
        return self.raw[name]

    def _label(self) -> Iterator[str | None]:
        return (self.names[each[0]] if each else None for each in self.class_ids)

    def _labels(self) -> Iterator[list[str]]:
        return ([self.names[class_id] for class_id in each] for each in self.class_ids)

    def _file(self) -> Iterator[str]:
        return map(file_name, self.ids, self.raw["source"], self.raw["media_type"])

    def _annotator(self) -> Iterator[str | None]:
        people = taking_out.annotators(self.session)
        return map(people.get, self.raw["annotator_id"])

    def _decided_at(self) -> Iterator[str | None]:
        return (each.isoformat() if each else None for each in self.raw["decided_at"])

    def _seconds(self) -> Iterator[float | None]:
        took = taking_out.seconds(self.session, [each for each in self.raw["last_event_id"] if each])
        return map(took.get, self.raw["last_event_id"])

    def _sources(self) -> Iterator[list[str]]:
        others = taking_out.sources(self.session, self.ids)
        return (others.get(item_id, []) for item_id in self.ids)

    def _gold(self) -> Iterator[list[str]]:
        gold = taking_out.class_ids(self.session, self.ids, gold=True)
        return ([self.names[each] for each in self._known(gold.get(item_id))] for item_id in self.ids)

    def _meta(self, meta: Mapping[str, Any] | None, key: str) -> Any:
        if key or not meta:
            return (meta or {}).get(key)
        known = set(self.chosen.meta.values())
        return {each: value for each, value in meta.items() if each not in known} or None

    def _guesses(self) -> tuple[dict[int, tuple[int, float, bytes]], list[str | None]]:
        used = suggestions.get_set(self.session, self.chosen.set_id) if self.chosen.set_id else None
        if used is None:
            return {}, []
        names = [self.names.get(each) for each in used.class_ids]
        return taking_out.guesses(self.session, used.id, self.ids), names

    def _answers(self, run_id: int) -> tuple[dict[int, tuple[int, float, bytes]], list[str | None]]:
        run = runs.get(self.session, run_id)
        snapshot = runs.get_snapshot(self.session, run.snapshot_id) if run and run.snapshot_id else None
        if snapshot is None:
            return {}, []
        names: list[str | None] = [each["name"] for each in snapshot.classes]
        return taking_out.answers(self.session, run_id, self.ids), names

    def _said(self, name: str, found: tuple[dict[int, tuple[int, float, bytes]], list[str | None]]) -> Columns:
        """The class that a model says, how sure it is, and its scores by class name."""
        said, names = found
        each = [said.get(item_id) for item_id in self.ids]
        is_run = name != "suggestion"
        told = partial(_name_of, names) if is_run else lambda one: self.names.get(one[0])
        columns: Columns = {
            name: [told(one) if one else None for one in each],
            f"{name}_confidence" if is_run else "confidence": [round(one[1], 4) if one else None for one in each],
        }
        scores = f"{name}_scores" if is_run else "scores"
        if self._has(scores):
            columns[scores] = [_scores(names, one[2]) if one else None for one in each]
        return columns


def _name_of(names: Sequence[str | None], said: tuple[int, float, bytes]) -> str | None:
    """A run's classes are those of its snapshot: its best score says which."""
    scores = array("f", said[2])
    return names[scores.index(max(scores))] if len(scores) == len(names) and len(scores) else None


def _scores(names: Sequence[str | None], packed: bytes) -> dict[str, float]:
    scores = array("f", packed)
    if len(scores) != len(names):
        return {}
    return {name: round(score, 4) for name, score in zip(names, scores, strict=True) if name is not None}


def file_name(item_id: int, source: str, media_type: str | None) -> str:
    """The name the image came with; an ending is added when it had none."""
    name = PurePosixPath(source.replace("\\", "/")).name or f"item-{item_id}"
    if PurePosixPath(name).suffix or media_type is None:
        return name
    return name + (guess_extension(media_type) or "")


def plain(chosen: Chosen) -> tuple[str, ...]:
    """The columns whose cells are lists or objects, which a table of texts holds as JSON."""
    nested = {"sources", "gold", "scores", REST, *chosen.meta, *(f"{column}_scores" for column in chosen.runs)}
    return tuple(name for name in chosen.names if name in nested)
