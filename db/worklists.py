"""Queries on worklists: items to look at once more, and which of them nobody has looked at yet."""

from sqlalchemy import select

from db.models import Item, LabelEvent, Status, Worklist
from db.session import Session


def add(session: Session, worklist: Worklist) -> Worklist:
    session.add(worklist)
    session.flush()
    return worklist


def get(session: Session, worklist_id: int) -> Worklist | None:
    return session.get(Worklist, worklist_id)


def looked_at(session: Session, project_id: int, upto_event: int) -> set[int]:
    """Ids of the items of the project whose present state is newer than this event, or that are in the bin."""
    newer = select(LabelEvent.item_id).where(LabelEvent.project_id == project_id, LabelEvent.id > upto_event)
    # An undo gives the item the event back that it had before.
    query = select(Item.id).where(Item.id.in_(newer), Item.last_event_id > upto_event)
    gone = select(Item.id).where(Item.project_id == project_id, Item.status == Status.DELETED)
    return set(session.scalars(query)) | set(session.scalars(gone))
