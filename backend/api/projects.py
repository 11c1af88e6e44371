"""/api/projects: made, listed, changed, put into the bin and taken out."""

from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from backend import projects
from backend.api.paging import After, Limit, page
from backend.suggesting import learn
from db import projects as rows
from db.session import reading, writing

router = APIRouter(prefix="/projects", tags=["projects"])


class NewProject(BaseModel):
    name: str
    kind: Literal["image", "text"]
    multi_label: bool = False
    classes: list[str] = Field(default_factory=list)
    description: str = ""


class ProjectChange(BaseModel):
    name: str | None = None
    description: str | None = None
    blind: bool | None = Field(default=None, description="hide suggestions from everybody, everywhere")
    templates: dict[str, list[str]] | None = Field(
        default=None, description="by kind of model (clip, embedding, nli); an empty list is the default again"
    )


@router.post("", status_code=201)
def create(new: NewProject) -> dict[str, Any]:
    with writing() as session:
        project = projects.create(session, new.name, new.kind, multi_label=new.multi_label, class_names=new.classes)
        project.description = new.description
        return projects.as_json(session, project)


@router.get("")
def list_projects(after: After = None, limit: Limit = 100) -> dict[str, Any]:
    with reading() as session:
        found = rows.page(session, after, limit)
        return page(found, limit, [projects.as_json(session, project) for project in found])


@router.get("/{project_id}")
def get(project_id: int) -> dict[str, Any]:
    with reading() as session:
        return projects.as_json(session, projects.get(session, project_id))


@router.patch("/{project_id}")
def change(project_id: int, new: ProjectChange) -> dict[str, Any]:
    with writing() as session:
        project = projects.get(session, project_id)
        answer = projects.as_json(session, projects.change(session, project, new.model_dump(exclude_none=True)))
    if new.templates is not None:
        learn.classes_changed(project_id, has_new_templates=True)
    return answer


@router.delete("/{project_id}", status_code=204)
def delete(project_id: int) -> Response:
    """Into the bin; POST …/restore takes it out again."""
    with writing() as session:
        projects.delete(session, projects.get(session, project_id))
    return Response(status_code=204)


@router.post("/{project_id}/restore")
def restore(project_id: int) -> dict[str, Any]:
    with writing() as session:
        return projects.as_json(session, projects.restore(session, project_id))
