"""Projects, items and suggestions for the tests of labeling."""

import hashlib
from array import array
from collections.abc import Sequence
from uuid import uuid4

from backend import projects
from backend.labeling import bulk
from db.models import Item, LabelEvent, Project, Suggestion, SuggestionSet, now
from db.session import Session


def a_project(session: Session, *names: str, multi_label: bool = False) -> Project:
    return projects.create(
        session, f"Birds {uuid4()}", "text", multi_label=multi_label, class_names=names or ("bird", "cat", "dog")
    )


def an_item(session: Session, project: Project, text: str = "heron") -> Item:
    item = Item(project_id=project.id, content_hash=hashlib.sha256(text.encode()).digest(), text=text)
    session.add(item)
    session.flush()
    return item


def some_items(session: Session, project: Project, count: int) -> list[Item]:
    return [an_item(session, project, f"item {number}") for number in range(count)]


def class_id(project: Project, name: str) -> int:
    return next(each.id for each in project.classes if each.name == name)


def an_event(item: Item, *class_ids: int, action: str = "label", **more: object) -> dict[str, object]:
    return {"event_id": str(uuid4()), "item_id": item.id, "action": action, "class_ids": list(class_ids), **more}


def bulk_label(
    session: Session,
    project: Project,
    annotator: str,
    item_ids: Sequence[int],
    class_ids: Sequence[int],
    *,
    event_id: str,
) -> bulk.Done:
    """All parts in the session at hand, where the app gives each a transaction of its own."""
    wanted = bulk.Wanted(class_ids=class_ids, item_ids=item_ids)
    return run_bulk(session, project, annotator, wanted, event_id)


def run_bulk(session: Session, project: Project, annotator: str, wanted: bulk.Wanted, event_id: str) -> bulk.Done:
    done = bulk.Done()
    while not done.is_done:
        done = bulk.part(session, project, annotator, wanted, event_id)
    return done


def a_suggestion_set(session: Session, project: Project, says: dict[Item, list[float]]) -> SuggestionSet:
    """`says` has one score a class of the project for each item."""
    class_ids = [each.id for each in project.classes]
    used = SuggestionSet(project_id=project.id, engine="head", model="none", class_ids=class_ids, finished_at=now())
    session.add(used)
    session.flush()
    for item, scores in says.items():
        best, second = sorted(scores, reverse=True)[:2]
        session.add(
            Suggestion(
                set_id=used.id,
                item_id=item.id,
                class_id=class_ids[scores.index(best)],
                confidence=best,
                margin=best - second,
                scores=array("f", scores).tobytes(),
            )
        )
    project.suggestion_set_id = used.id
    session.flush()
    return used


def suggestion_of(session: Session, item: Item) -> Suggestion:
    return session.query(Suggestion).filter_by(item_id=item.id).one()


def events_of(session: Session, item: Item) -> list[LabelEvent]:
    return session.query(LabelEvent).filter_by(item_id=item.id).order_by(LabelEvent.id).all()
