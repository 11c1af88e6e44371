"""Which items a request is about: the same fields in the list of items, the export and the filter of a bulk action."""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from backend import errors, items, projects
from db import decisions, origins
from db import projects as project_rows
from db.items import Filter
from db.models import Split, Status
from db.session import Session, reading

Text = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(max_length=500)]
Share = Annotated[float, Field(ge=0, le=1)]
Part = Split | Literal["none"]
Against = Literal["suggestion", "gold"]
WORDS = "a class by name or id"


class Which(BaseModel):
    """As in the list of items. Left out: all that are not in the bin."""

    # A misspelt part that is passed over would change the whole project.
    model_config = ConfigDict(extra="forbid")

    status: Status | None = None
    class_: Name | None = Field(default=None, alias="class", description=WORDS)
    text: Text = ""
    suggestion: Name | None = Field(default=None, description=WORDS)
    confidence_from: Share | None = None
    confidence_to: Share | None = None
    disagrees: Against | None = None
    split: Part | None = None
    annotator: Name | None = None
    origin: Name | None = Field(default=None, description="a file, archive or folder by name or id")
    has_no_label: bool = False

    def as_filter(self, project_id: int) -> Filter:
        """Raises NotFound for an unknown name."""
        with reading() as session:
            return filter_of(session, project_id, **self.model_dump())


def wanted_items(
    project_id: int,
    *,
    status: Annotated[Status | None, Query(description="left out: all that are not in the bin")] = None,
    class_: Annotated[str | None, Query(alias="class", description=WORDS)] = None,
    text: Annotated[Text, Query(description="words of the text or file name; with * the last is a beginning")] = "",
    suggestion: Annotated[str | None, Query(description=WORDS)] = None,
    confidence_from: Annotated[Share | None, Query(description="of the suggestion")] = None,
    confidence_to: Share | None = None,
    disagrees: Annotated[Against | None, Query(description="the label is not what this says")] = None,
    split: Part | None = None,
    annotator: str | None = None,
    origin: Annotated[str | None, Query(description="a file, archive or folder by name or id")] = None,
    has_no_label: bool = False,
) -> Filter:
    """A dependency of routes below /projects/{project_id}: `Annotated[Filter, Depends(wanted_items)]`."""
    with reading() as session:
        return filter_of(
            session,
            project_id,
            status=status,
            class_=class_,
            text=text,
            suggestion=suggestion,
            confidence_from=confidence_from,
            confidence_to=confidence_to,
            disagrees=disagrees,
            split=split,
            annotator=annotator,
            origin=origin,
            has_no_label=has_no_label,
        )


def filter_of(
    session: Session,
    project_id: int,
    *,
    class_: str | None,
    suggestion: str | None,
    annotator: str | None,
    origin: str | None,
    **rest: Any,
) -> Filter:
    project = projects.get(session, project_id)
    wanted = Filter(
        class_id=class_id_of(session, project_id, class_) if class_ else None,
        suggestion=class_id_of(session, project_id, suggestion) if suggestion else None,
        annotator_id=annotator_id_of(session, annotator) if annotator else None,
        origin_id=origin_id_of(session, project_id, origin) if origin else None,
        **rest,
    )
    if wanted.is_of_suggestions:
        items.refuse_hidden(project)
    return wanted


def class_id_of(session: Session, project_id: int, name: str) -> int:
    """By name, in any case, or by id. Raises NotFound."""
    there = project_rows.classes(session, project_id, with_archived=True)
    for each in there:
        if each.name.casefold() == name.casefold():
            return each.id
    for each in there:
        if str(each.id) == name:
            return each.id
    raise errors.NotFound(f'There is no class "{name}" in this project.', "GET …/classes lists them.")


def annotator_id_of(session: Session, name: str) -> int:
    found = decisions.annotator_id(session, name)
    if found is None:
        raise errors.NotFound(f'There is no annotator "{name}".', "GET …/stats lists them.")
    return found


def origin_id_of(session: Session, project_id: int, name: str) -> int:
    there = origins.of_project(session, project_id)
    for each in there:
        if each.name == name:
            return each.id
    for each in there:
        if str(each.id) == name:
            return each.id
    raise errors.NotFound(f'Nothing in this project came from "{name}".', "GET …/origins lists the files.")
