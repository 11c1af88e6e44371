"""Projects with items, labels and suggestions, without any import."""

import hashlib
from collections.abc import Sequence

import numpy as np

from backend import blobs, projects
from db import projects as rows
from db.models import Item, Label, Project, Status, Suggestion, SuggestionSet
from db.session import Session


def a_project(session: Session, kind: str = "text", names: Sequence[str] = ("bird", "fish", "plant")) -> Project:
    return projects.create(session, f"Some {kind}s", kind, class_names=names)


def an_item(session: Session, project: Project, text: str = "heron", *, label: str | None = None) -> Item:
    content_hash = hashlib.sha256(text.encode()).digest()
    return add(session, Item(project_id=project.id, content_hash=content_hash, text=text, source="file.csv"), label)


def an_image(session: Session, project: Project, data: bytes, name: str, *, label: str | None = None) -> Item:
    content_hash = blobs.put(data)
    item = Item(
        project_id=project.id, content_hash=content_hash, media_type="image/jpeg", width=300, height=200, source=name
    )
    return add(session, item, label)


def add(session: Session, item: Item, label: str | None) -> Item:
    item.status = Status.LABELED if label else Status.TODO
    session.add(item)
    session.flush()
    if label:
        class_id = next(each.id for each in rows.classes(session, item.project_id) if each.name == label)
        session.add(Label(item_id=item.id, class_id=class_id))
        session.flush()
    return item


def suggestions(session: Session, project: Project, scores: dict[int, Sequence[float]]) -> SuggestionSet:
    """A set in use, with these scores for each item id."""
    class_ids = [each.id for each in rows.classes(session, project.id)]
    used = SuggestionSet(project_id=project.id, engine="head", model="bundled:minilm", class_ids=class_ids)
    session.add(used)
    session.flush()
    for item_id, given in scores.items():
        ordered = sorted(given)
        guess = Suggestion(
            set_id=used.id,
            item_id=item_id,
            class_id=class_ids[int(np.argmax(given))],
            confidence=ordered[-1],
            margin=ordered[-1] - ordered[-2],
            scores=np.asarray(given, np.float32).tobytes(),
        )
        session.add(guess)
    project.suggestion_set_id = used.id
    session.flush()
    return used
