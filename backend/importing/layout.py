"""What the names of folders and files say about splits: `train/bird/1.jpg`, `bird/val/1.jpg`, `dev.tsv`."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from db.models import Split

SPLITS: Mapping[str, Split] = {
    "train": Split.TRAIN, "training": Split.TRAIN,
    "validation": Split.VALIDATION, "valid": Split.VALIDATION, "val": Split.VALIDATION, "dev": Split.VALIDATION,
    "test": Split.TEST, "testing": Split.TEST,
}  # fmt: skip
TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet", ".pq", ".arrow", ".txt", ".xlsx", ".ods")
# As `datasets` names them, also when there is only one.
SHARD_OF = re.compile(r"[-_.]\d+-of-\d+$")
SHARD = re.compile(r"[-_.]\d+(-of-\d+)?$")
# Our own export puts what has no label there.
NO_CLASS = ("unlabeled", "unlabelled")


class Level(NamedTuple):
    """What the folders above say of a file: the class, or "" when there is none, and the split."""

    folder: str = ""
    split: Split | None = None

    def below(self, name: str, split: Split | None) -> "Level":
        return Level(self.folder, split) if split else Level("" if name.lower() in NO_CLASS else name, self.split)


def split_of(name: str) -> Split | None:
    return SPLITS.get(name.strip().lower())


def of_folders(folders: Collection[str], holds_files: Callable[[str], bool]) -> dict[str, Split]:
    """Which of these folders, that lie side by side, are splits.

    A class may be called "test": it takes two splits side by side, and where classes lie beside them, a split holds no
    files itself but folders.
    """
    named = {name: split for name in folders if (split := split_of(name))}
    if len(set(named.values())) < 2:
        return {}
    if len(named) == len(folders):
        return named
    return {name: split for name, split in named.items() if not holds_files(name)}


def of_tables(names: Iterable[str]) -> dict[str, Split]:
    """Which of the files in one folder are splits by their names; it takes two of them, or `train-00000-of-00001`."""
    named: dict[str, Split] = {}
    for name in names:
        path = PurePosixPath(name)
        split = split_of(SHARD.sub("", path.stem)) if path.suffix.lower() in TABLES else None
        if split:
            named[name] = split
    if len(set(named.values())) > 1:
        return named
    return {name: split for name, split in named.items() if SHARD_OF.search(PurePosixPath(name).stem)}


def of_archive(paths: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], Level]:
    """The level of every folder in an archive, and of those of its files whose names are splits."""
    folders: dict[tuple[str, ...], set[str]] = {(): set()}
    files: dict[tuple[str, ...], list[str]] = {}
    for path in paths:
        files.setdefault(path[:-1], []).append(path[-1])
        for depth in range(len(path) - 1, 0, -1):
            siblings = folders.setdefault(path[: depth - 1], set())
            if path[depth - 1] in siblings:
                break
            siblings.add(path[depth - 1])
    levels: dict[tuple[str, ...], Level] = {(): Level()}
    for above in sorted(folders, key=len):
        splits = of_folders(folders[above], lambda name, above=above: (*above, name) in files)  # type: ignore[misc]
        for name in folders[above]:
            levels[(*above, name)] = levels[above].below(name, splits.get(name))
    for above, names in files.items():
        for name, split in of_tables(names).items():
            levels[(*above, name)] = Level(levels[above].folder, split)
    return levels
