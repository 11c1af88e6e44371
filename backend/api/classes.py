"""/api/projects/{p}/classes: the classes of a project, and every way to change them.

Each change answers `?dry_run=true` with the counts of what it would touch, and changes nothing then. All of them are in
the history, and are taken back newest first.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from backend import class_changes, class_counts, class_history, classes, projects
from backend.api.paging import After, Limit
from backend.labeling import queue
from backend.labeling.checks import NAME_LENGTH
from backend.suggesting import learn
from db import projects as rows
from db.models import ClassChange, Project
from db.session import Session, reading, writing

router = APIRouter(prefix="/projects/{project_id}/classes", tags=["classes"])

Id = Annotated[int, Field(ge=0, lt=2**63)]
AnnotatorName = Annotated[str | None, Query(min_length=1, max_length=NAME_LENGTH, description="for the history")]
DryRun = Annotated[bool, Query(description="count what it would touch, and change nothing")]


class Who(BaseModel):
    annotator: str | None = Field(default=None, min_length=1, max_length=NAME_LENGTH, description="for the history")


class NewClass(Who):
    name: str
    description: str = ""
    prompt: str = Field(default="", description="what a model reads instead of name and description, one a line")


class Changed(Who):
    name: str | None = None
    key: str | None = None
    color: str | None = Field(default=None, pattern="^#[0-9a-fA-F]{6}$")
    description: str | None = None
    prompt: str | None = None
    archived: bool | None = None


class Order(Who):
    ids: list[Id] = Field(max_length=10_000)


class Merge(Who):
    into: Id


class Split(Who):
    names: list[str] = Field(min_length=1, max_length=100)


class Which(Who):
    change_id: Id | None = Field(default=None, description="makes it safe to send again")


@router.get("")
def list_classes(project_id: int, *, with_archived: bool = False) -> dict[str, Any]:
    with reading() as session:
        found = rows.classes(session, projects.get(session, project_id).id, with_archived=with_archived)
        return {"items": [classes.as_json(each) for each in found], "next": None}


@router.post("", status_code=201)
def add(project_id: int, new: NewClass) -> dict[str, Any]:
    with writing() as session:
        project = projects.get(session, project_id)
        about = {"description": new.description, "prompt": new.prompt}
        answer = classes.as_json(class_changes.add(session, project, new.name, new.annotator, **about))
    learn.classes_changed(project_id)
    return answer


@router.patch("/{class_id}")
def change(project_id: int, class_id: int, new: Changed, *, dry_run: DryRun = False) -> dict[str, Any]:
    """Rename, re-key, recolour, describe or archive a class."""
    fields = new.model_dump(exclude_none=True, exclude={"annotator"})
    if dry_run:
        return counted(
            project_id,
            lambda session, fresh: class_counts.of_class(session, fresh, classes.get(session, fresh, class_id)),
        )
    with writing() as session:
        project = projects.get(session, project_id)
        class_changes.change(session, project, {class_id: fields}, new.annotator)
        answer = classes.as_json(classes.get(session, project, class_id))
    if classes.SAID_TO_MODELS & fields.keys():
        learn.classes_changed(project_id)
    return answer


@router.post("/order")
def reorder(project_id: int, new: Order, *, dry_run: DryRun = False) -> dict[str, Any]:
    """Classes that are not named come after those that are."""
    if dry_run:
        return counted(
            project_id, lambda session, fresh: {"classes": len([classes.get(session, fresh, each) for each in new.ids])}
        )
    return changed(project_id, lambda session, fresh: class_changes.reorder(session, fresh, new.ids, new.annotator))


@router.post("/{class_id}/merge")
def merge(project_id: int, class_id: int, new: Merge, *, dry_run: DryRun = False) -> dict[str, Any]:
    """Everything that has the class gets the other; the class is gone."""
    if dry_run:
        return counted(
            project_id,
            lambda session, fresh: class_counts.of_merge(
                session, fresh, *class_changes.check_merge(session, fresh, class_id, new.into)
            ),
        )
    return changed(
        project_id, lambda session, fresh: class_changes.merge(session, fresh, class_id, new.into, new.annotator)
    )


@router.post("/{class_id}/split")
def split(project_id: int, class_id: int, new: Split, *, dry_run: DryRun = False) -> dict[str, Any]:
    """Add classes for parts of this one. Its items come for another look in the order `split:NAME` of the queue."""
    if dry_run:
        return counted(
            project_id,
            lambda session, fresh: class_counts.of_split(
                session, fresh, class_changes.check_split(session, fresh, class_id, new.names)[0]
            ),
        )
    return changed(
        project_id, lambda session, fresh: class_changes.split(session, fresh, class_id, new.names, new.annotator)
    )


@router.delete("/{class_id}")
def delete(
    project_id: int, class_id: int, *, dry_run: DryRun = False, annotator: AnnotatorName = None
) -> dict[str, Any]:
    """Delete the class and its labels."""
    if dry_run:
        return counted(
            project_id,
            lambda session, fresh: class_counts.of_delete(
                session, fresh, class_changes.check_delete(session, fresh, class_id)
            ),
        )
    return changed(project_id, lambda session, fresh: class_changes.delete(session, fresh, class_id, annotator))


@router.post("/undo")
def undo(project_id: int, which: Which | None = None, *, dry_run: DryRun = False) -> dict[str, Any]:
    """Take back the newest change of classes, whoever made it."""
    return moved(project_id, which or Which(), dry_run=dry_run, is_undo=True)


@router.post("/redo")
def redo(project_id: int, which: Which | None = None, *, dry_run: DryRun = False) -> dict[str, Any]:
    return moved(project_id, which or Which(), dry_run=dry_run, is_undo=False)


@router.get("/history")
def history(project_id: int, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    """What was changed, newest first."""
    with reading() as session:
        found = class_history.page(session, projects.get(session, project_id), after, limit)
    return {"items": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.get("/splits")
def splits(project_id: int) -> dict[str, Any]:
    """{name, total, left} of the classes that were split and whose items still wait for another look."""
    with reading() as session:
        return {"items": queue.splits(session, projects.get(session, project_id)), "next": None}


def counted(project_id: int, count: Callable[[Session, Project], dict[str, int]]) -> dict[str, Any]:
    with reading() as session:
        return {"counts": count(session, projects.get(session, project_id))}


def changed(project_id: int, make: Callable[[Session, Project], ClassChange | None]) -> dict[str, Any]:
    """{change_id, words, counts, classes}: the first three of the change, null when all was so before."""
    with writing() as session:
        project = projects.get(session, project_id)
        answer = told(session, project, make(session, project))
    learn.classes_changed(project_id)
    return answer


def moved(project_id: int, which: Which, *, dry_run: bool, is_undo: bool) -> dict[str, Any]:
    if not dry_run:
        way = class_history.undo if is_undo else class_history.redo
        return changed(project_id, lambda session, fresh: way(session, fresh, which.change_id))
    with reading() as session:
        project = projects.get(session, project_id)
        find = class_history.to_undo if is_undo else class_history.to_redo
        change = find(session, project, which.change_id)
        counts = class_history.would_touch(session, project, change, is_undo=is_undo) if change else {}
        return {"counts": counts} | ({"words": class_history.words(change)} if change else {"words": None})


def told(session: Session, project: Project, change: ClassChange | None) -> dict[str, Any]:
    there = [classes.as_json(each) for each in rows.classes(session, project.id, with_archived=True)]
    about = {"change_id": change.id, "words": class_history.words(change), "counts": change.counts} if change else {}
    return {"change_id": None, "words": None, "counts": {}} | about | {"classes": there}
