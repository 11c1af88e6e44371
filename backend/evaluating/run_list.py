"""All runs of a project as a list that can be searched, narrowed down and put into groups.

Run: rows = run_list.of(session, project, listed); run_list.fitting(rows, Wanted(words="lora")); run_list.groups(rows,
"method"). Words for what a run is are made here once, so that a filter and a group say the same.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import mean, stdev

from backend.evaluating import sparklines
from backend.models import catalogue
from backend.training import class_sets, disk
from backend.training.setting import METHOD_TITLES
from db import comparison as rows
from db import jobs, sweeps
from db.comparison import Data, Listed, More
from db.models import JobState, Project, Split
from db.session import Session

NONE = "none"


@dataclass(frozen=True)
class Row:
    """A run with all that the list shows. best, last: of `more.metric` on the validation items."""

    run: Listed
    more: More
    data: Data | None
    base: str
    sweep: str
    recipe: str
    class_set: str
    disk_bytes: int

    @property
    def best(self) -> float | None:
        return sparklines.best(self.more.points, self.more.metric)

    @property
    def last(self) -> float | None:
        return self.more.points[-1] if self.more.points else None


@dataclass(frozen=True)
class Wanted:
    """Which runs: of a field with several values one of them, and of several fields all. () and "" ask for nothing."""

    words: str = ""
    state: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    is_starred: bool = False


@dataclass(frozen=True)
class Group:
    """Runs that have something in common. mean, spread: of the test macro-F1; None where there is too little.

    best: the run that is best on the validation items, so that its test figure still is of items unseen.
    """

    name: str
    run_ids: list[int]
    best: Row | None
    mean: float | None
    spread: float | None
    seeds: int
    newest: datetime


def of(session: Session, project: Project, listed: Sequence[Listed]) -> list[Row]:
    more = rows.more(session, [run.id for run in listed])
    data = rows.data(session, list({run.snapshot_id for run in listed if run.snapshot_id is not None}))
    names = sweeps.names(session, {run.sweep_id for run in listed if run.sweep_id is not None})
    used = {each.spec["recipe_id"] for each in more.values() if each.spec.get("recipe_id")}
    recipes = rows.recipe_names(session, list(used))
    sets = class_sets.of_runs(session, project, listed)
    titles = {base: catalogue.title_of(base) if base else "" for base in {run.base for run in listed}}
    return [
        Row(
            run,
            more[run.id],
            data.get(run.snapshot_id or 0),
            titles[run.base],
            names.get(run.sweep_id or 0, ""),
            recipes.get(more[run.id].spec.get("recipe_id") or 0, ""),
            sets.get(run.id, ""),
            (disk.of_run if is_at_work(run) else disk.of_ended)(run.id).total_bytes,
        )
        for run in listed
        # One that was deleted between the queries is in none of them.
        if run.id in more
    ]


def is_at_work(run: Listed) -> bool:
    return JobState(run.state) in jobs.ACTIVE


def sizes(data: Data) -> dict[str, int]:
    """Split -> how many labels it has: as many as items, where an item has one."""
    return {split: sum((data.counts.get(split) or {}).values()) for split in Split}


def _settings(row: Row) -> str:
    """Runs of the same settings and the same data have the same, whatever their seed."""
    spec = {name: value for name, value in row.more.spec.items() if name != "seed"}
    return json.dumps([spec, row.run.snapshot_id], sort_keys=True)


# What a run is by a field of `Wanted` or of `groups`, in words. A run may have several tags.
FIELDS: dict[str, Callable[[Row], list[str]]] = {
    "state": lambda row: [str(row.run.state)],
    "method": lambda row: [METHOD_TITLES.get(row.run.method or "", row.run.method or NONE)],
    "base": lambda row: [row.base or NONE],
    "tag": lambda row: list(row.run.tags) or [NONE],
    "data": lambda row: [f"Data {row.data.id}" if row.data else NONE],
    "sweep": lambda row: [row.sweep or NONE],
    "recipe": lambda row: [row.recipe or NONE],
    "settings": lambda row: [_settings(row)],
}


def choices(found: Sequence[Row], field: str) -> list[str]:
    """Every value of the field among these runs; what says nothing comes last."""
    values = {value for row in found for value in FIELDS[field](row)}
    return sorted(values, key=lambda value: (value == NONE, _natural(value)))


def _natural(value: str) -> tuple[str, int]:
    """ "Data 10" after "Data 9"."""
    words, _, number = value.rpartition(" ")
    return (words, int(number)) if number.isdecimal() and len(number) < 19 else (value.casefold(), 0)


def fitting(found: Sequence[Row], wanted: Wanted) -> list[Row]:
    words = wanted.words.casefold().split()
    fields = {
        name: set(asked) for name in ("state", "method", "base", "tag", "data") if (asked := getattr(wanted, name))
    }
    return [
        row
        for row in found
        if (row.run.is_starred or not wanted.is_starred)
        and all(asked.intersection(FIELDS[name](row)) for name, asked in fields.items())
        and _has(row, words)
    ]


def _has(row: Row, words: Sequence[str]) -> bool:
    """Every word is somewhere in its name, note or tags, or is its number: "#12"."""
    text = " ".join((row.run.name, row.more.note, *row.run.tags)).casefold() if words else ""
    return all(word in text or word == f"#{row.run.id}" for word in words)


def groups(found: Sequence[Row], by: str) -> list[Group]:
    """The best mean first. A run with several tags is in several groups."""
    parts: dict[str, list[Row]] = {}
    for row in found:
        for value in FIELDS[by](row):
            parts.setdefault(value, []).append(row)
    named: Callable[[str, Sequence[Row]], str] = _named_by_oldest if by == "settings" else _as_it_is
    made = [_group(named(value, part), part) for value, part in parts.items()]
    return sorted(made, key=lambda group: (group.mean is None, -(group.mean or 0), group.name))


def _as_it_is(value: str, _part: Sequence[Row]) -> str:
    return value


def _named_by_oldest(_value: str, part: Sequence[Row]) -> str:
    oldest = min(part, key=lambda row: row.run.id).run
    return f"As run {oldest.id}, {oldest.name}" if oldest.name else f"As run {oldest.id}"


def _group(name: str, part: Sequence[Row]) -> Group:
    scores = [row.run.f1_macro for row in part if row.run.f1_macro is not None]
    return Group(
        name,
        [row.run.id for row in part],
        _best(part),
        mean(scores) if scores else None,
        # Of a sample: n - 1.
        stdev(scores) if len(scores) > 1 else None,
        len({row.more.spec.get("seed") for row in part}),
        max(row.run.created_at for row in part),
    )


def _best(part: Sequence[Row]) -> Row | None:
    judged = [row for row in part if row.best is not None]
    # Figures of another kind cannot be held against these.
    alike = [row for row in judged if row.more.metric == judged[0].more.metric]
    sign = -1 if judged and judged[0].more.metric in sparklines.LOWER_IS_BETTER else 1
    return max(alike, key=lambda row: sign * (row.best or 0), default=None)
