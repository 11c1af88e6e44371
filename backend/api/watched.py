"""/api/projects/P/watched: folders whose new files are imported by themselves."""

import json
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend import projects
from backend.api.imports import Columns
from backend.importing import watch
from db.session import reading, writing

router = APIRouter(tags=["items"])


class Folder(BaseModel):
    path: str
    columns: Columns = Field(default_factory=Columns)  # type: ignore[arg-type]
    labels: Literal["labels", "gold", "none"] = "labels"
    add_classes: bool = False
    reference: bool = Field(default=False, description="images stay where they are")


class Which(BaseModel):
    path: str | None = Field(default=None, description="left out: every watched folder of the project")


@router.get("/projects/{project_id}/watched")
def watched(project_id: int) -> dict[str, Any]:
    with reading() as session:
        return {"items": watch.as_json(session, projects.get(session, project_id)), "next": None}


@router.post("/projects/{project_id}/watched", status_code=201)
def add(project_id: int, folder: Folder) -> dict[str, Any]:
    """Watch a folder. What is in it is imported at once."""
    options = folder.model_dump(exclude_unset=True, by_alias=True)
    # Refuses half a character, which could be kept but never be answered with.
    json.dumps(options, ensure_ascii=False).encode()
    with writing() as session:
        path = watch.add(session, projects.get(session, project_id), options)["path"]
    watch.look(project_id, path, is_asked=True)
    return next(each for each in watched(project_id)["items"] if each["path"] == path)


@router.delete("/projects/{project_id}/watched")
def remove(project_id: int, path: str) -> dict[str, Any]:
    """Stop watching. What was imported stays."""
    with writing() as session:
        watch.remove(session, projects.get(session, project_id), path)
    return watched(project_id)


@router.post("/projects/{project_id}/watched/look")
def look(project_id: int, which: Which | None = None) -> dict[str, Any]:
    """Look now, and import what is new without waiting for it to settle."""
    asked = which.path if which else None
    paths = [asked] if asked else [each["path"] for each in watched(project_id)["items"]]
    for path in paths:
        watch.look(project_id, path, is_asked=True)
    return watched(project_id)
