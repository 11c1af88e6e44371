"""Queries behind the Suggest page: what people decided with a suggestion at hand, and what whole sets say.

Each is fast at a million items: the newest events, an index alone, or a sample, which is the first items by content
hash, for hashes are as good as shuffled.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Text, and_, cast, func, select

from db.models import Action, Decision, DecisionState, Item, LabelEvent, Status, Suggestion, SuggestionSet
from db.session import Session

SAMPLE = 2_000
LOOKED_AT = 100_000


class Decided(NamedTuple):
    """A label that was given where something was suggested. Both JSON texts, for there may be many."""

    suggested: str
    class_ids: str
    created_at: datetime


class Said(NamedTuple):
    item_id: int
    class_id: int
    confidence: float


def decided(session: Session, project_id: int, limit: int) -> Sequence[Decided]:
    """The newest labels with something suggested, newest first, without those that were taken back.

    Looks at the newest LOOKED_AT events: where labels came in by an import, nothing was suggested with any of them.
    """
    newest = select(LabelEvent.id).where(LabelEvent.project_id == project_id).order_by(LabelEvent.id.desc())
    first = session.scalar(newest.offset(LOOKED_AT).limit(1)) or 0
    query = (
        select(cast(LabelEvent.suggested, Text), cast(LabelEvent.class_ids, Text), LabelEvent.created_at)
        .join(Decision, Decision.id == LabelEvent.decision_id)
        .where(
            LabelEvent.project_id == project_id,
            LabelEvent.id > first,
            LabelEvent.action == Action.LABEL,
            # None is kept as the JSON null.
            cast(LabelEvent.suggested, Text) != "null",
            Decision.state == DecisionState.DONE,
        )
        .order_by(LabelEvent.id.desc())
        .limit(limit)
    )
    return [Decided(*row) for row in session.execute(query)]


def of_sample(session: Session, project_id: int, set_id: int, limit: int = SAMPLE) -> Sequence[Said]:
    """What the set says of a random sample of the project's items, the same items at each call; in their order."""
    of_project = select(Item.id).where(Item.project_id == project_id, Item.status != Status.DELETED)
    sample = of_project.order_by(Item.content_hash).limit(limit).cte("sample")
    # Joined, for a list of items to be in would have SQLite walk the whole set.
    query = select(Suggestion.item_id, Suggestion.class_id, Suggestion.confidence).select_from(sample)
    query = query.join(Suggestion, and_(Suggestion.item_id == sample.c.id, Suggestion.set_id == set_id))
    return [Said(*row) for row in session.execute(query.order_by(Suggestion.item_id))]


def item_ids_by_class(session: Session, set_id: int) -> dict[int, str]:
    """Class id -> the ids of all items that the set suggests to be it and that are not in the bin, with commas between:
    a text is read quickest."""
    listed = func.aggregate_strings(cast(Suggestion.item_id, Text), ",")
    query = select(Suggestion.class_id, listed).where(Suggestion.set_id == set_id).group_by(Suggestion.class_id)
    of_set = select(SuggestionSet.project_id).where(SuggestionSet.id == set_id).scalar_subquery()
    binned = select(Item.id).where(Item.project_id == of_set, Item.status == Status.DELETED)
    query = query.where(Suggestion.item_id.not_in(binned))
    return dict(session.execute(query).all())
