"""The zip that an archive comes in, which a stranger may have made: opened, looked through, read a line at a time."""

import hashlib
import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from backend import errors, settings
from db import archives
from db.models import Kind

FORMAT, VERSION = "winnow-project", 1
MANIFEST, GONE = "manifest.json", "gone.json"
MANIFEST_BYTES = 1_000_000
# One row: a text of ten million letters, written as JSON.
LINE_BYTES = 64_000_000
# Tables shrink to a tenth, of scores that repeat to a fiftieth. More is a bomb.
MOST_SHRUNK = 200
SMALL_BYTES = 50_000_000
COPY_BYTES = 1 << 20
IMAGE_BYTES = 1_000_000_000
SPARE_BYTES = 200_000_000
TABLE = re.compile(r"tables/[a-z_]+\.jsonl")
IMAGE = re.compile(r"images/[0-9a-f]{64}")
SNAPSHOT = re.compile(r"snapshots/[0-9a-f]{64}\.parquet")
# What a model is made of. Weights as safetensors only: other formats may hold programs.
ARTIFACT = re.compile(r"runs/\d{1,18}/model/(?:[\w-][\w .+-]{0,99}/){0,3}[\w-][\w .+-]{0,150}")
ARTIFACT_ENDINGS = (".safetensors", ".json", ".txt", ".md", ".model")
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, UnicodeError)
AGAIN = "Make the archive again on the machine that it comes from."


def bad(what: str) -> errors.BadFile:
    return errors.BadFile(f"This archive cannot be imported: {what}.", AGAIN)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Raises BadFile when it is no zip, or holds anything that an archive of a project has no place for."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, path.stat().st_size)
            yield archive
    except BROKEN as error:
        raise bad(f"it is no zip, or a damaged one ({type(error).__name__}: {str(error)[:100]})") from error


def _check_entries(archive: zipfile.ZipFile, size_bytes: int) -> None:
    names: set[str] = set()
    unpacked = 0
    for entry in archive.infolist():
        name = entry.filename
        if name in names:
            raise bad(f'"{name[:100]}" is in it twice')
        names.add(name)
        if (entry.external_attr >> 16) & 0o170000 not in (0, 0o100000):
            raise bad(f'"{name[:100]}" is no file')
        if entry.flag_bits & 1:
            raise bad(f'"{name[:100]}" is locked with a password')
        if not _belongs(name):
            raise bad(f'"{name[:100]}" does not belong in it')
        if entry.file_size > SMALL_BYTES and entry.file_size > MOST_SHRUNK * max(1, entry.compress_size):
            raise bad(f'"{name[:100]}" unpacks to {entry.file_size:,} bytes, far more than it should')
        if IMAGE.fullmatch(name) and entry.file_size > IMAGE_BYTES:
            raise bad(f'the image "{name[:100]}" is too large')
        unpacked += entry.file_size
    if unpacked > SMALL_BYTES and unpacked > MOST_SHRUNK * size_bytes:
        raise bad(f"it unpacks to {unpacked:,} bytes, far more than it should")
    if MANIFEST not in names:
        raise bad("it has no manifest.json, so it is no project of Winnow")
    free_bytes = shutil.disk_usage(settings.home()).free
    if unpacked + SPARE_BYTES > free_bytes:
        raise errors.Unavailable(
            f"There is no room for this project: it needs {unpacked / 1e6:,.0f} MB, and {free_bytes / 1e6:,.0f} MB are "
            "free.",
            "Free some room and resume.",
        )


def _belongs(name: str) -> bool:
    if name in (MANIFEST, GONE) or any(form.fullmatch(name) for form in (TABLE, IMAGE, SNAPSHOT)):
        return True
    return bool(ARTIFACT.fullmatch(name)) and name.lower().endswith(ARTIFACT_ENDINGS)


def manifest_of(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Raises BadFile when this version cannot read the archive, or a part of it is missing."""
    if archive.getinfo(MANIFEST).file_size > MANIFEST_BYTES:
        raise bad("its manifest.json is too long")
    manifest = parsed(archive.read(MANIFEST), MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise bad("its manifest.json is not that of a project")
    version = manifest.get("version")
    if type(version) is not int or version < 1:
        raise bad("its manifest.json names no version")
    if version > VERSION:
        raise errors.BadFile(
            f"This archive has version {version}; this Winnow reads up to version {VERSION}.", "Update Winnow."
        )
    project = manifest.get("project")
    if not isinstance(project, dict) or project.get("kind") not in list(Kind):
        raise bad("its manifest.json does not say what kind of project it is")
    if not isinstance(project.get("name"), str) or type(project.get("multi_label")) is not bool:
        raise bad("its manifest.json does not describe a project")
    there = set(archive.namelist())
    for part in archives.PARTS:
        if table_name(part.name) not in there:
            raise bad(f"{table_name(part.name)} is missing")
    return manifest


def table_name(part: str) -> str:
    return f"tables/{part}.jsonl"


def parsed(data: bytes, name: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise bad(f"{name} is no valid JSON") from None


def lines(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[list[str], list[Any], int]]:
    """(columns, values, bytes of the line) of every row."""
    name = table_name(part)
    with archive.open(name) as file:
        names = parsed(_line(file, name), name)
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            raise bad(f"the first line of {name} does not name its columns")
        while line := _line(file, name):
            values = parsed(line, name)
            if not isinstance(values, list) or len(values) != len(names):
                raise bad(f"a row of {name} has not as many values as the table has columns")
            yield names, values, len(line)


def _line(file: IO[bytes], name: str) -> bytes:
    line = file.readline(LINE_BYTES + 1)
    if len(line) > LINE_BYTES:
        raise bad(f"a row of {name} is too long")
    return line


def image(archive: zipfile.ZipFile, content_hash: bytes) -> bytes:
    """The bytes of an image. Raises BadFile when they are missing, or others than their name says."""
    name = f"images/{content_hash.hex()}"
    try:
        data = archive.read(name)
    except KeyError:
        raise bad(f"the image {content_hash.hex()[:12]}… is missing") from None
    if hashlib.sha256(data).digest() != content_hash:
        raise bad(f"the image {content_hash.hex()[:12]}… is not the one that its name says")
    return data
