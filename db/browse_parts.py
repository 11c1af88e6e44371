"""The parts of a filter: which indexes give its items in the order of their ids, and what an item must fit besides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, func, literal_column, or_, select, union_all

from db import words
from db.models import BY_ITEM, PRESENT, GoldLabel, Item, Label, Project, Status, Suggestion, SuggestionSet, table
from db.session import Session

if TYPE_CHECKING:
    from db.items import Filter

ITEMS, LABELS, GOLD, SUGGESTIONS = (table(each) for each in (Item, Label, GoldLabel, Suggestion))
# So few are sorted by id at once; of more, each item is asked for what is suggested.
FEW = 5_000


@dataclass(frozen=True)
class Stream:
    """Items of one or several indexes, each of which has them in the order of their ids."""

    queries: Sequence[Select[Any]]


@dataclass(frozen=True)
class Plan:
    """What a filter comes to in a project: its states, the suggestions in use, and how words are looked for."""

    project_id: int
    wanted: "Filter"
    statuses: Sequence[Status]
    set_id: int | None
    class_ids: Sequence[int]
    # The ids that have the words, as far as the index has come; None where it cannot tell.
    matches: Select[Any] | None
    indexed_upto: int


def plan(session: Session, project_id: int, wanted: "Filter") -> Plan | None:
    """None when nothing can fit."""
    statuses = [wanted.status] if wanted.status is not None else list(PRESENT)
    if wanted.disagrees:
        statuses = [each for each in statuses if each == Status.LABELED]
    if wanted.has_no_label:
        statuses = [each for each in statuses if each != Status.LABELED]
    set_id = session.scalar(select(Project.suggestion_set_id).where(Project.id == project_id))
    used = session.get(SuggestionSet, set_id) if set_id is not None else None
    if not statuses or (wanted.is_of_suggestions and used is None):
        return None
    matches = words.matching(wanted.text) if wanted.text and words.has_index(session) else None
    return Plan(
        project_id,
        wanted,
        statuses,
        set_id,
        used.class_ids if used else (),
        matches,
        words.upto(session) if matches is not None else 0,
    )


def streams(planned: Plan, *, is_indexed: bool) -> dict[str, Stream]:
    """Name -> the items that fit one part; all of them together hold every item that fits, and those of the states
    alone do. Without `is_indexed` words are not among them: it is behind what the index of words has.
    """
    wanted = planned.wanted
    found: dict[str, Stream] = {}
    # Each question for the beginning of a word costs as much as all its answers: it is asked once a window.
    if planned.matches is not None and is_indexed and not words.is_beginning(wanted.text):
        found["words"] = Stream([planned.matches])
    if wanted.class_id is not None:
        found["class"] = Stream([select(LABELS.c.item_id).where(LABELS.c.class_id == wanted.class_id)])
    for name, column, value in (
        ("origin", ITEMS.c.origin_id, wanted.origin_id),
        ("split", ITEMS.c.split, None if wanted.split == "none" else wanted.split),
        ("annotator", ITEMS.c.annotator_id, wanted.annotator_id),
    ):
        if value is not None:
            query = select(ITEMS.c.id).where(ITEMS.c.project_id == planned.project_id, column == value)
            found[name] = Stream([query.with_hint(ITEMS, f"INDEXED BY items_by_{name}", "sqlite")])
    found["status"] = Stream(
        [
            select(ITEMS.c.id)
            .where(ITEMS.c.project_id == planned.project_id, ITEMS.c.status == status)
            .with_hint(ITEMS, "INDEXED BY items_by_status", "sqlite")
            for status in planned.statuses
        ]
    )
    return found


def suggested(planned: Plan) -> Stream | None:
    """What is suggested to be of the wanted classes and so sure, in another order than that of the ids."""
    wanted = planned.wanted
    if wanted.suggestion is None and wanted.confidence_from is None and wanted.confidence_to is None:
        return None
    class_ids = [wanted.suggestion] if wanted.suggestion is not None else planned.class_ids
    return Stream(
        [
            select(SUGGESTIONS.c.item_id)
            .where(SUGGESTIONS.c.set_id == planned.set_id, SUGGESTIONS.c.class_id == class_id, *confident(wanted))
            .with_hint(SUGGESTIONS, "INDEXED BY suggestions_by_class", "sqlite")
            for class_id in class_ids
        ]
    )


def cut(
    stream: Stream, *, after: int | None, upto: int | None, newest_first: bool, limit: int, from_: int | None = None
) -> Select[Any]:
    """The next `limit` ids in order: behind `after` (before it, newest first), not below `from_`, not above `upto`."""
    pieces = []
    for query in stream.queries:
        column = query.selected_columns[0]
        within = []
        if after is not None:
            within.append(column < after if newest_first else column > after)
        if upto is not None:
            within.append(column <= upto)
        if from_ is not None:
            within.append(column >= from_)
        named = query.with_only_columns(column.label("id"), maintain_column_froms=True).where(*within)
        pieces.append(named.order_by(column.desc() if newest_first else column).limit(limit))
    if len(pieces) == 1:
        return pieces[0]
    found = union_all(*(select(piece.subquery().c.id) for piece in pieces)).subquery()
    return select(found.c.id).order_by(found.c.id.desc() if newest_first else found.c.id).limit(limit)


def count(session: Session, stream: Stream, most: int) -> int:
    """How many a stream has; no more than `most` are counted in each of its indexes."""
    each = [
        select(func.count()).select_from(query.limit(most).subquery()).scalar_subquery() for query in stream.queries
    ]
    return sum(session.execute(select(*each)).one()) if each else 0


def fits(planned: Plan, ids: FromClause, driver: str, *more: Any) -> ColumnElement[bool]:
    """Whether the item `ids.c.id` fits. What the stream `driver` holds already is not looked at again.

    `more` are further conditions on `checked_items`, the name under which the item is looked up.
    """
    wanted, item = planned.wanted, ITEMS.alias("checked_items")
    conditions: list[Any] = []
    if driver != "status":
        conditions += [item.c.project_id == planned.project_id, item.c.status.in_(planned.statuses)]
    if wanted.split == "none":
        conditions.append(item.c.split.is_(None))
    elif wanted.split is not None and driver != "split":
        conditions.append(item.c.split == wanted.split)
    if wanted.annotator_id is not None and driver != "annotator":
        conditions.append(item.c.annotator_id == wanted.annotator_id)
    if wanted.origin_id is not None and driver != "origin":
        conditions.append(item.c.origin_id == wanted.origin_id)
    if wanted.text and driver != "words":
        conditions.append(_has_words(planned, item, ids))
    conditions += more
    parts: list[Any] = []
    if conditions:
        parts.append(exists(select(1).select_from(item).where(item.c.id == ids.c.id, *conditions)))
    if wanted.class_id is not None and driver != "class":
        parts.append(_has_label(ids.c.id, wanted.class_id))
    if wanted.suggestion is not None or wanted.confidence_from is not None or wanted.confidence_to is not None:
        parts.append(_is_suggested(planned, ids.c.id))
    if wanted.disagrees == "suggestion":
        parts.append(_differs_from_suggestion(planned, ids.c.id))
    elif wanted.disagrees == "gold":
        parts.append(_differs_from_gold(ids.c.id))
    return and_(*parts) if parts else literal_column("1 = 1")


def _has_label(item_id: Any, class_id: Any) -> ColumnElement[bool]:
    return exists(select(1).select_from(LABELS).where(LABELS.c.item_id == item_id, LABELS.c.class_id == class_id))


def confident(wanted: "Filter") -> list[Any]:
    found: list[Any] = []
    if wanted.confidence_from is not None:
        found.append(SUGGESTIONS.c.confidence >= wanted.confidence_from)
    if wanted.confidence_to is not None:
        found.append(SUGGESTIONS.c.confidence <= wanted.confidence_to)
    return found


def _suggestion_of(planned: Plan, item_id: Any) -> Select[Any]:
    query = select(1).select_from(SUGGESTIONS)
    query = query.where(SUGGESTIONS.c.set_id == planned.set_id, SUGGESTIONS.c.item_id == item_id)
    return query.with_hint(SUGGESTIONS, BY_ITEM, "sqlite")


def _is_suggested(planned: Plan, item_id: Any) -> ColumnElement[bool]:
    query = _suggestion_of(planned, item_id).where(*confident(planned.wanted))
    if planned.wanted.suggestion is not None:
        query = query.where(SUGGESTIONS.c.class_id == planned.wanted.suggestion)
    return exists(query)


def _differs_from_suggestion(planned: Plan, item_id: Any) -> ColumnElement[bool]:
    return exists(_suggestion_of(planned, item_id).where(~_has_label(SUGGESTIONS.c.item_id, SUGGESTIONS.c.class_id)))


def _differs_from_gold(item_id: Any) -> ColumnElement[bool]:
    """There is a gold label, and label and gold label are not the same classes."""
    gold, other = GOLD.alias("gold"), GOLD.alias("other_gold")
    lacks = exists(
        select(1).select_from(gold).where(gold.c.item_id == item_id, ~_has_label(gold.c.item_id, gold.c.class_id))
    )
    has_gold = exists(select(1).select_from(gold).where(gold.c.item_id == item_id))
    is_gold = exists(
        select(1).select_from(other).where(other.c.item_id == LABELS.c.item_id, other.c.class_id == LABELS.c.class_id)
    )
    has_more = exists(select(1).select_from(LABELS).where(LABELS.c.item_id == item_id, ~is_gold))
    return or_(lacks, and_(has_gold, has_more))


def _has_words(planned: Plan, item: Any, ids: FromClause) -> ColumnElement[bool]:
    if planned.matches is None:
        return _contains(planned.wanted.text, item)
    row = planned.matches.selected_columns[0]
    if words.is_beginning(planned.wanted.text):
        # To ask for one takes as long as to ask for all of them.
        first, last = (select(each(ids.c.id)).scalar_subquery() for each in (func.min, func.max))
        indexed = item.c.id.in_(planned.matches.where(row >= first, row <= last))
    else:
        indexed = exists(planned.matches.where(row == item.c.id).correlate(item))
    return or_(
        and_(item.c.id <= planned.indexed_upto, indexed),
        and_(item.c.id > planned.indexed_upto, _contains(planned.wanted.text, item)),
    )


def _contains(text: str, item: Any) -> ColumnElement[bool]:
    """Where no index of words helps: every one of them somewhere in what the index would have."""
    content = func.coalesce(item.c.text, item.c.source)
    return and_(*(content.contains(word, autoescape=True) for word in text.rstrip("* ").split()))
