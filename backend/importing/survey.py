"""A first look over everything to import: how many items to expect, what text files are, which tables name images."""

import time
from pathlib import Path
from typing import Any, NamedTuple

from backend import errors
from backend.importing import arrows, formats, named_images
from backend.importing.found import UNREADABLE, File, walk
from backend.importing.rows import Plan
from db.models import Kind

SAMPLE_BYTES = 200_000


class Survey(NamedTuple):
    plan: Plan
    expected: int
    is_whole: bool
    has_texts: bool


def of(
    path: Path,
    kind: Kind,
    chosen: dict[str, Any],
    class_names: tuple[str, ...],
    *,
    upto_s: float | None = None,
    first_bytes: int | None = None,
) -> Survey:
    """The number is exact for images and Parquet, and otherwise judged from the start of each file.

    `upto_s`: look for no longer, as a preview does.
    """
    began = time.monotonic()
    expected = plain_texts = plain_lines = 0
    listed: list[File] = []
    images: list[File] = []
    is_whole = True
    for file in walk(path):
        if upto_s is not None and time.monotonic() - began > upto_s:
            is_whole = False
            break
        form = _form(file) if isinstance(file, File) else ""
        if not isinstance(file, File) or not form:
            expected += 1
        elif kind == Kind.TEXT and form == "txt":
            plain_texts += 1
            plain_lines += _lines(file)
        elif kind == Kind.IMAGE and form in formats.TABLES:
            listed.append(file)
        else:
            expected += _rows(file, form, kind)
            if kind == Kind.IMAGE:
                images.append(file)
    choice = chosen.get("as")
    is_file_an_item = choice == "files" or (choice is None and plain_texts > 1)
    plan = Plan(kind, chosen, class_names, is_file_an_item, first_bytes=first_bytes)
    if listed:
        plan = plan._replace(beside=named_images.of(listed, images, plan))
        expected += sum(_rows(file, _form(file), kind) for file in listed if not in_plan(plan, file))
    return Survey(plan, expected + (plain_texts if is_file_an_item else plain_lines), is_whole, plain_texts > 0)


def in_plan(plan: Plan, file: File) -> bool:
    return plan.beside is not None and file.name in plan.beside.tables


def _form(file: File) -> str:
    try:
        return formats.format_of(file)
    except UNREADABLE:
        return ""


def _rows(file: File, form: str, kind: Kind) -> int:
    if form in ("parquet", "arrow"):
        try:
            with arrows.opened(file, form) as table:
                return table.number or _lines(file) // 10
        except (errors.BadFile, *UNREADABLE):
            return 1
    return 1 if kind == Kind.IMAGE or form not in ("csv", "jsonl", "fasttext") else _lines(file)


def _lines(file: File) -> int:
    """Line ends outside of quotes, counted at the start and reckoned for the rest."""
    try:
        with file.open() as stream:
            sample = stream.read(SAMPLE_BYTES)
    except UNREADABLE:
        return 1
    outside = sample.split(b'"')[::2] if file.suffix in (".csv", ".tsv", ".json", ".jsonl") else [sample]
    ends = sum(part.count(b"\n") for part in outside)
    return max(1, round(ends * file.size_bytes / max(1, len(sample))))
