"""Pictures that a run cannot read: named and left out of it, while the snapshot stays what it is.

Looked for before the baselines: whether each file is there, and whether those decode that were never decoded before. A
picture that goes later, while the run works, ends it with its name; the resumed run leaves that one out too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from backend import blobs, errors, thumbs
from backend.encoding import default_encoder, encode, images
from backend.jobs.progress import Handle
from backend.training import readiness
from backend.training.snapshots import Frozen, Rows
from db import items, runs
from db.models import Kind, Run, Split
from db.session import reading, writing

# Of each item its id, name and reason.
Skipped = list[dict[str, Any]]
MOST_NAMES = 3
# Pictures that are decoded between two looks at the wish to stop.
CHUNK = 256


def without_broken(handle: Handle, data: Frozen, before: Sequence[Mapping[str, Any]] = ()) -> tuple[Frozen, Skipped]:
    """The data without what cannot be read, and what that is.

    before: what an attempt before left out: it stays out, so that a resumed run has the same data.
    Raises BadFile when that is more than half, or when nothing is left for a split or to learn a class from.
    """
    if data.kind != Kind.IMAGE:
        return data, []
    known = {each["item_id"]: dict(each) for each in before}
    found = broken(handle, [each for each in everything(data) if each[0] not in known])
    skipped = sorted([*known.values(), *told_of(found)], key=lambda each: each["item_id"])
    left = without(data, {each["item_id"] for each in skipped})
    if skipped:
        check(data, left, skipped)
    return left, skipped


def everything(data: Frozen) -> list[tuple[int, bytes]]:
    """(item id, content hash) of all items."""
    found = []
    for rows in data.parts.values():
        found += [
            (item_id, content_hash) for item_id, (content_hash, _) in zip(rows.item_ids, rows.contents, strict=True)
        ]
    return found


def broken(handle: Handle, pictures: Sequence[tuple[int, bytes]]) -> dict[int, str]:
    """Item id -> why its picture cannot be read. What has a vector was decoded once, and is not decoded again."""
    found = gone(pictures)
    there = [(item_id, content_hash) for item_id, content_hash in pictures if item_id not in found]

    def on_progress(done: int, total: int) -> None:
        handle.report(0, None, f"Reading pictures for the baselines: {done:,} of {total:,}")

    unreadable: set[bytes] = set()
    contents = [(content_hash, None) for _, content_hash in there]
    encode.ensure(default_encoder(Kind.IMAGE), contents, on_progress, unreadable)
    return found | {item_id: why(each) for item_id, each in there if each in unreadable}


def gone(pictures: Iterable[tuple[int, bytes]]) -> dict[int, str]:
    """Item id -> where its file went, of those without one."""
    paths = ((item_id, blobs.path_of(content_hash)) for item_id, content_hash in pictures)
    return {item_id: blobs.why_gone(path)[0] for item_id, path in paths if not path.exists()}


def why(content_hash: bytes) -> str:
    try:
        thumbs.rgb(blobs.path_of(content_hash))
    except errors.BadFile as error:
        return error.message
    return "The file could not be read when the run began."


def told_of(reasons: Mapping[int, str]) -> Skipped:
    with reading() as session:
        sources = {item.id: item.source for item in items.by_ids(session, list(reasons))}
    return [
        {"item_id": item_id, "name": sources.get(item_id) or f"item {item_id}", "reason": reason}
        for item_id, reason in reasons.items()
    ]


def without(data: Frozen, item_ids: set[int]) -> Frozen:
    if not item_ids:
        return data
    return replace(data, parts={split: left_of(rows, item_ids) for split, rows in data.parts.items()})


def left_of(rows: Rows, item_ids: set[int]) -> Rows:
    return rows.taken(row for row, item_id in enumerate(rows.item_ids) if item_id not in item_ids)


def check(data: Frozen, left: Frozen, skipped: Skipped) -> None:
    """Raises BadFile when too little is left."""
    total = sum(data.counts().values())
    hint = f"{skipped[0]['name']}: {skipped[0]['reason']} Import these pictures again, or label others."
    if 2 * len(skipped) > total:
        raise errors.BadFile(f"{len(skipped):,} of the {total:,} pictures cannot be read.", hint)
    for split, rows in left.parts.items():
        if data.parts[split] and not rows:
            raise errors.BadFile(f"None of the pictures for {split.value} can be read.", hint)
    taught, could = ({each for row in found.parts[Split.TRAIN].targets for each in row} for found in (left, data))
    if short := [f'"{data.names[position]}"' for position in sorted(could - taught)]:
        raise errors.BadFile(f"None of the pictures to learn {readiness.in_words(short[:5])} from can be read.", hint)


def in_words(skipped: Skipped) -> str:
    """ "2 pictures were left out: a.png and b.png." Empty when none was."""
    if not skipped:
        return ""
    names = [each["name"] for each in skipped[:MOST_NAMES]]
    if len(skipped) > MOST_NAMES:
        names.append(f"{len(skipped) - MOST_NAMES:,} more")
    what = "1 picture was" if len(skipped) == 1 else f"{len(skipped):,} pictures were"
    return f"{what} left out: {readiness.in_words(names)}."


@contextmanager
def naming(handle: Handle, run: Run, data: Frozen) -> Iterator[None]:
    """Inside, a picture that can no longer be read is named, and noted so that the resumed run leaves it out."""
    try:
        yield
    except errors.BadFile as error:
        if data.kind != Kind.IMAGE or not (lost := told_of(unreadable_now(handle, data))):
            raise
        run.environment = run.environment | {"skipped": [*run.environment.get("skipped", ()), *lost]}
        with writing() as session:
            runs.write(session, run.id, environment=run.environment)
        also = f" {len(lost) - 1:,} more pictures cannot be read either." if len(lost) > 1 else ""
        raise errors.BadFile(
            f'"{lost[0]["name"]}" cannot be read any more: {lost[0]["reason"]}{also}',
            "Resume leaves it out." if len(lost) == 1 else "Resume leaves them out.",
        ) from error


def unreadable_now(handle: Handle, data: Frozen) -> dict[int, str]:
    """Item id -> why, of every picture; each is decoded."""
    found = gone(everything(data))
    there = [each for each in everything(data) if each[0] not in found]
    for start in range(0, len(there), CHUNK):
        some = there[start : start + CHUNK]
        handle.report(0, None, f"Looking for the picture that cannot be read: {start:,} of {len(there):,}")
        decodes = images.each([content_hash for _, content_hash in some], 0, lambda _: True)
        found |= {item_id: why(each) for (item_id, each), fine in zip(some, decodes, strict=True) if not fine}
    return found
