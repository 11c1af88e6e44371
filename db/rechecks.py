"""Queries on checks: second, blind answers of a person to items that they labeled."""

from collections.abc import Sequence

from sqlalchemy import func, select, text

from db.models import Action, Decision, DecisionState, Item, LabelEvent, Status
from db.session import Session

# Written out, so that SQLite knows that its index of checks fits.
IS_CHECK = text(f"label_events.action = '{Action.CHECK}'")


def labeled_by(session: Session, project_id: int, annotator_id: int) -> Sequence[int]:
    query = select(Item.id).where(
        Item.project_id == project_id, Item.status == Status.LABELED, Item.annotator_id == annotator_id
    )
    return session.scalars(query).all()


def checked_since(session: Session, project_id: int, annotator_id: int) -> set[int]:
    """The items that the annotator has checked since their label was given."""
    query = select(LabelEvent.item_id).join(Item, Item.id == LabelEvent.item_id)
    query = query.join(Decision, Decision.id == LabelEvent.decision_id).where(Decision.state == DecisionState.DONE)
    query = query.where(LabelEvent.project_id == project_id, LabelEvent.annotator_id == annotator_id, IS_CHECK)
    return set(session.scalars(query.where(LabelEvent.id > Item.last_event_id)))


def answers(session: Session, project_id: int, annotator_id: int) -> Sequence[LabelEvent]:
    """The annotator's last check of each item that is not in the bin, newest first, without what was taken back."""
    last = (
        select(func.max(LabelEvent.id))
        .join(Decision, Decision.id == LabelEvent.decision_id)
        .join(Item, Item.id == LabelEvent.item_id)
        .where(
            LabelEvent.project_id == project_id,
            LabelEvent.annotator_id == annotator_id,
            IS_CHECK,
            Decision.state == DecisionState.DONE,
            Item.status != Status.DELETED,
        )
        .group_by(LabelEvent.item_id)
    )
    return session.scalars(select(LabelEvent).where(LabelEvent.id.in_(last)).order_by(LabelEvent.id.desc())).all()
