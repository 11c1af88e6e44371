"""The files that an import reads: one file, a folder with all below it, or what is inside a zip or a tar.

Files come in one order that is the same at every walk, so that a resumed import knows what it has done.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from backend import errors
from backend.importing import archives, layout, tars, zips
from backend.importing.layout import Level
from db.models import Split

# What systems leave behind in folders and archives, and what is about the data; nobody means to import it.
LITTER = {
    "thumbs.db", "desktop.ini", "__macosx", "readme.md", "readme.txt", "readme", "license", "license.txt",
    "license.md", "licence", "licence.txt", "citation.cff",
}  # fmt: skip
# What `datasets` writes beside its data.
ABOUT_DATASETS = {"dataset_info.json", "state.json", "dataset_dict.json", "dataset_infos.json"}
UPLOADED = "Uploaded files"
UNREADABLE = archives.UNREADABLE


@dataclass(frozen=True, slots=True)
class File:
    """A file on the disk, or one in the archive at `path`: entry number `entry` of a zip, or at `offset` in a tar.

    `name` is what a person sees. `folder` is the class that the folders above name, `within` the archive or the folder.
    """

    name: str
    path: Path
    size_bytes: int
    key: tuple[str, ...]
    entry: int | None = None
    offset: int | None = None
    folder: str = ""
    split: Split | None = None
    within: str = ""

    def open(self) -> IO[bytes]:
        """Opening and reading raise one of UNREADABLE."""
        if self.offset is not None:
            return tars.opened(self.path, self.offset, self.size_bytes)
        return self.path.open("rb") if self.entry is None else zips.opened(self.path, self.entry)

    @property
    def is_in_archive(self) -> bool:
        return self.entry is not None

    @property
    def is_packed(self) -> bool:
        """Whether it can only be reached by unpacking all that is before it in its archive."""
        return self.offset is not None and tars.is_packed(self.path)

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @property
    def origin(self) -> str:
        """Where its rows are from: the archive, or the file itself."""
        return (self.within if self.is_in_archive else self.name)[:500]


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that is there but cannot be read, with the reason."""

    name: str
    reason: str
    key: tuple[str, ...]


def walk(path: Path) -> Iterator[File | Unusable]:
    """Every file at or below `path` in a fixed order, entries of archives among them. Hidden files are passed over."""
    if path.is_file():
        yield from _opened(File(path.name, path, path.stat().st_size, (path.name,), within=path.name))
        return
    top = UPLOADED if path.parent.name == "uploads" else path.name
    for found in _below(path, (), Level()):
        if isinstance(found, Unusable):
            yield found
            continue
        entry, parts, level = found
        try:
            size_bytes = entry.stat().st_size
        except OSError as error:
            yield Unusable("/".join(parts), f"It cannot be read: {error.strerror}.", parts)
            continue
        within = "/".join(parts[:-1]) or top
        yield from _opened(
            File(
                "/".join(parts), Path(entry.path), size_bytes, parts,
                folder=level.folder, split=level.split, within=within[:500],
            )
        )  # fmt: skip


def _below(
    folder: Path, above: tuple[str, ...], level: Level
) -> Iterator[tuple["os.DirEntry[str]", tuple[str, ...], Level] | Unusable]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted((entry for entry in entries if not is_litter(entry.name)), key=lambda entry: entry.name)
    except OSError as error:
        if not above:
            raise
        # The others come in all the same.
        yield Unusable("/".join(above), f"It cannot be read: {error.strerror}.", above)
        return
    # Links to folders are not followed: they can lead round in a circle.
    folders = {entry.name for entry in listed if entry.is_dir(follow_symlinks=False)}
    splits = layout.of_folders(folders, lambda name: _holds_files(folder / name)) | layout.of_tables(
        entry.name for entry in listed
    )
    is_dataset = is_of_datasets(entry.name for entry in listed)
    for entry in listed:
        parts = (*above, entry.name)
        if entry.name in folders:
            yield from _below(Path(entry.path), parts, level.below(entry.name, splits.get(entry.name)))
        elif _is_file(entry) and not (is_dataset and entry.name in ABOUT_DATASETS):
            yield entry, parts, Level(level.folder, splits.get(entry.name, level.split))


