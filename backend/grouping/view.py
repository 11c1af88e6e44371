"""Groups as the API and the page show them: their members side by side, how alike they are, and their labels."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from backend import errors, items
from backend.grouping import kept, pictures, texts
from db import groups as rows
from db.models import Item, Kind, Project
from db.session import Session

# Members of a group that are shown; it says how many there are.
SHOWN = 24
# Groups that one request looks at in search of such with different labels.
LOOKED_AT = 4_000
AT_ONCE = 500
# Letters of a text in which changes are marked.
MARKED = 1_500


def page(
    session: Session, project: Project, *, largest_first: bool, disagree: bool, after: str | None, limit: int
) -> dict[str, Any]:
    """{items, next}: the next groups, with `disagree` only those whose labels differ.

    A page with `disagree` may have fewer than `limit` groups and still a next one. Raises Invalid on a foreign cursor.
    """
    cursor = cursor_of(after)
    found: list[int] = []
    sets: dict[int, set[tuple[int, ...]]] = {}
    looked_at = 0
    is_more = True
    step = AT_ONCE if disagree else limit + 1
    while is_more and len(found) <= limit and looked_at < LOOKED_AT:
        some = rows.ids(session, project.id, largest_first=largest_first, after=cursor, limit=step)
        is_more = len(some) == step
        looked_at += len(some)
        sets |= rows.label_sets(session, project.id, [group_id for group_id, _ in some])
        for group_id, size in some:
            if disagree and len(sets.get(group_id, ())) < 2:
                cursor = (group_id, size)
                continue
            if len(found) == limit:
                is_more = True
                return _page(session, project, found, sets, cursor)
            found.append(group_id)
            cursor = (group_id, size)
    return _page(session, project, found, sets, cursor if is_more else None)


def cursor_of(after: str | None) -> tuple[int, int] | None:
    if after is None:
        return None
    group_id, _, size = after.partition("-")
    if not (group_id.isdecimal() and size.isdecimal()):
        raise errors.Invalid(f'"{after}" is no cursor of this list.', "Send `next` of the page before.")
    return int(group_id), int(size)


def _page(
    session: Session,
    project: Project,
    group_ids: Sequence[int],
    sets: dict[int, set[tuple[int, ...]]],
    cursor: tuple[int, int] | None,
) -> dict[str, Any]:
    members = rows.members(session, project.id, group_ids)
    splits = rows.splits_of(session, project.id, group_ids)
    # In the bin is all but one of the others.
    shown = [group_id for group_id in group_ids if len(members[group_id]) > 1]
    return {
        "items": [
            as_json(session, project, group_id, members[group_id])
            | {"disagree": len(sets.get(group_id, ())) > 1, "splits": sorted(splits.get(group_id, ()))}
            for group_id in shown
        ],
        "next": None if cursor is None else f"{cursor[0]}-{cursor[1]}",
    }


def as_json(session: Session, project: Project, group_id: int, members: Sequence[Item]) -> dict[str, Any]:
    """similarity: of the member least like the first one, and of each shown item in `items`."""
    alike = similarities(project, members)
    shown = items.as_json(session, project, members[:SHOWN])
    return {
        "group_id": group_id,
        "count": len(members),
        "similarity": round(min(alike[1:], default=1.0), 4),
        "items": [each | {"similarity": round(sure, 4)} for each, sure in zip(shown, alike, strict=False)],
    }


def similarities(project: Project, members: Sequence[Item]) -> list[float]:
    """How like the first one each of the first SHOWN is; 1 for itself."""
    some = members[:SHOWN]
    if project.kind == Kind.TEXT:
        cut = texts.cut([each.text or "" for each in some])
        return [texts.shared(cut[0], each) for each in cut]
    waves = kept.signatures(Kind.IMAGE, [each.content_hash for each in some])
    return [float(each) for each in pictures.similarity(waves[[0] * len(some)], waves)]


def differences(first: str, other: str) -> list[tuple[str, bool]]:
    """`other` in pieces, each with whether `first` has it not. Words are compared; together the pieces are `other`."""
    before, words = _words(first[:MARKED]), _words(other[:MARKED])
    found: list[tuple[str, bool]] = []
    for what, _, _, start, end in SequenceMatcher(None, before, words, autojunk=False).get_opcodes():
        if piece := "".join(words[start:end]):
            found.append((piece, what != "equal"))
    if len(other) > MARKED:
        found.append(("…", False))
    return found


def _words(text: str) -> list[str]:
    """The words and what stands between them. Without spaces, as in Chinese, each letter is a word."""
    borders = [0, *(at for at in range(1, len(text)) if _is_border(text[at - 1], text[at])), len(text)]
    return [text[start:end] for start, end in pairwise(borders)]


def _is_border(left: str, right: str) -> bool:
    return left.isspace() != right.isspace() or left.isalnum() != right.isalnum() or max(left, right) > "\u2e7f"
