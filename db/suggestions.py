"""Queries on suggestion sets and suggestions."""

from collections.abc import Sequence

from sqlalchemy import select

from db.models import Suggestion, SuggestionSet
from db.session import Session


def get_set(session: Session, set_id: int) -> SuggestionSet | None:
    return session.get(SuggestionSet, set_id)


def of_items(session: Session, set_id: int, item_ids: Sequence[int]) -> dict[int, Suggestion]:
    """Item id -> its suggestion in this set."""
    query = select(Suggestion).where(Suggestion.set_id == set_id, Suggestion.item_id.in_(item_ids))
    return {suggestion.item_id: suggestion for suggestion in session.scalars(query)}
