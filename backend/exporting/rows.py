"""The items of a project as they leave it, a few hundred at a time: the memory does not grow with the project."""

from collections.abc import Iterator
from mimetypes import guess_extension
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from backend import projects
from backend.items import shown_set
from db import decisions, items, labels, suggestions
from db import projects as project_rows
from db.models import Item, Kind, Project, Status
from db.session import Session, reading

BATCH = 500


class Exported(NamedTuple):
    """One item with everything that stands beside it. `labels` are class names in the order of the classes."""

    item: Item
    labels: list[str]
    annotator: str | None
    suggestion: str | None
    confidence: float | None

    @property
    def file_name(self) -> str:
        return file_name(self.item)


def exported(project_id: int, status: Status | None = None) -> Iterator[Exported]:
    """By id. Each batch is read on its own: a slow download holds no transaction open."""
    after = None
    while True:
        with reading() as session:
            project = projects.get(session, project_id)
            found = items.page(session, project_id, status=status, after=after, limit=BATCH)
            batch = list(_with_all(session, project, list(found)))
        yield from batch
        if len(found) < BATCH:
            return
        after = found[-1].id


def _with_all(session: Session, project: Project, found: list[Item]) -> Iterator[Exported]:
    names = {each.id: each.name for each in project_rows.classes(session, project.id, with_archived=True)}
    item_ids = [item.id for item in found]
    class_ids = labels.class_ids_of(session, item_ids)
    annotators = decisions.annotator_names(session, [item.annotator_id for item in found if item.annotator_id])
    used = shown_set(session, project)
    guesses = suggestions.of_items(session, used.id, item_ids) if used else {}
    for item in found:
        wanted = set(class_ids.get(item.id, ()))
        guess = guesses.get(item.id)
        yield Exported(
            item=item,
            labels=[name for class_id, name in names.items() if class_id in wanted],
            annotator=annotators.get(item.annotator_id) if item.annotator_id else None,
            suggestion=names.get(guess.class_id) if guess else None,
            confidence=round(guess.confidence, 4) if guess else None,
        )


def file_name(item: Item) -> str:
    """The name the image came with; an ending is added when it had none."""
    name = PurePosixPath(item.source.replace("\\", "/")).name or f"item-{item.id}"
    if PurePosixPath(name).suffix or item.media_type is None:
        return name
    return name + (guess_extension(item.media_type) or "")


def record(each: Exported, project: Project) -> dict[str, Any]:
    """One item as the fields of a record. One class an item: "label"; several: "labels", a list."""
    item = each.item
    content = {"text": item.text} if project.kind == Kind.TEXT else {"file": each.file_name}
    label = {"labels": each.labels} if project.multi_label else {"label": each.labels[0] if each.labels else None}
    return {
        "id": item.id,
        **content,
        **label,
        "status": item.status,
        "split": item.split,
        "annotator": each.annotator,
        "decided_at": item.decided_at.isoformat() if item.decided_at else None,
        "source": item.source,
        "suggestion": each.suggestion,
        "confidence": each.confidence,
    }