def _is_file(entry: "os.DirEntry[str]") -> bool:
    """Never a pipe, a socket or a device: opening one may wait for ever."""
    try:
        return entry.is_file()
    except OSError:
        # A link round in a circle; a look at its size then says so.
        return True


def _holds_files(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(_is_file(entry) and not is_litter(entry.name) for entry in entries)
    except OSError:
        return False


def is_of_datasets(names: Iterator[str]) -> bool:
    """Whether these files, side by side, are what `save_to_disk` of `datasets` writes."""
    there = ABOUT_DATASETS.intersection(names)
    return "dataset_dict.json" in there or {"dataset_info.json", "state.json"} <= there


def is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in LITTER


def _opened(file: File) -> Iterator[File | Unusable]:
    kind = _archive_kind(file)
    if not kind:
        yield file
        return
    try:
        yield from entries_of(file, kind)
    except errors.BadFile as error:
        yield Unusable(file.name, f"{error.message} {error.hint}", file.key)
    except UNREADABLE as error:
        yield Unusable(file.name, f"It cannot be read: {error}.", file.key)


def _archive_kind(file: File) -> str:
    """ "zip", "tar" or "": by the ending, or by the first bytes when there is none."""
    name = file.name.lower()
    if name.endswith(".zip"):
        return "zip"
    if name.endswith(tars.SUFFIXES):
        return "tar"
    if file.suffix:
        return ""
    try:
        with file.open() as stream:
            head = stream.read(512)
    except OSError:
        return ""
    return "zip" if head.startswith(zips.MAGIC) else "tar" if tars.is_tar(head) else ""


def entries_of(file: File, kind: str = "zip") -> Iterator[File | Unusable]:
    """The files in an archive. Raises BadFile when the archive as a whole is broken or hostile."""
    listed = list(zips.entries(file.path, file.name) if kind == "zip" else tars.entries(file.path, file.name))
    paths = [safe_parts(entry.name) for entry in listed]
    wanted = [bool(parts) and not any(is_litter(part) for part in parts) for parts in paths]
    levels = layout.of_archive(parts for parts, is_wanted in zip(paths, wanted, strict=True) if is_wanted)
    about = _about_datasets(paths)
    for entry, parts, is_wanted in zip(listed, paths, wanted, strict=True):
        # Zero-padded, so that sorted keys are in the order of the archive.
        key = (*file.key, f"{entry.number:09}")
        name = "/".join(parts)
        if entry.reason and (is_wanted or not entry.name):
            yield Unusable(f"{file.name}: {name}" if name else file.name, entry.reason, key)
        elif is_wanted and parts not in about:
            level = levels.get(parts) or levels[parts[:-1]]
            yield File(
                f"{file.name}/{name}", file.path, entry.size_bytes, key, entry.number, entry.offset,
                level.folder, level.split or file.split, file.name[:500],
            )  # fmt: skip


def _about_datasets(paths: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    beside: dict[tuple[str, ...], list[str]] = {}
    for parts in paths:
        if parts and parts[-1] in ABOUT_DATASETS:
            beside.setdefault(parts[:-1], []).append(parts[-1])
    return {(*above, name) for above, names in beside.items() if is_of_datasets(iter(names)) for name in names}


def safe_parts(name: str) -> tuple[str, ...]:
    """A path from a stranger as harmless parts: nothing absolute, no way up, no control characters."""
    parts = name.replace("\\", "/").split("/")
    cleaned = ("".join(letter for letter in part if letter.isprintable()).strip() for part in parts)
    return tuple(part for part in cleaned if part not in ("", ".", "..") and not part.endswith(":"))
