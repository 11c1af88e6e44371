"""Rows as they will be stored: hashed and mended. Made beside the process that stores them; knows no database."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from backend.importing.pictures import Picture
from backend.importing.rows import Found, HowRead, Rejection, Row, Step

# So much is held at once at the most; a single text may be as long by itself.
LETTERS = 1_000_000
CHUNK = 500


class Ready(NamedTuple):
    """An item to be. `meta` is JSON; `labels` are names."""

    content_hash: bytes
    text: str | None
    media_type: str | None
    width: int | None
    height: int | None
    source: str
    meta: str | None
    split: str | None
    labels: tuple[str, ...] = ()
    origin: str = ""


class Made(NamedTuple):
    """What became of a step."""

    key: tuple[str, ...]
    number: int
    what: Ready | Rejection | HowRead


def texts(steps: Iterable[Step]) -> Iterator[Made]:
    for key, number, found in steps:
        yield Made(key, number, of_text(found) if isinstance(found, Row) else found)


def of_text(row: Row) -> Ready:
    text = row.text or ""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        text = mended(text)
        data = text.encode()
    labels = row.labels if not row.labels else tuple(map(mended, row.labels))
    meta = None if row.meta is None else json_of(row.meta)
    digest = hashlib.sha256(data).digest()
    return Ready(digest, text, None, None, None, mended(row.source), meta, row.split, labels, mended(row.origin))


def of_picture(made: Found | Picture) -> Ready | Rejection | HowRead:
    if not isinstance(made, Picture):
        assert not isinstance(made, Row)
        return made
    row = made.row
    # An image always has a `meta`: its frames are asked for.
    meta = json_of((row.meta or {}) | ({"frames": made.frames} if made.frames > 1 else {}))
    labels = tuple(map(mended, row.labels))
    size = (made.media_type, made.width, made.height)
    return Ready(made.content_hash, None, *size, mended(row.source), meta, row.split, labels, mended(row.origin))


def mended(text: str) -> str:
    """Halves of characters, from JSON escapes or file names: put together where both are there, else replaced."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def json_of(meta: dict[str, Any]) -> str:
    return mended(json.dumps(meta, ensure_ascii=False, default=str))


def batch(made: Iterator[Made], size: int) -> list[Made]:
    """The next `size`, or fewer when their texts are long; empty at the end."""
    taken: list[Made] = []
    letters = 0
    for each in made:
        taken.append(each)
        if isinstance(each.what, Ready):
            letters += len(each.what.text or "") + len(each.what.meta or "")
        if len(taken) >= size or letters > LETTERS:
            break
    return taken
