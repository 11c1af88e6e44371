"""Files, images and imports for the tests of data in and data out."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image

from backend import importing, projects
from backend.importing import job, readers
from backend.importing.found import File, walk
from backend.importing.rows import Plan, Rejection, Row
from backend.jobs.progress import Handle
from db import items
from db import labels as label_rows
from db import projects as project_rows
from db.models import Item, Kind, Project
from db.session import reading, writing


def a_project(kind: str = "text", *names: str, multi_label: bool = False) -> Project:
    with writing() as session:
        return projects.create(
            session, f"Birds {uuid4()}", kind, multi_label=multi_label, class_names=names or ("bird", "cat")
        )


def import_now(project: Project, **source: Any) -> dict[str, Any]:
    """Run the whole job in this process and return its report."""
    with writing() as session:
        queued = importing.start(session, project, source)
    return job.run(Handle(queued))


def all_items(project: Project) -> list[Item]:
    with reading() as session:
        return list(items.page(session, project.id, limit=100_000))


def texts(project: Project) -> list[str | None]:
    return [item.text for item in all_items(project)]


def labels(project: Project) -> dict[str, list[str]]:
    """Text or source -> class names, of the items that have some."""
    with reading() as session:
        names = {each.id: each.name for each in project_rows.classes(session, project.id)}
        found = items.page(session, project.id, limit=100_000)
        class_ids = label_rows.class_ids_of(session, [item.id for item in found])
    return {
        item.text or item.source: [names[each] for each in class_ids[item.id]] for item in found if item.id in class_ids
    }


def a_file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, **columns: Any) -> tuple[list[Row], list[Rejection]]:
    """What the reader for this file makes of it, in a project of texts with the classes bird and cat."""
    plan = Plan(Kind.TEXT, columns, ("bird", "cat"))
    found = [each for file in walk(path) if isinstance(file, File) for each in readers.read(file, plan)]
    return [each for each in found if isinstance(each, Row)], [each for each in found if isinstance(each, Rejection)]


def an_image(color: Any = (200, 30, 30), size: tuple[int, int] = (60, 40), form: str = "PNG", **more: Any) -> bytes:
    mode = more.pop("mode", "RGB")
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, form, **more)
    return out.getvalue()


def a_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
